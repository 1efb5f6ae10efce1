//! What comes back to the redirect address and is not the answer: told at once, told at the end, and never in the way of
//! the right one.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use url::Url;

use crate::sandbox::browser::{self, Person};
use crate::sandbox::world::SHOP;
use crate::support::canary;
use crate::support::fixture::Fixture;
use crate::support::process::Running;

/// The parts of the answer that is waited for.
struct Expected {
    port: u16,
    path: String,
    state: String,
}

impl Expected {
    fn of(running: &mut Running) -> Self {
        let url = Url::parse(&running.authorization_url()).unwrap();
        let value = |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
        let redirect = Url::parse(&value("redirect_uri")).unwrap();
        let encoded = url::form_urlencoded::byte_serialize(value("state").as_bytes()).collect();
        Self { port: redirect.port().unwrap(), path: redirect.path().to_owned(), state: encoded }
    }

    /// What the browser is shown for these bytes.
    fn say(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn request(&self, method: &str, target: &str, more: &str) -> Vec<u8> {
        let host = format!("localhost:{}", self.port);
        format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Mozilla/5.0\r\n{more}\r\n").into_bytes()
    }
}

const SECRET_CODE: &str = "1.AbCdEfGh0123456789-never-shown";

/// Each kind: how it comes, the words on the terminal, those of the advice at the end, and those of the page.
type Kind = (&'static str, fn(&Expected) -> Vec<u8>, &'static str, &'static str, &'static str);

const KINDS: [Kind; 10] = [
    (
        "another state",
        |e| e.request("GET", &format!("{}?code={SECRET_CODE}&state=x{}", e.path, e.state), ""),
        "the answer to another sign-in",
        "Close older sign-in tabs",
        "This is another sign-in",
    ),
    (
        "no state",
        |e| e.request("GET", &format!("{}?code={SECRET_CODE}", e.path), ""),
        "an answer that has no state, or several",
        "in a private window",
        "The answer is not complete",
    ),
    (
        "no code",
        |e| e.request("GET", &format!("{}?state={}", e.path, e.state), ""),
        "back to this sign-in, but without a code",
        "authorization code flow",
        "The answer has no code",
    ),
    (
        "a code twice",
        |e| e.request("GET", &format!("{}?code={SECRET_CODE}&code=b&state={}", e.path, e.state), ""),
        "several codes",
        "report it to the provider",
        "The answer is not clear",
    ),
    (
        "behind a #",
        |e| e.request("GET", &e.path, ""),
        "An answer behind a # stays in the browser",
        "not Single-page application",
        "No answer came with this page",
    ),
    (
        "a form",
        |e| {
            let body = format!("code={SECRET_CODE}&state={}", e.state);
            let more = format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", body.len());
            [e.request("POST", &e.path, &more), body.into_bytes()].concat()
        },
        "response_mode=form_post",
        "response_mode=query",
        "The answer came as a form",
    ),
    (
        "another path",
        |e| e.request("GET", &format!("/elsewhere?code={SECRET_CODE}&state={}", e.state), ""),
        "another path than that of the redirect URI",
        "Compare redirect_uri",
        "The answer came to the wrong address",
    ),
    (
        "another host",
        |e| {
            let target = format!("{}?code={SECRET_CODE}&state={}", e.path, e.state);
            format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", e.port).into_bytes()
        },
        "another host name than that of the redirect URI",
        "Compare redirect_uri",
        "The answer came to the wrong address",
    ),
    (
        "too many cookies",
        |e| {
            let target = format!("{}?code={SECRET_CODE}&state={}", e.path, e.state);
            e.request("GET", &target, &format!("Cookie: a={}\r\n", "x".repeat(200 * 1024)))
        },
        "cookies that other programs have set for localhost",
        "Clear the browser's cookies of localhost, or use a private window",
        "The browser sent too much",
    ),
    (
        "TLS",
        |_| vec![0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03],
        "https instead of http",
        "HTTPS-only mode",
        "",
    ),
];

#[test]
fn each_unusable_answer_is_told_at_once_and_the_right_one_still_counts() {
    let shop = Fixture::added();
    for (name, bytes, told, _, page) in KINDS {
        let mut running = shop.run(&["--json", "authorize", "shop"]).start();
        let url = running.authorization_url();
        let expected = Expected::of(&mut running);
        for _ in 0..2 {
            let answer = expected.say(&bytes(&expected));
            assert!(answer.contains(page), "{name}: {answer}");
            assert!(!answer.contains(SECRET_CODE) && !answer.contains(&expected.state), "{name}: {answer}");
        }
        running.wait_for_stderr(told);
        browser::sign_in(&url, shop.sandbox().ca_file(), &Person::SignsInAs(SHOP.to_owned())).unwrap();
        let ended = running.finish().code(0);
        assert_eq!(ended.stderr.matches(told).count(), 1, "{name}, once: {}", ended.stderr);
        assert_eq!(canary::find(name, ended.all_text().as_bytes(), &[SECRET_CODE.to_owned()]), [""; 0]);
    }
}

#[test]
fn what_came_instead_of_the_answer_is_in_the_finding_of_the_time_out() {
    let shop = Fixture::added();
    let mut running = shop.run(&["--json", "-v", "authorize", "shop", "--timeout", "12"]).start();
    let expected = Expected::of(&mut running);
    for (_, bytes, ..) in KINDS {
        expected.say(&bytes(&expected));
    }
    // What browsers ask for by themselves, and what knocks at ports, is nothing to tell.
    expected.say(&expected.request("GET", "/favicon.ico", ""));
    expected.say(b"\r\n\r\n");
    let ended = running.finish().code(1);
    assert_eq!(ended.finding_codes(), ["sign-in-timed-out"]);
    let finding = &ended.json()["reports"][0]["checks"][0]["finding"];
    let (cause, fix) = (finding["cause"].as_str().unwrap(), finding["fix"].to_string());
    for (name, _, told, step, _) in KINDS {
        assert_eq!(cause.matches(told).count(), 1, "{name}: {cause}");
        assert!(fix.contains(step), "{name}: {fix}");
    }
    assert_eq!(cause.matches(". ").count(), 11, "nothing else is told: {cause}");
    let secrets = [SECRET_CODE.to_owned(), expected.state.clone()];
    assert_eq!(canary::find("the time-out", ended.stdout.as_bytes(), &secrets), [""; 0]);
}

#[test]
fn a_wait_without_any_answer_blames_nothing_and_says_what_was_heard() {
    let shop = Fixture::added();
    let ended = shop.json(&["authorize", "shop", "--timeout", "1"], 1);
    let finding = &ended.json()["reports"][0]["checks"][0]["finding"];
    let silent = "The sign-in was not completed within 1 second: nothing came to this machine's redirect address.";
    assert_eq!(finding["cause"], silent);
    assert_eq!(finding["fix"].as_array().unwrap().len(), 3, "{finding}");
    let mut running = shop.run(&["--json", "authorize", "shop", "--timeout", "3"]).start();
    let expected = Expected::of(&mut running);
    expected.say(&expected.request("GET", "/favicon.ico", ""));
    let ended = running.finish().code(1);
    let cause = ended.json()["reports"][0]["checks"][0]["finding"]["cause"].to_string();
    assert!(cause.contains("requests came") && cause.contains("none was the answer"), "{cause}");
    // Where the answer is pasted, nothing is listened to.
    let mut pasted =
        shop.run(&["--json", "authorize", "shop", "--no-browser", "--timeout", "1"]).start_with_open_stdin();
    while !pasted.has_ended() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let cause = pasted.finish().code(1).json()["reports"][0]["checks"][0]["finding"]["cause"].clone();
    assert_eq!(cause, "The sign-in was not completed within 1 second.");
}

/// Keycloak's word for a sign-in page that was open for too long, as it comes by the listener and by paste.
#[test]
fn an_expired_sign_in_page_is_not_an_overload_and_its_words_are_shown() {
    let shop = Fixture::added();
    for by_paste in [false, true] {
        let flag = if by_paste { "--no-browser" } else { "-v" };
        let mut running = shop.run(&["--json", "authorize", "shop", flag]).start_with_open_stdin();
        let url = Url::parse(&running.authorization_url()).unwrap();
        let value = |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
        let mut answer = Url::parse(&value("redirect_uri")).unwrap();
        answer.query_pairs_mut().extend_pairs([
            ("error", "temporarily_unavailable"),
            ("error_description", "authentication_expired"),
            ("state", &value("state")),
        ]);
        if by_paste {
            running.type_line(answer.as_str());
        } else {
            browser::get(answer.as_str(), shop.sandbox().ca_file()).unwrap();
        }
        let ended = running.finish().code(6);
        assert_eq!(ended.finding_codes(), ["oauth-sign-in-page-expired"]);
        let finding = &ended.json()["reports"][0]["checks"][0]["finding"];
        assert!(finding["fix"][0]["text"].as_str().unwrap().contains("at once: mailgrant authorize shop"), "{finding}");
        assert!(finding["server_said"].as_str().unwrap().contains("authentication_expired"), "{finding}");
    }
}

/// Only code and state of a pasted address are secret.
#[test]
fn what_a_pasted_address_says_beside_its_secrets_is_shown() {
    let shop = crate::authorize_elsewhere::oidc_shop();
    let paste = |more: &[(&str, &str)]| {
        let mut running = shop.run(&["--json", "authorize", "shop", "--no-browser"]).start_with_open_stdin();
        let url = Url::parse(&running.authorization_url()).unwrap();
        let value = |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
        let state = value("state");
        let mut answer = Url::parse(&value("redirect_uri")).unwrap();
        answer.query_pairs_mut().extend_pairs(more).append_pair("state", &state);
        running.type_line(answer.as_str());
        let ended = running.finish();
        let secrets = [SECRET_CODE.to_owned(), state];
        assert_eq!(canary::find("a paste", ended.stdout.as_bytes(), &secrets), [""; 0]);
        ended
    };
    let other = paste(&[("code", SECRET_CODE), ("iss", "https://evil.example/realms/x")]).code(1);
    assert_eq!(other.finding_codes(), ["other-issuer"]);
    assert!(other.stdout.contains("another issuer: https://evil.example/realms/x"), "{}", other.stdout);
    let words = "The redirect URI 'http://localhost' specified in the request does not match";
    let issuer = shop.sandbox().issuer();
    let said = paste(&[("error", "invalid_request"), ("error_description", words), ("iss", &issuer)]);
    assert!(said.stdout.contains(words), "{}", said.stdout);
}
