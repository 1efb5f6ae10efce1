//! Everything that is not the answer (SECURITY.md L3, L4, L6).

use super::*;

#[test]
fn everything_but_the_right_answer_is_refused_and_the_wait_goes_on() {
    let sign_in = sign_in("http://localhost/callback");
    let host = sign_in.listener.host.clone();
    let right = sign_in.right();
    let raw = |lines: &str| format!("{lines}\r\n\r\n");
    let cases = [
        (sign_in.head("GET", "/"), "404"),
        (sign_in.head("GET", "/favicon.ico"), "404"),
        (sign_in.head("GET", "/callback"), "404"),
        (sign_in.head("GET", "/callback?"), "404"),
        (sign_in.head("GET", &right.replace("/callback", "/callback/")), "404"),
        (sign_in.head("GET", &right.replace("/callback", "//callback")), "404"),
        (sign_in.head("GET", &right.replace("/callback", "/Callback")), "404"),
        (sign_in.head("GET", &format!("http://{host}{right}")), "404"),
        (sign_in.head("GET", "/callback?code=x"), "400"),
        (sign_in.head("GET", "/callback?code=x&state=y"), "400"),
        (sign_in.head("GET", "/callback?error=access_denied&state=y"), "400"),
        (sign_in.head("GET", &format!("{right}&state={}", sign_in.state)), "400"),
        // Found by fuzzing: bytes outside ASCII were taken for the `?`.
        (sign_in.head("GET", &right.replace('?', "äa=b&")), "400"),
        (sign_in.head("HEAD", &right), "405"),
        (sign_in.head("OPTIONS", &right), "405"),
        (sign_in.head("POST", &right), "405"),
        (sign_in.head("BREW", &right), "405"),
        (sign_in.head("get", &right), "405"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: evil.example")), "421"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: 127.0.0.1:{}", sign_in.port())), "421"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: {host}.evil.example")), "421"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: localhost")), "421"),
        (raw(&format!("GET {right} HTTP/1.1")), "421"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: {host}\r\nHost: {host}")), "400"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: {host}\r\nHost : x")), "400"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: {host}\r\n folded")), "400"),
        (raw(&format!("GET {right} HTTP/1.1\r\nno header\r\nHost: {host}")), "400"),
        (raw(&format!("GET {right} HTTP/2.0\r\nHost: {host}")), "505"),
        (raw("PRI * HTTP/2.0"), "505"),
        (raw(&format!("GET  {right} HTTP/1.1\r\nHost: {host}")), "400"),
        (raw(&format!("GET {right}\r\nHost: {host}")), "400"),
        (raw("GET"), "400"),
        (raw(""), "400"),
        (raw(&format!("POST {right} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked")), "411"),
        (raw(&format!("POST {right} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 16385")), "413"),
        (raw(&format!("POST {right} HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1")), "400"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: {host}\r\nCookie: {}", "x".repeat(140_000))), "431"),
    ];
    let count = cases.len();
    let (refused, _, page) =
        sign_in.run(|sign_in| cases.map(|(bytes, status)| (sign_in.say(&bytes), status, bytes)).to_vec());
    assert_eq!(refused.len(), count);
    for (answer, status, bytes) in refused {
        let bytes = &bytes[..bytes.len().min(200)];
        assert!(answer.starts_with(&format!("HTTP/1.0 {status} ")), "{bytes}: {answer}");
        assert!(!answer.contains(&sign_in.state) && !answer.contains("id.example"), "{bytes}: {answer}");
        assert_eq!(answer.contains("<html"), !bytes.starts_with("HEAD"), "{bytes}");
    }
    assert!(page.starts_with("HTTP/1.0 200 "));
    let mut refused = sign_in.listener.refused();
    refused.sort_by_key(|refusal| CallbackRefusal::ALL.iter().position(|other| other == refusal));
    use CallbackRefusal::{FormPost, NoQuery, NoState, OtherHost, OtherPath, OtherState, TooLarge};
    assert_eq!(refused, [NoState, OtherState, NoQuery, FormPost, OtherPath, OtherHost, TooLarge]);
    assert_eq!(sign_in.app.client_id.as_str(), "my-app");
}

