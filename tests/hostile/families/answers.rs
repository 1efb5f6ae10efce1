//! What is not a success, whatever it looks like (SECURITY.md Q3, X3); and answers in another protocol than the one that is
//! spoken, as the sign-in page of a hotel gives them on every port.

use crate::case::{Case, Protocol, Tls};

pub(super) fn all() -> Vec<Case> {
    [success(), tags(), portals(), trickles(), literals()].concat()
}

/// Every answer to the SASL response that is almost a success.
fn success() -> Vec<Case> {
    // All positive codes of RFC 5321 and its relatives but for the one of RFC 4954, and others that do not exist.
    let codes =
        [100, 150, 199, 200, 201, 211, 214, 220, 221, 234, 236, 250, 251, 252, 253, 299, 300, 334, 335, 350, 354, 399];
    let smtp = codes.map(|code| format!("{code} 2.7.0 welcome")).into_iter().chain(
        [
            "235x welcome",
            " 235 welcome",
            "2 35 welcome",
            "welcome 235",
            "OK",
            "23",
            "\\xd9\\xa2\\xd9\\xa3\\xd9\\xa5 welcome",
        ]
        .map(str::to_owned),
    );
    let imap = [
        "OK welcome",
        "a1",
        "a1 ",
        "a1OK welcome",
        "A1 OK welcome",
        "a01 OK welcome",
        "a1 OKAY welcome",
        "a1 PREAUTH welcome",
        "a1\\tOK welcome",
        "a1  OK welcome",
        "a1 +OK welcome",
        "a1 235 welcome",
        "p1 OK welcome",
        "p2 OK welcome",
        "a2 OK welcome",
        "235 2.7.0 welcome",
        "+OK welcome",
    ];
    let pop3 = [
        "OK",
        "+ok welcome",
        "+OKAY welcome",
        "+OK\\twelcome",
        " +OK welcome",
        "+ OK welcome",
        "++OK welcome",
        "250 OK",
        "a1 OK welcome",
        "* OK welcome",
    ];
    let written = [
        (Protocol::Smtp, "capabilities", "sasl AUTH XOAUTH2", smtp.collect::<Vec<_>>()),
        (Protocol::Imap, "authenticate", "sasl", imap.map(str::to_owned).to_vec()),
        (Protocol::Pop3, "authenticate", "sasl", pop3.map(str::to_owned).to_vec()),
    ];
    let mut cases = Vec::new();
    for (protocol, after, asked, answers) in written {
        for answer in answers {
            // A challenge is answered once, whatever it is; what matters is that it opens nothing.
            let is_challenge = answer.starts_with("334") || answer.starts_with("+ ");
            let more = if is_challenge { "expect \nsend ".to_owned() + success_of(protocol) } else { String::new() };
            let mut case = Case::new("wrong positive answer", format!("{answer:?} to the token"), protocol, 1);
            case.after = Some(after.to_owned());
            case.script = format!("{asked}\nsend {answer}\n{more}");
            (case.stage, case.code) = (Some("authentication".to_owned()), Some("protocol-violation".to_owned()));
            cases.push(case);
        }
    }
    cases
}

fn success_of(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Smtp => "235 2.7.0 welcome",
        Protocol::Pop3 => "+OK welcome",
        _ => "a1 OK welcome",
    }
}

/// A tag that was never given out, in the answer to each command.
fn tags() -> Vec<Case> {
    let places = [
        (
            Tls::StartTls,
            "plain greeting",
            "expect p1 CAPABILITY\nsend * CAPABILITY IMAP4rev1 STARTTLS\\r\\nz9 OK done",
            "tls",
        ),
        (Tls::StartTls, "plain capabilities", "expect p2 STARTTLS\nsend z9 OK begin", "tls"),
        (Tls::StartTls, "plain capabilities", "expect p2 STARTTLS\nsend p1 OK begin", "tls"),
        (
            Tls::Implicit,
            "greeting",
            "expect p1 CAPABILITY\nsend * CAPABILITY IMAP4rev1 AUTH=XOAUTH2\\r\\nz9 OK done",
            "capabilities",
        ),
        (Tls::Implicit, "capabilities", "expect a1 AUTHENTICATE XOAUTH2\nsend z9 OK", "authentication"),
        (Tls::Implicit, "response", "expect a2 EXAMINE\nsend * 12 EXISTS\\r\\nz9 OK [READ-ONLY] done", "folder"),
        (Tls::Implicit, "response", "expect a2 EXAMINE\nsend * 12 EXISTS\\r\\na1 OK [READ-ONLY] done", "folder"),
    ];
    let case = |(number, (tls, after, script, stage)): (usize, (Tls, &str, &str, &str))| {
        let mut case = Case::new("unknown tags", format!("number {number}, after {after}"), Protocol::Imap, 1);
        (case.tls, case.after, case.script) = (tls, Some(after.to_owned()), script.to_owned());
        (case.stage, case.code) = (Some(stage.to_owned()), Some("protocol-violation".to_owned()));
        case
    };
    places.into_iter().enumerate().map(case).collect()
}

