use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;

use crate::failure::{Failure, FailureKind, ReplyCode};
use crate::net::testing::{Server, Step, read_request, reply};
use crate::net::{Proxies, Trust};
use crate::profile::{Address, Endpoint, Opener, Protocol};
use crate::report::Stage;
use crate::text::Redactor;
use crate::transcript::Transcript;
use crate::transport::{Account, Errand, Log, Target, Task, of};

const TOKEN: &str = "canary.access-token-of-the-web-tests";
const INBOX: &str = r#"{"totalItemCount":3,"unreadItemCount":1}"#;
/// Graph's refusal of a message that it cannot read.
const NO_MIME: &str = r#"{"error":{"code":"ErrorMimeContentInvalidBase64String","message":"Invalid base64 string."}}"#;

/// Reads over Graph, then tries to send; everything that the transcript showed comes along.
fn read_and_try(server: &Server) -> (Vec<Log>, String) {
    let shown = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&shown);
    let transcript = Transcript::new(
        Redactor::default(),
        Some(Arc::new(move |line: &str| {
            let mut shown = sink.lock().unwrap();
            shown.push_str(line);
            shown.push('\n');
        })),
    );
    let endpoint = Endpoint::Web(server.url(""));
    let (trust, proxies) = (Trust::new(), Proxies::default());
    let target = Target {
        endpoint: &endpoint,
        trust: &trust,
        proxies: &proxies,
        ca_file: None,
        transcript: &transcript,
        mechanism: None,
        timeout: Duration::from_secs(10),
        overall: None,
        meanwhile: &|| {},
    };
    let shop: Address = "shop@contoso.example".parse().unwrap();
    let tasks = [Task::Read { latest: 0 }, Task::Send { recipient: &shop, message: None }];
    let mut errands = tasks.map(|task| Errand { task, log: Log::default() });
    let token = Box::new(|| Some(SecretString::from(TOKEN)));
    of(Protocol::Graph).exercise_all(
        &target,
        Account { mailbox: &shop, user: &shop, by: Opener::Owner },
        token,
        &mut errands,
    );
    let shown = shown.lock().unwrap().clone();
    (errands.into_iter().map(|errand| errand.log).collect(), shown)
}

fn failure(log: &Log) -> (Stage, Failure) {
    let last = log.observations.last().unwrap();
    (last.stage, last.result.clone().unwrap_err())
}

fn passed(log: &Log, stage: Stage) -> String {
    let step = log.observations.iter().find(|step| step.stage == stage).unwrap();
    step.result.as_ref().unwrap().to_string()
}

