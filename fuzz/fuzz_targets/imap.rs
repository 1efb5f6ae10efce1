//! The IMAP probe against any server: greeting, CAPABILITY, STARTTLS, AUTHENTICATE, EXAMINE and FETCH through the bridge.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailgrant::fuzzing::imap;
use mailgrant::transport::imap::ImapAsk;
use mailgrant_fuzz::mail::{Talk, turns};
use mailgrant_fuzz::{canary, choice, planted_bytes, transcript};

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let script = planted_bytes(rest);
    let talk = Talk::new(choice, transcript().0);
    let ask = ImapAsk { latest: if choice & 8 == 0 { 30 } else { 0 } };
    let (outcome, heard) = imap(&talk.target(), &canary(), &ask, turns(&script));
    talk.check(&script, &outcome, &heard, |line| {
        let start = line.get(..5).unwrap_or_default();
        start.eq_ignore_ascii_case("a1 OK")
    });
    assert!(outcome.latest.len() <= ask.latest);
    for (_, bytes) in &heard.turns {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.split("\r\n").any(|line| line.contains(char::is_control)), "{text:?}");
    }
});