/// A portal's answer instead of the server's, before TLS, instead of it and inside it; and no TLS at all.
fn portals() -> Vec<Case> {
    let page = r"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Type: text/html\r\n\r\n<html><title>Hotel \e[2JWLAN</title></html>\r\n";
    let mut cases = Vec::new();
    for protocol in Protocol::MAIL {
        let greeting = match protocol {
            Protocol::Imap => "* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2] ready",
            Protocol::Pop3 => "+OK ready",
            _ => "220 ready",
        };
        for (fault, name, tls, after, script, stage, code) in [
            (
                "a portal's page",
                "inside TLS",
                Tls::Implicit,
                Some("handshake"),
                format!("raw {page}"),
                "greeting",
                "other-service",
            ),
            ("a portal's page", "before TLS", Tls::StartTls, None, format!("raw {page}"), "greeting", "other-service"),
            (
                "a portal's page",
                "instead of TLS",
                Tls::Implicit,
                None,
                format!("hello\nraw {page}"),
                "tls",
                "other-service",
            ),
            (
                "a portal's page",
                "instead of TLS after STARTTLS",
                Tls::StartTls,
                Some("starttls"),
                format!("hello\nraw {page}"),
                "tls",
                "tls-not-tls",
            ),
            (
                "no TLS at all",
                "a greeting in the clear",
                Tls::Implicit,
                None,
                format!("send {greeting}"),
                "tls",
                "wrong-tls-mode",
            ),
            (
                "no TLS at all",
                "a greeting after our hello",
                Tls::Implicit,
                None,
                format!("hello\nsend {greeting}"),
                "tls",
                "wrong-tls-mode",
            ),
        ] {
            let mut case = Case::new(fault, name, protocol, 1);
            (case.tls, case.after, case.script) = (tls, after.map(str::to_owned), script);
            (case.stage, case.code) = (Some(stage.to_owned()), Some(code.to_owned()));
            cases.push(case);
        }
    }
    let mut case = Case::new("no TLS at all", "metadata in the clear", Protocol::Discovery, 1);
    case.after = Some("nothing".to_owned());
    case.script = "hello\nsend HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n".to_owned();
    case.code = Some("tls-not-tls".to_owned());
    cases.push(case);
    cases
}

/// Whole lines, one a second, that are never the last: each of them is in time, and all of them together are not.
fn trickles() -> Vec<Case> {
    let places = [
        (Protocol::Imap, "greeting", "expect p1 CAPABILITY\ntrickle * 1 EXISTS", "capabilities"),
        (Protocol::Imap, "authenticate", "sasl\ntrickle * OK still thinking", "authentication"),
        (Protocol::Imap, "response", "expect a2 EXAMINE\ntrickle * 1 EXISTS", "folder"),
        (Protocol::Pop3, "greeting", "expect CAPA\nsend +OK\ntrickle X-CAPABILITY", "capabilities"),
        (Protocol::Smtp, "handshake", "trickle 220-welcome", "greeting"),
        (Protocol::Smtp, "greeting", "expect EHLO\ntrickle 250-X-CAPABILITY", "capabilities"),
        (Protocol::Smtp, "capabilities", "sasl AUTH XOAUTH2\ntrickle 535-no", "authentication"),
        (Protocol::Smtp, "response", "expect MAIL FROM\ntrickle 250-fine", "sender"),
    ];
    let case = |(protocol, after, script, stage): (Protocol, &str, &str, &str)| {
        let mut case = Case::new("drip, one line a second", format!("after {after}"), protocol, 6);
        (case.after, case.script, case.timeout) = (Some(after.to_owned()), script.to_owned(), 2);
        (case.stage, case.code) = (Some(stage.to_owned()), Some("timed-out".to_owned()));
        case
    };
    places.into_iter().map(case).collect()
}

/// IMAP literals, by the 200,000.
fn literals() -> Vec<Case> {
    let places = [
        ("200,000 empty ones in one answer", "raw * 1 FETCH (UID 1\nrepeat 200000  BODY[] {0}", "answer-too-large"),
        (
            "200,000 of three bytes in one answer",
            r"raw * 1 FETCH (UID 1
            repeat 200000  BODY[] {3}\r\nx",
            "answer-too-large",
        ),
        ("200,000 answers with one each", r#"repeat 200000 * LIST () "/" {1}\r\nx"#, "answer-too-large"),
        ("200,000 that need no permission", "raw * 1 FETCH (UID 1\nrepeat 200000  BODY[] {5+}", "protocol-violation"),
        ("200,000 of binary", "raw * 1 FETCH (UID 1\nrepeat 200000  BINARY[1] ~{0}", "answer-too-large"),
        ("one byte over the limit", r#"raw * LIST () "/" {65537}\r\n"#, "answer-too-large"),
        // No literals: what EXAMINE is not about is read past, and what follows is not a part of it.
        ("of a negative length", "send * LIST () \"/\" {-1}\\r\\nabc", "protocol-violation"),
        ("without a length", "send * LIST () \"/\" {}\\r\\nabc", "protocol-violation"),
        (
            "that drips",
            r#"raw * LIST () "/" {60000}\r\n
            drip 78"#,
            "timed-out",
        ),
        (
            "that breaks off",
            r#"raw * LIST () "/" {60000}\r\nabc
            close"#,
            "connection-lost",
        ),
    ];
    let case = |(name, script, code): (&str, &str, &str)| {
        let exit = if matches!(code, "timed-out" | "connection-lost") { 6 } else { 1 };
        let mut case = Case::new("hostile literals", name, Protocol::Imap, exit);
        (case.after, case.script) = (Some("response".to_owned()), format!("expect a2 EXAMINE\n{script}"));
        (case.stage, case.code) = (Some("folder".to_owned()), Some(code.to_owned()));
        if code == "timed-out" {
            case.timeout = 2;
        }
        case
    };
    places.into_iter().map(case).collect()
}