fn whole(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// Answers each request on one connection with one of `answers`.
fn on_one_connection(answers: Vec<String>) -> Step {
    Box::new(move |_, stream: &mut TcpStream| {
        for (number, answer) in answers.iter().enumerate() {
            if number > 0 {
                let request = read_request(stream);
                assert!(request.starts_with("POST /v1.0/me/sendMail HTTP/1.1\r\n"), "{request}");
            }
            stream.write_all(answer.as_bytes()).unwrap();
        }
    })
}

#[test]
fn what_is_asked_one_after_the_other_goes_over_one_connection_in_whatever_pieces_the_answers_come() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nrequest-id: r-1\r\n\r\n\
                   15\r\n{\"totalItemCount\":3,\"\r\n14\r\nunreadItemCount\":1}\n\r\n0\r\n\r\n";
    for inbox in [whole("200 OK", "request-id: r-1\r\n", INBOX), chunked.to_owned()] {
        let server = Server::script(vec![on_one_connection(vec![inbox, whole("400 Bad Request", "", NO_MIME)])]);
        let (logs, shown) = read_and_try(&server);
        assert_eq!(passed(&logs[0], Stage::Folder), "inbox, 3 messages, 1 unread (HTTP 200, request-id r-1)");
        passed(&logs[1], Stage::Recipient);
        assert!(!shown.contains(TOKEN) && shown.contains("GET /v1.0/me/mailFolders/inbox"), "{shown}");
        server.finish();
    }
}

#[test]
fn a_connection_that_ends_or_says_more_than_it_was_asked_is_not_used_again() {
    let closes = whole("200 OK", "connection: close\r\n", INBOX);
    let until_the_end = format!("HTTP/1.1 200 OK\r\n\r\n{INBOX}");
    let unasked = whole("200 OK", "", INBOX) + &whole("202 Accepted", "", "");
    for first in [closes, until_the_end, unasked] {
        let first: Step = Box::new(move |_, stream: &mut TcpStream| drop(stream.write_all(first.as_bytes())));
        let server = Server::script(vec![first, reply("400 Bad Request", "", NO_MIME)]);
        let (logs, _) = read_and_try(&server);
        passed(&logs[0], Stage::Folder);
        passed(&logs[1], Stage::Recipient);
        server.finish();
    }
}

#[test]
fn a_refusal_is_told_with_its_code_and_a_refused_token_as_the_sign_in_it_is() {
    let denied = r#"{"error":{"code":"ErrorAccessDenied","message":"Access is denied."}}"#;
    let refused = [
        ("401 Unauthorized", r#"{"error":{"code":"InvalidAuthenticationToken","message":"x"}}"#, Stage::Authentication),
        ("403 Forbidden", denied, Stage::Folder),
        ("429 Too Many Requests", r#"{"error":{"code":"ApplicationThrottled","message":"x"}}"#, Stage::Folder),
        ("502 Bad Gateway", "<html>proxy</html>", Stage::Folder),
    ];
    for (status, body, stage) in refused {
        let number: u16 = status[..3].parse().unwrap();
        let headers = "Retry-After: 7\r\nrequest-id: r-9\r\nConnection: close\r\n";
        let server = Server::script(vec![reply(status, headers, body), reply(status, headers, body)]);
        let (logs, _) = read_and_try(&server);
        let (at, failure) = failure(&logs[0]);
        let FailureKind::Rejected(rejection) = &failure.kind else { panic!("{failure:?}") };
        assert_eq!((at, rejection.code), (stage, Some(ReplyCode::Http(number))));
        assert_eq!(rejection.retry_after, Some(Duration::from_secs(7)));
        assert!(failure.server_said.unwrap().contains("r-9"), "{status}");
        assert_eq!(logs[1].observations.len(), 1, "the other side is asked all the same");
        server.finish();
    }
}

#[test]
fn what_the_service_does_not_say_itself_is_not_understood_and_a_redirect_is_not_followed() {
    let away = "Location: https://elsewhere.example/\r\nConnection: close\r\n";
    for (status, headers) in
        [("302 Found", away), ("403 Forbidden", "Content-Type: text/html\r\nConnection: close\r\n")]
    {
        let answer = || reply(status, headers, "<html>proxy</html>");
        let server = Server::script(vec![answer(), answer()]);
        let (logs, _) = read_and_try(&server);
        let (at, failure) = failure(&logs[0]);
        assert_eq!(at, Stage::Folder);
        let FailureKind::Unreadable { what } = &failure.kind else { panic!("{failure:?}") };
        assert!(what.contains(&status[..3]), "{what}");
        server.finish();
    }
}

#[test]
fn an_answer_that_cannot_be_one_ends_the_step() {
    let too_large = |head: &str, len: usize| format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{}", " ".repeat(len));
    for (answer, is_so) in [
        (
            too_large("x: y", 1_100_000),
            (|kind: &FailureKind| matches!(kind, FailureKind::TooLarge { .. })) as fn(&FailureKind) -> bool,
        ),
        (format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(100_000)), |kind| {
            matches!(kind, FailureKind::TooLarge { .. })
        }),
        (whole("200 OK", "content-type: text/html\r\nconnection: close\r\n", "<html>"), |kind| {
            matches!(kind, FailureKind::Unreadable { .. })
        }),
        ("220 mail.example ESMTP\r\n".to_owned(), |kind| matches!(kind, FailureKind::Unreadable { .. })),
        ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".to_owned(), |kind| {
            matches!(kind, FailureKind::ConnectionLost { .. })
        }),
        (String::new(), |kind| matches!(kind, FailureKind::ConnectionLost { .. })),
    ] {
        let first: Step = Box::new(move |_, stream: &mut TcpStream| drop(stream.write_all(answer.as_bytes())));
        let server = Server::script(vec![first, reply("400 Bad Request", "", NO_MIME)]);
        let (logs, _) = read_and_try(&server);
        let (stage, failure) = failure(&logs[0]);
        assert!(stage == Stage::Folder && is_so(&failure.kind), "{failure:?}");
        passed(&logs[1], Stage::Recipient);
        server.finish();
    }
}
