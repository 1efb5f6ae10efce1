//! A report that an earlier run has written, whatever its file holds by now: it is put together, shown in every form and compared
//! with, and what is written of it is read as the same.
#![no_main]

use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use mailgrant::flow::merge::Merging;
use mailgrant::report::format::{self, ALL, JSON, Unreadable};
use mailgrant::report::{Baseline, Document, Format, View};
use mailgrant_fuzz::printable;

/// More shares than these take longer than they are worth.
const MOST_SHARES: u32 = 50;

fuzz_target!(|data: &[u8]| {
    let documents = match read(data) {
        Ok(documents) => documents,
        Err(Unreadable::Wrong(what) | Unreadable::NotGiven(what)) => return printable(&what),
        Err(_) => return,
    };
    if documents.iter().flat_map(|document| &document.shards).any(|share| share.of > MOST_SHARES) {
        return;
    }
    let file = mailgrant::text::Shown::of(&PathBuf::from("report.json"));
    let mut merging = Merging::default();
    for document in documents {
        let json = written(JSON, &document);
        let again = read(json.as_bytes()).expect("what was written can be read");
        assert_eq!(again.len(), 1);
        assert_eq!(written(JSON, &again[0]), json, "it is read as the same");
        assert_eq!(again[0].exit_code(), document.exit_code());
        merging.take(&file, document);
    }
    let mut merged = merging.finish();
    Baseline::of(&merged.clone()).tell(&mut merged, |_| true);
    // One form a time: the ten of them take as many times as long.
    written(ALL[data.len() % ALL.len()], &merged).split('\n').for_each(printable);
});

fn read(text: &[u8]) -> Result<Vec<Document>, Unreadable> {
    let mut documents = Vec::new();
    format::read(text, |past| documents.push(past.document)).map(|()| documents)
}

/// The document without the colours of a terminal.
fn written(format: &dyn Format, document: &Document) -> String {
    let mut text = Vec::new();
    format.write(document, &View::of_file(true), &mut text).expect("memory takes all");
    let text = String::from_utf8(text).expect("it is UTF-8");
    let mut pieces = text.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |plain, piece| plain + piece.split_once('m').expect("only colours are set").1)
}
