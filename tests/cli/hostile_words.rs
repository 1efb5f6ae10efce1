//! What a hostile provider has the browser bring back, on its way to the terminal, into JSON and onto the page.

use std::io::{Read, Write};
use std::net::TcpStream;

use mailgrant::text::is_unprintable;
use url::{Url, form_urlencoded};

use crate::support::fixture::Fixture;

/// A title, a link (OSC 8), CSI in both forms, NUL, a character that turns text around, markup.
const HOSTILE: &str =
    "\x1b]0;owned\x07\x1b]8;;https://evil.example\x1b\\click\x1b[2J\u{9b}31m\0\u{202e}\u{200b}<script>x</script>";

/// Asks the listener as a browser would, and returns its page.
fn come_back(redirect: &Url, query: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", redirect.port().unwrap())).unwrap();
    let host = &redirect[url::Position::BeforeHost..url::Position::AfterPort];
    write!(stream, "GET {}?{query} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", redirect.path()).unwrap();
    let mut page = Vec::new();
    stream.read_to_end(&mut page).unwrap();
    String::from_utf8(page).unwrap()
}

#[test]
fn an_error_from_the_sign_in_page_is_escaped_in_every_place() {
    let shop = Fixture::added();
    for way in [&["-v"][..], &["-v", "--json"]] {
        let mut running = shop.run(&[way, &["authorize", "shop"]].concat()).start();
        let url = Url::parse(&running.authorization_url()).unwrap();
        let field = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("state", &field("state"))
            .append_pair("error", &format!("server_error{HOSTILE}"))
            .append_pair("error_description", HOSTILE)
            .append_pair("error_subcode", HOSTILE)
            .finish();
        // Bytes that are not UTF-8 among them.
        let page = come_back(&Url::parse(&field("redirect_uri")).unwrap(), &format!("{query}%ff%fe"));
        let finished = running.finish();
        assert_ne!(finished.code, Some(0));
        for text in [page.replace('\r', ""), finished.stdout.clone(), finished.stderr.clone()] {
            assert_eq!(text.chars().find(|c| is_unprintable(*c) && *c != '\n'), None, "{text}");
        }
        assert!(!page.contains("<script"), "{page}");
        assert!(finished.stdout.contains("owned"), "its words are shown: {}", finished.stdout);
    }
}
