//! Each fault of a connection at each phase of each mail protocol, and each bad certificate at each service.

use super::{Conversations, Phase};
use crate::case::{Case, Protocol, Tls};
use crate::pki::Certificate;

/// A fault that can happen at any phase.
struct Fault {
    name: &'static str,
    /// What the peer does instead of its answer.
    steps: fn(&Phase) -> String,
    exit: i32,
    code: &'static str,
    /// The code where TLS should begin; `None` where the fault makes no sense there.
    handshake: Option<(i32, &'static str)>,
    /// The code where the greeting should come: what it is not tells that another service answers.
    greeting: (i32, &'static str),
}

const FAULTS: [Fault; 6] = [
    Fault {
        name: "silence",
        steps: |_| "silence".to_owned(),
        exit: 6,
        code: "timed-out",
        handshake: Some((6, "timed-out")),
        greeting: (6, "timed-out"),
    },
    Fault {
        name: "drip, one byte a second",
        // A TLS record that says to be long, so that it never looks whole.
        steps: |phase| if phase.name == "handshake" { "bytes 160303 3fff\ndrip 02" } else { "drip 78" }.to_owned(),
        exit: 6,
        code: "timed-out",
        handshake: Some((6, "timed-out")),
        greeting: (1, "other-service"),
    },
    Fault {
        name: "cut",
        steps: |_| "close".to_owned(),
        exit: 6,
        code: "connection-lost",
        handshake: Some((6, "connection-lost")),
        greeting: (6, "connection-lost"),
    },
    Fault {
        name: "cut in the middle of a line",
        steps: |phase| {
            let answer = phase.answer().unwrap_or_default();
            let line = answer.rsplit("\\r\\n").find(|line| !line.is_empty()).unwrap_or_default();
            format!("raw {}\nclose", &line[..line.len().div_ceil(2)])
        },
        exit: 6,
        code: "connection-lost",
        handshake: None,
        greeting: (6, "connection-lost"),
    },
    Fault {
        name: "a line of 100 MB",
        steps: |_| "flood 100".to_owned(),
        exit: 1,
        code: "answer-too-large",
        handshake: Some((1, "tls-not-tls")),
        greeting: (1, "answer-too-large"),
    },
    Fault {
        name: "NUL, bad UTF-8 and escape sequences",
        steps: |_| r"raw \0\0\xff\xfe\xc3\x28\e]0;owned\x07\e[2J\xc2\x9b31m\xe2\x80\xae!\r\n".to_owned(),
        exit: 1,
        code: "protocol-violation",
        handshake: Some((1, "tls-not-tls")),
        greeting: (1, "other-service"),
    },
];

/// Each fault at each phase, and answers that come before their question.
pub(super) fn phases() -> Vec<Case> {
    let conversations = Conversations::read();
    let mut cases = Vec::new();
    for protocol in Protocol::MAIL {
        for tls in Tls::BOTH {
            let phases = conversations.of(protocol, tls);
            for (number, phase) in phases.iter().enumerate() {
                let before = number.checked_sub(1).map(|before| phases[before].name.clone());
                let mut add = |fault: &str, exit, code: &str, stage: &str, steps: String| {
                    let mut case = Case::new(fault, format!("at {}", phase.name), protocol, exit);
                    (case.tls, case.after) = (tls, before.clone());
                    (case.stage, case.code) = (Some(stage.to_owned()), Some(code.to_owned()));
                    if code == "timed-out" || fault.starts_with("drip") {
                        case.timeout = 2;
                    }
                    if stage == "greeting" && fault == "silence" {
                        // A second look finds out what is silent, and a third asks as a web client does.
                        case.connections = 3;
                    }
                    case.script = steps;
                    cases.push(case);
                };
                for fault in &FAULTS {
                    let is_handshake = phase.name == "handshake";
                    let outcome = match phase.stage.as_str() {
                        _ if is_handshake => fault.handshake,
                        "greeting" => Some(fault.greeting),
                        _ => Some((fault.exit, fault.code)),
                    };
                    if let Some((exit, code)) = outcome {
                        // Before the client begins TLS it would be more after the answer to STARTTLS.
                        let start = if is_handshake { "hello\n".to_owned() } else { phase.asked() };
                        add(fault.name, exit, code, &phase.stage, start + &(fault.steps)(phase));
                    }
                }
                let Some(answer) = phase.answer() else { continue };
                if let Some((next, early)) = phases.get(number + 1).and_then(|next| Some((next, next.answer()?))) {
                    // In one piece, so that it is there before the question.
                    let steps = format!("{}raw {answer}{early}", phase.asked());
                    add("an answer before its question", 1, "protocol-violation", &next.stage, steps);
                }
                // CAPA may be refused: pop3.toml has what comes of it.
                if protocol == Protocol::Pop3 && phase.name.ends_with("capabilities") {
                    continue;
                }
                for human in [false, true] {
                    let refusal = refusal(protocol, &phase.name);
                    let name = format!("at {}{}", phase.name, if human { ", for people" } else { "" });
                    let exit = if phase.stage == "greeting" { 6 } else { 1 };
                    let mut case = Case::new("a refusal full of escape sequences", name, protocol, exit);
                    (case.tls, case.after, case.human) = (tls, before.clone(), human);
                    case.script = format!("{}raw {refusal}", phase.asked());
                    case.stage = Some(phase.stage.clone());
                    // The words are shown, escaped; JSON doubles the backslash.
                    let shown = [r"\x1b]0;owned\x07", r"\x1b]8;;https://evil.example\x1b", r"\u{202e}", r"\u{61c}"];
                    case.says = shown.map(|text| if human { text.into() } else { text.replace('\\', r"\\") }).to_vec();
                    cases.push(case);
                }
            }
        }
    }
    cases
}

/// A "no" with OSC (a title, and a link as OSC 8), NUL, bad UTF-8, CSI in one byte of C1 and in two of ASCII, and
/// characters that turn the text around.
fn refusal(protocol: Protocol, phase: &str) -> String {
    let start = match (protocol, phase) {
        (Protocol::Imap, "greeting" | "plain greeting") => "* BYE",
        (Protocol::Imap, "capabilities" | "plain capabilities") => "p1 NO",
        (Protocol::Imap, "starttls") => "p2 NO",
        (Protocol::Imap, "folder") => "a2 NO",
        (Protocol::Imap, _) => "a1 NO",
        (Protocol::Pop3, _) => "-ERR",
        _ => "554 5.0.0",
    };
    let link = r"\e]8;;https://evil.example\e\\click\e]8;;\e\\";
    format!(r"{start} \e]0;owned\x07{link}\e[2J\xc2\x9b31m\0\xff\xc3\xd8\x9c\xe2\x80\xaelive\r\n")
}

/// Each bad certificate and old version at each service.
pub(super) fn certificates() -> Vec<Case> {
    let mut cases = Vec::new();
    let mail = Protocol::MAIL.into_iter().flat_map(|protocol| Tls::BOTH.map(|tls| (protocol, tls)));
    let services = mail.chain([(Protocol::Token, Tls::Implicit), (Protocol::Discovery, Tls::Implicit)]);
    for (protocol, tls) in services {
        for certificate in Certificate::BAD {
            let (code, fault) = match certificate {
                Certificate::Expired => ("tls-expired", "an expired certificate"),
                Certificate::NotYetValid => ("tls-not-yet-valid", "a certificate that is not valid yet"),
                Certificate::WrongHost => ("tls-wrong-host", "a certificate for another host"),
                Certificate::SelfSigned => ("tls-self-signed", "a self-signed certificate"),
                Certificate::WrongUsage => ("tls-wrong-usage", "a certificate that is not for servers"),
                Certificate::HostileIssuer => ("tls-unknown-issuer", "a certificate with hostile names"),
                Certificate::UnknownCa => ("tls-unknown-issuer", "a certificate of an unknown CA"),
                Certificate::MissingIntermediate => ("tls-unknown-issuer", "a chain without its middle"),
                Certificate::Tls10 | Certificate::Tls11 => ("tls-too-old", "TLS 1.1 or older only"),
                Certificate::Good | Certificate::HostileSubject => continue,
            };
            let mut case = Case::new(fault, format!("{certificate:?}"), protocol, 1);
            (case.tls, case.certificate, case.code) = (tls, certificate, Some(code.to_owned()));
            if protocol.is_mail() {
                case.stage = Some("tls".to_owned());
                case.says = match certificate {
                    Certificate::WrongHost => vec!["mail.fabrikam.com".to_owned()],
                    Certificate::UnknownCa => vec!["CN=Fabrikam CA".to_owned()],
                    Certificate::MissingIntermediate => vec!["CN=Contoso Intermediate".to_owned(), "alone".to_owned()],
                    Certificate::HostileIssuer => vec![r"\\x1b]8;;https://evil.example".to_owned()],
                    _ => Vec::new(),
                };
                // A second look tells the issuer and the names.
                case.connections = 2;
            }
            match tls {
                Tls::Implicit => case.script = "tls".to_owned(),
                Tls::StartTls => case.after = Some("handshake".to_owned()),
            }
            cases.push(case);
        }
    }
    cases
}
