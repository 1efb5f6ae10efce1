//! The POP3 transport against any server: greeting, CAPA, STLS, AUTH with its challenge, STAT, TOP.
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
    let latest = if choice & 8 == 0 { 3 } else { 0 };
    let (target, account) = (talk.target(), talk.account());
    let (log, heard) = exercise(Protocol::Pop3, &target, account, &canary(), &Task::Read { latest }, turns(&script));
    talk.check(&script, &log, &heard, |line| line.starts_with("+OK"));
    assert!(log.latest.len() <= latest);
    for (_, bytes) in &heard.turns {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.split("\r\n").any(|line| line.contains(char::is_control)), "{text:?}");
    }
});
