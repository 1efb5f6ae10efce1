//! The SMTP transport against any server: greeting, EHLO, STARTTLS, AUTH with its challenge, MAIL, RCPT, DATA.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailgrant::fuzzing::exercise;
use mailgrant::profile::Protocol;
use mailgrant::report::Stage;
use mailgrant::transport::Task;
use mailgrant_fuzz::mail::{Talk, turns};
use mailgrant_fuzz::{canary, choice, planted_bytes, transcript};

const MESSAGE: &[u8] = b"Subject: x\r\n\r\n.\r\n.dot\nbare\rend \xc3\xa4";
const SENT: &[u8] = b"Subject: x\r\n\r\n..\r\n..dot\r\nbare\r\nend \xc3\xa4\r\n.\r\n";

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let script = planted_bytes(rest);
    let talk = Talk::new(choice, transcript().0);
    let (target, account) = (talk.target(), talk.account());
    let message = (choice & 8 == 0).then_some(MESSAGE);
    let task = Task::Send { recipient: account.mailbox, message };
    let (log, heard) = exercise(Protocol::Smtp, &target, account, &canary(), &task, turns(&script));
    talk.check(&script, &log, &heard, |line| line.starts_with("235"));
    let passed = |stage: Stage| log.observations.iter().any(|one| one.stage == stage && one.result.is_ok());
    let data = heard.turns.iter().position(|(_, bytes)| bytes == b"DATA\r\n");
    // Without a recipient that was taken there is no DATA, and without DATA no message.
    assert!(data.is_none() || passed(Stage::Recipient));
    let body = heard.turns.iter().position(|(_, bytes)| bytes == SENT);
    assert!(body.is_none_or(|body| data == Some(body - 1)));
    assert!(!passed(Stage::Message) || body.is_some());
    for (_, bytes) in heard.turns.iter().filter(|(_, bytes)| bytes != SENT) {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.split("\r\n").any(|line| line.contains(char::is_control)), "{text:?}");
    }
});
