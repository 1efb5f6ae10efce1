//! The flags of what shells and man read.

use super::{Row, does};
use crate::support::fixture::Fixture;

/// What can come next, by the words alone.
fn next(shop: &Fixture, index: &str, words: &[&str]) -> Vec<String> {
    let asked = shop.run(&[&["completions", "--index", index, "--"], words].concat()).finish().code(0);
    assert_eq!(asked.stderr, "");
    asked.stdout.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

pub(super) const ROWS: &[Row] = &[
    does("completions", "<shell>", |shop| {
        for shell in ["bash", "zsh", "fish", "powershell"] {
            let script = shop.run(&["completions", shell]).finish().code(0).stdout;
            assert!(script.contains(&format!("mailgrant completions {shell}\n")), "{script}");
        }
        shop.json(&["completions"], 2);
        shop.json(&["completions", "tcsh"], 2);
    }),
    does("completions", "--index", |shop| {
        assert_eq!(next(shop, "2", &["mailgrant", "test", "sh"]), ["shop"]);
        assert_eq!(next(shop, "1", &["mailgrant", "insp", "sh"]), ["inspect"]);
        // Windows PowerShell hands over no word that is empty.
        assert_eq!(next(shop, "2", &["mailgrant", "test"]), ["shop"]);
        shop.json(&["completions", "bash", "--index", "1"], 2);
        shop.json(&["completions", "--index", "70000"], 2);
    }),
    does("completions", "<words>", |shop| {
        let other = shop.path().join("none.toml").display().to_string();
        assert_eq!(next(shop, "4", &["mailgrant", "--profile", &other, "show", "s"]), [""; 0]);
        shop.json(&["completions", "--", "mailgrant", "test", ""], 2);
    }),
    does("man", "<command>", |shop| {
        let page = |words: &[&str]| shop.run(&[&["man"], words].concat()).finish().code(0).stdout;
        assert!(page(&[]).contains(".TH mailgrant 1 "), "{}", page(&[]));
        assert!(page(&["store", "migrate"]).contains(".TH mailgrant-store-migrate 1 "));
        shop.json(&["man", "no-such"], 2);
    }),
    does("man", "--write", |shop| {
        let written = shop.run(&["man", "--write", "pages"]).finish().code(0).stdout;
        for page in written.lines() {
            let text = std::fs::read_to_string(shop.path().join(page)).unwrap();
            assert!(text.contains("EXIT STATUS"), "{page}: {text}");
        }
        assert!(written.contains("mailgrant-rotate-secret.1\n"), "{written}");
        std::fs::write(shop.path().join("in-the-way"), "").unwrap();
        shop.json(&["man", "--write", "in-the-way"], 2);
        shop.json(&["man", "test", "--write", "pages"], 2);
    }),
];
