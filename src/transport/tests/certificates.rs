//! Certificates and handshakes that must not be accepted (SECURITY.md X4).

use super::kit::*;
use crate::failure::{FailureKind, OtherService, Service, TlsFault};
use crate::profile::{Protocol, TlsMode};
use crate::report::Stage;
use crate::transport::Task;

type Start = fn(&Pki, Vec<Vec<Step>>) -> Server;

/// What becomes of a certificate with a flaw, and how many connections that takes.
fn refuse_all(start: Start, connections_for_others: usize) {
    let unknown = TlsFault::UnknownIssuer { issuer: Some("CN=Contoso Test CA".into()), is_alone: true };
    let wrong_host = TlsFault::WrongHost { host: "localhost".into(), names: vec!["mail.fabrikam.com".into()] };
    for (flaw, connections, expected) in [
        (Flaw::Expired, 1, TlsFault::Expired),
        (Flaw::NotYetValid, 1, TlsFault::NotYetValid),
        (Flaw::WrongHost, connections_for_others, wrong_host),
        (Flaw::UnknownCa, connections_for_others, unknown),
        (Flaw::SelfSigned, 1, TlsFault::SelfSigned),
        (Flaw::WrongUsage, 1, TlsFault::WrongUsage),
    ] {
        let pki = Pki::new(flaw);
        let server = start(&pki, vec![vec![Step::Tls]; connections]);
        let client = Client::new(server.port, TlsMode::Implicit);
        let log = client.exercise(&pki, Protocol::Imap, &Task::Read { latest: 0 });
        assert_eq!(failure_at(&log, Stage::Tls).kind, FailureKind::Tls(expected));
        for _ in 0..connections {
            let heard = server.heard();
            assert!(heard.complaint.as_ref().is_some_and(|complaint| complaint.contains("alert")), "{heard:?}");
            assert_eq!(heard.lines, [""; 0]);
            assert_no_credential(&heard);
        }
    }
}

#[test]
fn every_bad_certificate_is_refused_by_name_and_no_credential_is_sent() {
    refuse_all(Server::start, 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_bad_certificate_that_tls_1_3_encrypts_is_named_after_a_second_look() {
    refuse_all(Server::start_tls13, 2);
}

#[cfg(target_os = "linux")]
#[test]
fn tls_1_3_is_told_from_tls_1_2() {
    let pki = Pki::new(Flaw::None);
    for (start, version) in [(Server::start as Start, "TLSv1.2, "), (Server::start_tls13, "TLSv1.3, ")] {
        let server = start(&pki, vec![vec![Step::Tls, say("* BYE")]]);
        let client = Client::new(server.port, TlsMode::Implicit);
        let log = client.exercise(&pki, Protocol::Imap, &Task::Read { latest: 0 });
        let seen = log.observations.iter().find(|seen| seen.stage == Stage::Tls).unwrap().result.clone().unwrap().words;
        assert!(seen.starts_with(version), "{seen}");
    }
}

#[test]
fn a_bad_certificate_after_starttls_is_refused_by_name() {
    let pki = Pki::new(Flaw::UnknownCa);
    let script = vec![
        say("220 ready"),
        hear("EHLO [127.0.0.1]"),
        say("250-mail\r\n250 STARTTLS"),
        hear("STARTTLS"),
        say("220 go"),
        Step::Tls,
    ];
    let server = Server::start(&pki, vec![script.clone(), script]);
    let client = Client::new(server.port, TlsMode::StartTls);
    let log = client.exercise(&pki, Protocol::Smtp, &client.usual_task(Protocol::Smtp));
    let fault = TlsFault::UnknownIssuer { issuer: Some("CN=Contoso Test CA".into()), is_alone: true };
    assert_eq!(failure_at(&log, Stage::Tls).kind, FailureKind::Tls(fault));
    assert_no_credential(&server.heard());
}

#[test]
fn a_server_that_speaks_no_tls_is_recognised() {
    let pki = Pki::new(Flaw::None);
    let server = Server::start(&pki, vec![vec![say("* OK this is port 143")], vec![]]);
    let client = Client::new(server.port, TlsMode::Implicit);
    let failure = failure_at(&client.exercise(&pki, Protocol::Imap, &Task::Read { latest: 0 }), Stage::Tls);
    let other = OtherService { found: Service::Imap, is_tls: false, wanted: TlsMode::Implicit, port: server.port };
    assert_eq!(failure.kind, FailureKind::OtherService(other));
    assert_eq!(failure.server_said.as_deref(), Some("* OK this is port 143"));
    let server = Server::start(&pki, vec![vec![say("hello, this is another thing")], vec![]]);
    let client = Client::new(server.port, TlsMode::Implicit);
    let failure = failure_at(&client.exercise(&pki, Protocol::Imap, &Task::Read { latest: 0 }), Stage::Tls);
    assert_eq!(failure.kind, FailureKind::Tls(TlsFault::NotTls));
}

#[test]
fn a_server_that_is_too_old_is_recognised() {
    // Alert (21), fatal (2), protocol_version (70).
    let alert = || vec![Step::Say("\x15\x03\x01\0\x02\x02\x46".to_owned())];
    assert_eq!(fault_of_raw(alert()), TlsFault::TooOld);
    // A ServerHello of TLS 1.0.
    let hello = [&b"\x16\x03\x01\0\x2a\x02\0\0\x26\x03\x01"[..], &[7; 32], b"\0\0\x2f\0"].concat();
    assert_eq!(fault_of_raw(vec![Step::Say(String::from_utf8(hello).unwrap())]), TlsFault::TooOld);
}

fn fault_of_raw(script: Vec<Step>) -> TlsFault {
    let pki = Pki::new(Flaw::None);
    let server = Server::start(&pki, vec![script, vec![]]);
    let client = Client::new(server.port, TlsMode::Implicit);
    let log = client.exercise(&pki, Protocol::Imap, &Task::Read { latest: 0 });
    match failure_at(&log, Stage::Tls).kind {
        FailureKind::Tls(fault) => fault,
        kind => panic!("{kind:?}"),
    }
}