#[test]
fn cookies_of_other_programs_do_not_disturb() {
    let sign_in = sign_in("http://localhost");
    let head = format!(
        "GET {} HTTP/1.1\r\nhost: {}\r\nCookie: a=\u{fc};b=\"\u{1f36a}\"\r\nSec-Fetch-Mode: navigate\r\n\r\n",
        sign_in.right(),
        sign_in.listener.host.to_uppercase()
    );
    let page = thread::scope(|scope| {
        let browser = scope.spawn(|| sign_in.say(&head));
        sign_in.wait_for(Duration::from_secs(10)).ok().unwrap().1.succeed(&SUCCESS());
        browser.join().unwrap()
    });
    assert!(page.contains("is authorized"), "{page}");
}

/// Wrong in one way each, and the status that it gets.
fn wrong(sign_in: &SignIn, number: usize) -> (String, &'static str) {
    let (right, host, state) = (sign_in.right(), &sign_in.listener.host, &sign_in.state);
    let get = |target: &str| sign_in.head("GET", target);
    let to = |host: &str| format!("GET {right} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    match number % 20 {
        0 => (get(&format!("/callback?code=c&state={number}")), "400"),
        1 => (get(&format!("/callback?error=access_denied&state={number}")), "400"),
        2 => (get(&format!("/callback?code=c&error=e&state={state}")), "400"),
        3 => (get(&format!("{right}&state={number}")), "400"),
        4 => (get(&format!("{right}&state={state}")), "400"),
        5 => (get("/callback?code=the-code"), "400"),
        6 => (get(&format!("/callback?state={state}")), "400"),
        7 => (get(&format!("/callback?code=a&code=b&state={state}")), "400"),
        8 => (get(&format!("/callback?code=c&state={}", &state[1..])), "400"),
        9 => (get(&format!("/callback?code=c&state={state}%00")), "400"),
        10 => (get(&format!("/callback?code=c&STATE={state}")), "400"),
        11 => (get(&format!("/{number}?code=the-code&state={state}")), "404"),
        12 => (get(&right.replace("/callback", "/callback%2f")), "404"),
        13 => (sign_in.head("POST", &right), "405"),
        14 => (sign_in.head("HEAD", &right), "405"),
        15 => (sign_in.head("PUT", &right), "405"),
        16 => (to("evil.example"), "421"),
        17 => (to(&format!("127.0.0.1:{number}")), "421"),
        18 => (to(&format!("{host}@evil.example")), "421"),
        _ => (to(&format!("{host}\r\nHost: {host}")), "400"),
    }
}

#[test]
fn ten_thousand_wrong_callbacks_change_nothing() {
    const COUNT: usize = 10_000;
    let sign_in = sign_in("http://127.0.0.1/callback");
    let ((), elapsed, page) = sign_in.run(|sign_in| {
        // Two at a time, as fast as they are answered.
        thread::scope(|scope| {
            for first in 0..2 {
                scope.spawn(move || {
                    for number in (first..COUNT).step_by(2) {
                        let (bytes, status) = wrong(sign_in, number);
                        let answer = sign_in.say(&bytes);
                        assert!(answer.starts_with(&format!("HTTP/1.0 {status} ")), "{bytes}: {answer}");
                    }
                });
            }
        });
    });
    assert!(page.contains("is authorized"));
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
    // Each reason once, however often it came.
    assert!(sign_in.listener.refused().len() <= CallbackRefusal::ALL.len());
}

#[test]
fn no_path_serves_the_authorization_address() {
    for redirect in ["http://localhost", "http://127.0.0.1/callback"] {
        let sign_in = sign_in(redirect);
        let url = sign_in.request.url().clone();
        let answers = sign_in.run(|sign_in| {
            let paths = [
                "/",
                "/?",
                "/favicon.ico",
                "/apple-touch-icon.png",
                "/robots.txt",
                "/index.html",
                "/start",
                "/login",
                "/authorize",
                "/.well-known/appspecific/com.chrome.devtools.json",
                "/callback/..",
                "/../callback",
                "/%2e",
                "/callback",
                "/callback?",
                "//",
                "/;",
                "*",
                "/\\",
                "http://localhost/",
            ];
            let methods = ["GET", "HEAD", "OPTIONS", "POST"];
            let heads = paths.iter().flat_map(|path| methods.map(|method| sign_in.head(method, path)));
            heads.map(|head| (sign_in.say(&head), head)).collect::<Vec<_>>()
        });
        let secrets: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
        assert!(secrets.len() >= 8, "{url}");
        for (answer, head) in answers.0 {
            let status = if head.starts_with("GET") { "404" } else { "405" };
            assert!(answer.starts_with(&format!("HTTP/1.0 {status} ")), "{head}{answer}");
            assert!(!answer.contains("Location") && !answer.contains("://"), "{head}{answer}");
            // Short words of the request, such as `code`, can be in any page.
            for secret in secrets.iter().filter(|secret| secret.len() > 8) {
                assert!(!answer.contains(secret.as_str()), "{head}{answer}");
            }
        }
    }
}

