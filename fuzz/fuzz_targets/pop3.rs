//! The POP3 probe against any server: greeting, CAPA, STLS, AUTH with its challenge, STAT, TOP.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailgrant::fuzzing::pop3;
use mailgrant::transport::pop3::Pop3Ask;
use mailgrant_fuzz::mail::{Talk, turns};
use mailgrant_fuzz::{canary, choice, planted_bytes, transcript};

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let script = planted_bytes(rest);
    let talk = Talk::new(choice, transcript().0);
    let ask = Pop3Ask { latest: if choice & 8 == 0 { 3 } else { 0 } };
    let (outcome, heard) = pop3(&talk.target(), &canary(), &ask, turns(&script));
    talk.check(&script, &outcome, &heard, |line| line.starts_with("+OK"));
    assert!(outcome.latest.len() <= ask.latest);
    for (_, bytes) in &heard.turns {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.split("\r\n").any(|line| line.contains(char::is_control)), "{text:?}");
    }
});
