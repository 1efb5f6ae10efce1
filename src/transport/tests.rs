//! The probes against scripted servers, good and bad.

mod answers;
mod arrives;
mod bounds;
mod certificates;
mod imap;
mod kit;
mod pki;
mod pop3;
mod smtp;
mod untagged;

use self::kit::*;
use crate::failure::FailureKind;
use crate::profile::{Protocol, Side, TlsMode};
use crate::transport::Task;
use crate::transport::mark::Mark;

#[test]
fn a_task_of_the_other_side_is_refused_before_anything_is_sent() {
    let pki = Pki::new(Flaw::None);
    // The discard port: a connection to it would be another failure.
    let client = Client::new(9, TlsMode::Implicit);
    let recipient = USER.parse().unwrap();
    let token = "abcdefghij0123456789";
    let mark = Mark::new(token, token, token).unwrap();
    let tasks = [
        Task::Read { latest: 0 },
        Task::Find { mark: &mark, patience: std::time::Duration::ZERO },
        Task::Send { recipient: &recipient, message: None },
    ];
    for protocol in spoken_directly() {
        for task in &tasks {
            if Protocol::of(task.side()).all(|other| other != protocol) {
                let log = client.exercise(&pki, protocol, task);
                assert_eq!(failure_at(&log, task.aim()).kind, FailureKind::Bug, "{protocol} {task:?}");
            }
        }
    }
    assert_eq!(tasks.map(|task| task.side()), [Side::Incoming, Side::Incoming, Side::Outgoing]);
}
