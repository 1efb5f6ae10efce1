//! The IMAP transport against any server: greeting, CAPABILITY, STARTTLS, AUTHENTICATE, EXAMINE and FETCH through the bridge.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailgrant::fuzzing::exercise;
use mailgrant::profile::Protocol;
use mailgrant::transport::Task;
use mailgrant_fuzz::mail::{Talk, turns};
use mailgrant_fuzz::{canary, choice, planted_bytes, transcript};

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let script = planted_bytes(rest);
    let talk = Talk::new(choice, transcript().0);
    let latest = if choice & 8 == 0 { 30 } else { 0 };
    let (target, account) = (talk.target(), talk.account());
    let (log, heard) = exercise(Protocol::Imap, &target, account, &canary(), &Task::Read { latest }, turns(&script));
    talk.check(&script, &log, &heard, |line| {
        let start = line.get(..5).unwrap_or_default();
        start.eq_ignore_ascii_case("a1 OK")
    });
    assert!(log.latest.len() <= latest);
    for (_, bytes) in &heard.turns {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.split("\r\n").any(|line| line.contains(char::is_control)), "{text:?}");
    }
});