/// An answer without its Date.
fn timeless(answer: &str) -> String {
    answer.lines().filter(|line| !line.starts_with("Date:")).collect::<Vec<_>>().join("\n")
}

#[test]
fn no_answer_repeats_anything_of_its_request() {
    let sign_in = sign_in("http://localhost/callback");
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let (answers, ..) = sign_in.run(|sign_in| {
        let host = &sign_in.listener.host;
        let ask = |text: &str| {
            let encoded = encode(text);
            [
                sign_in.get(&format!("/{encoded}")),
                sign_in.get(&format!("/{text}")),
                sign_in.get(&format!("/callback?{text}")),
                sign_in.get(&format!("/callback?code={encoded}&state={encoded}")),
                sign_in.get(&format!("/callback?error={encoded}&error_description={encoded}&state={encoded}")),
                sign_in.say(format!("GET / HTTP/1.1\r\nHost: {text}\r\n\r\n")),
                sign_in.say(format!("{text} / HTTP/1.1\r\nHost: {host}\r\n\r\n")),
                sign_in.say(format!("GET / HTTP/1.1\r\nHost: {host}\r\nReferer: {text}\r\nCookie: {text}\r\n\r\n")),
            ]
        };
        xss().into_iter().map(|text| (ask(&text), text)).collect::<Vec<_>>()
    });
    let kinds = || std::iter::once(None).chain(CallbackRefusal::ALL.map(Some));
    let known: Vec<String> = [400, 404, 405, 421, 431, 505]
        .into_iter()
        .flat_map(|status| kinds().map(move |why| (status, why)))
        .map(|(status, why)| {
            let mut bytes = Vec::new();
            let (mut here, there) = pair();
            request::answer(&there, status, &Page::refusal(status, why), true, Instant::now() + Duration::from_secs(5));
            here.read_to_end(&mut bytes).unwrap();
            timeless(&String::from_utf8(bytes).unwrap())
        })
        .collect();
    let mut count = 0;
    for (answers, text) in answers {
        for answer in answers {
            // Byte by byte one of the pages that are known without any request.
            assert!(known.contains(&timeless(&answer)), "{text:?}: {answer}");
            count += 1;
        }
    }
    assert!(count > 480, "{count}");
}

/// Two ends of a connection.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let here = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (here, listener.accept().unwrap().0)
}

#[test]
fn every_answer_has_the_headers_that_protect() {
    let page = |status| match status {
        200 => Page::success(&SUCCESS()),
        500 => Page::interrupted(),
        _ => Page::refusal(status, None),
    };
    for status in [200, 400, 404, 405, 411, 413, 421, 431, 500, 505] {
        let (mut here, there) = pair();
        request::answer(&there, status, &page(status), true, Instant::now() + Duration::from_secs(5));
        let answer = answer_of(&mut here);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        for header in [
            "Content-Type: text/html; charset=utf-8",
            "Cache-Control: no-store",
            "X-Content-Type-Options: nosniff",
            "X-Frame-Options: DENY",
            "Referrer-Policy: no-referrer",
            "Cross-Origin-Opener-Policy: same-origin",
            "Cross-Origin-Resource-Policy: same-origin",
        ] {
            assert_eq!(head.lines().filter(|line| *line == header).count(), 1, "{status}: {header} in {head}");
        }
        let policy = head.lines().find_map(|line| line.strip_prefix("Content-Security-Policy: ")).unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
        assert!(head.lines().all(|line| !line.starts_with("Set-Cookie") && !line.starts_with("Location")), "{head}");
        assert!(body.starts_with("<!doctype html>") && !body.contains("<script"), "{status}");
    }
}
