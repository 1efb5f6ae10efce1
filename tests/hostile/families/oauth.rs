//! What a token endpoint and an issuer's metadata can be: every status with every body, every odd number, every hostile
//! address.

use crate::case::{Case, Protocol};

/// Ordinary ones.
pub(super) fn controls() -> Vec<Case> {
    let mut token = Case::new("none", "an ordinary token endpoint", Protocol::Token, 0);
    token.body = Some(r#"{"access_token":"${fresh}","expires_in":3599,"token_type":"Bearer"}"#.to_owned());
    // No answer comes back from the sign-in page.
    let metadata = |name: &str, path: &str| {
        let mut metadata = Case::new("none", name, Protocol::Discovery, 1);
        let authorization = format!("https://localhost:${{port}}/{path}");
        metadata.body = Some(document(&authorization, "https://localhost:${port}/token"));
        metadata.code = Some("sign-in-timed-out".to_owned());
        metadata.timeout = 3;
        metadata.deadline = Some(6);
        metadata
    };
    // An ampersand is at home in an address; no shell may see it.
    let mut ampersand = metadata("metadata with &calc in an address", "authorize?realm=a&calc");
    ampersand.says = vec!["/authorize?realm=a&calc&response_type=code&".to_owned()];
    vec![token, metadata("ordinary metadata", "authorize"), ampersand]
}

fn document(authorization: &str, token: &str) -> String {
    format!(
        r#"{{"issuer":"https://localhost:${{port}}","authorization_endpoint":"{authorization}","token_endpoint":"{token}"}}"#
    )
}

pub(super) fn all() -> Vec<Case> {
    [matrix(), numbers(), tokens(), addresses(), connections()].concat()
}

/// Whatever is not an OAuth answer is network trouble, of whatever status, and never a lost sign-in.
fn matrix() -> Vec<Case> {
    let statuses = [
        "200 OK",
        "204 No Content",
        "400 Bad Request",
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "407 Proxy Authentication Required",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "511 Network Authentication Required",
    ];
    let bodies = [
        ("a portal's page", "text/html", r"<html><title>Hotel \e[2JWLAN</title>invalid_grant</html>"),
        ("an empty body", "application/json", ""),
        ("JSON that breaks off", "application/json", r#"{"access_token":"${fresh}","expi"#),
        ("JSON without meaning", "application/json", r#"{"hello":"world"}"#),
        ("a list", "application/json", r#"["invalid_grant","${fresh}"]"#),
    ];
    let mut cases = Vec::new();
    for status in statuses {
        for (name, kind, body) in bodies {
            // 204 has no body (RFC 9110 section 15.3.5).
            if status.starts_with("204") && !body.is_empty() {
                continue;
            }
            for protocol in [Protocol::Token, Protocol::Discovery] {
                let mut case = Case::new("no OAuth answer", format!("{status} with {name}"), protocol, 6);
                case.status = Some(status.to_owned());
                case.headers = vec![format!("Content-Type: {kind}")];
                case.body = Some(body.to_owned());
                case.code = Some("oauth-not-oauth".to_owned());
                // Where there is no OpenID metadata, OAuth's is asked for.
                case.connections = 2;
                if protocol == Protocol::Token {
                    case.connections = 1;
                }
                cases.push(case);
            }
        }
    }
    cases
}

/// RFC 6749 wants a number of seconds; a token that works is not refused over it.
fn numbers() -> Vec<Case> {
    let odd = [
        r#""3599""#,
        "-1",
        "0",
        "1.5",
        "18446744073709551616",
        "1e308",
        "-1e308",
        "null",
        "[]",
        "{}",
        "true",
        r#""soon""#,
        r#""NaN""#,
        r#""inf""#,
        r#""-inf""#,
        r#""""#,
    ];
    let case = |number: &str| {
        let mut case = Case::new("odd numbers", format!("expires_in is {number}"), Protocol::Token, 0);
        case.body = Some(format!(r#"{{"access_token":"${{fresh}}","expires_in":{number}}}"#));
        case
    };
    odd.into_iter().map(case).collect()
}

/// Access tokens that would become syntax in a header or a SASL response.
fn tokens() -> Vec<Case> {
    let hostile = [
        ("a blank", " "),
        ("a tab", r"\\t"),
        ("a line's end", r"\\r\\n"),
        ("NUL", r"\\u0000"),
        ("the separator of SASL", r"\\u0001"),
        ("ESC", r"\\u001b[2J"),
        ("DEL", r"\\u007f"),
        ("a letter beyond ASCII", "\u{e4}"),
        ("a direction character", r"\\u202e"),
    ];
    // Every control character there is, C0, DEL and C1, as JSON may write it, and C0 and DEL as it may not.
    let controls = (0..0x20_u8).chain(0x7f..0xa0).map(|code| (format!("U+{code:04X}"), format!(r"\\u{code:04x}")));
    let bare = (0..0x20_u8).chain([0x7f]).map(|code| (format!("the bare byte {code:02x}"), format!(r"\x{code:02x}")));
    let hostile = hostile.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned()));
    let case = |(name, text): (String, String)| {
        let mut case = Case::new("a token with control characters", format!("with {name}"), Protocol::Token, 6);
        case.body = Some(format!(r#"{{"access_token":"${{fresh}}{text}x","expires_in":3599}}"#));
        case.code = Some("oauth-not-oauth".to_owned());
        case
    };
    hostile.chain(controls).chain(bare).map(case).collect()
}

/// Addresses that no browser and no secret should be sent to.
fn addresses() -> Vec<Case> {
    let hostile = [
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,hello",
        "http://login.example/authorize",
        "ftp://login.example/",
        "vbscript:x",
        "ms-msdt:/id",
        "https://user:password@login.example/",
        "https://login.example/$(touch${IFS}owned)",
        "https://login.example/`id`",
        "https://login.example/?a=b;calc",
        "https://login.example/?a=b|calc",
        "https://login.example/?a='b'",
        r"https://login.example/\\\\evil",
        r#"https://login.example/?a=\\"&calc&\\""#,
        r#"https://login.example/\\"><script>alert(1)</script>"#,
        "https://login.example/?a=$(calc)&b",
        "https://login.example/?a=`touch owned`",
        "https://login.example/?a=b%0a;calc^&calc",
        "https://login.example/?a={touch,owned}",
        "https://login.example/?a=b>owned",
        "https://login.example/?a=!calc",
        "https://login.example/#&calc",
        "JAVASCRIPT:alert(1)",
        r"java\\tscript:alert(1)",
        "view-source:https://login.example/",
        "x-man-page://ls",
        "search-ms:query=calc",
        "http://localhost.evil.example/authorize",
        "http://127.0.0.1.evil.example/authorize",
        "-url=https://login.example/",
        "https://login.example/ --new-window",
        r"https://login.example/\\u001b[2J",
        r"https://login.example/\\r\\nHost: evil",
        r"https://login.example/\\u202elive",
        "--help",
        "//login.example/authorize",
        "",
    ];
    let mut cases = Vec::new();
    for address in hostile {
        for (name, body) in [
            ("authorization_endpoint", document(address, "https://localhost:${port}/token")),
            ("token_endpoint", document("https://localhost:${port}/authorize", address)),
        ] {
            let mut case =
                Case::new("a hostile address in metadata", format!("{name} {address}"), Protocol::Discovery, 1);
            case.body = Some(body);
            case.code = Some("unsafe-endpoint".to_owned());
            cases.push(case);
        }
    }
    cases
}

/// Faults of the connection, at each phase of a request.
fn connections() -> Vec<Case> {
    let head = r"raw HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n";
    let mut cases = Vec::new();
    for (protocol, request) in [(Protocol::Token, "request POST /token"), (Protocol::Discovery, "request GET /")] {
        let phases = [
            ("the handshake", "nothing", "hello\n".to_owned()),
            ("the answer", "", format!("tls\n{request}\n")),
            ("the status line", "", format!("tls\n{request}\nraw HTTP/1.1 200 \n")),
            ("the head", "", format!("tls\n{request}\n{head}\n")),
            ("the body", "", format!("tls\n{request}\n{head}\\r\\n{{\"access_token\":\n")),
        ];
        for (name, after, script) in phases {
            // What may be repeated there: a long record of a handshake, empty lines, letters, blanks.
            let drip = match name {
                "the handshake" => "bytes 160303 3fff\ndrip 02",
                "the answer" => "drip 0a",
                "the body" => "drip 20",
                _ => "drip 78",
            };
            let faults = [
                ("silence", "silence", "timed-out"),
                ("drip, one byte a second", drip, "timed-out"),
                ("cut", "close", "connection-lost"),
            ];
            for (fault, step, code) in faults {
                let mut case = Case::new(fault, format!("at {name}"), protocol, 6);
                (case.after, case.code) = (Some(after.to_owned()), Some(code.to_owned()));
                if code == "timed-out" {
                    case.timeout = 2;
                }
                case.script = format!("{script}{step}");
                cases.push(case);
            }
        }
    }
    cases
}
