//! The listener: bytes of a connection, in pieces. Whatever the pieces, the judgement is the same; only the right answer
//! is taken.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mailgrant::fuzzing::{Arrival, Judge};
use mailgrant::oauth::{AuthorizationRequest, AuthorizationResponse, Endpoints};
use mailgrant::text::Redactor;
use mailgrant_fuzz::{app, choice, failure_shown};
use secrecy::ExposeSecret as _;

static JUDGE: LazyLock<(Judge, AuthorizationRequest)> = LazyLock::new(|| {
    let app = app("generic");
    let endpoints = Endpoints {
        authorization: "https://id.example/authorize".parse().expect("it is an address"),
        token: "https://id.example/token".parse::<mailgrant::profile::EndpointUrl>().expect("it is an address").into(),
        device_authorization: None,
        issuer_in_response: false,
    };
    let address = "a@contoso.example".parse().expect("it is an address");
    let redirect = "http://127.0.0.1/cb".parse().expect("it is an address");
    let judge = Judge::new(&redirect).unwrap_or_else(|e| panic!("{e}"));
    let request = AuthorizationRequest::begin(&app, &endpoints, judge.redirect_uri(), &[], &address, true);
    (judge, request)
});

fn state() -> String {
    let url = JUDGE.1.url();
    url.query_pairs().find(|(name, _)| name == "state").expect("it has a state").1.into_owned()
}

fn judge(bytes: &[u8], piece: usize) -> Arrival<AuthorizationResponse> {
    JUDGE.0.judge(bytes, piece, &|query| JUDGE.1.read_query(query, &Redactor::default()))
}

fn summary(arrival: &Arrival<AuthorizationResponse>) -> String {
    match arrival {
        Arrival::Gone => "gone".to_owned(),
        Arrival::Tls => "TLS".to_owned(),
        Arrival::Refused(status) => status.to_string(),
        Arrival::Taken(Ok(response)) => format!("code {}", response.code.expose_secret()),
        Arrival::Taken(Err(failure)) => failure.to_string(),
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((piece, rest)) = choice(data) else { return };
    let url = JUDGE.1.redirect_uri().as_url();
    let host = format!("{}:{}", url.host_str().expect("it has a host"), url.port().expect("it has a port"));
    let mut bytes = Vec::new();
    let mut left = rest;
    while let Some((first, after)) = left.split_first() {
        if let Some(after) = left.strip_prefix(b"{state}") {
            bytes.extend_from_slice(state().as_bytes());
            left = after;
        } else if let Some(after) = left.strip_prefix(b"{host}") {
            bytes.extend_from_slice(host.as_bytes());
            left = after;
        } else {
            bytes.push(*first);
            left = after;
        }
    }
    let whole = judge(&bytes, usize::MAX);
    // A single first byte of TLS is taken for TLS, before the second can tell otherwise.
    if bytes.first() != Some(&0x16) {
        assert_eq!(summary(&judge(&bytes, piece)), summary(&whole));
    }
    let head_len = bytes.windows(4).position(|window| window == b"\r\n\r\n");
    match whole {
        Arrival::Gone => assert!(head_len.is_none() && bytes.len() < Judge::HEAD_LIMIT),
        Arrival::Tls => assert_eq!(bytes[0], 0x16),
        Arrival::Refused(status) => assert!((400..600).contains(&status)),
        Arrival::Taken(taken) => {
            let end = head_len.expect("a head has an end");
            assert!(end < Judge::HEAD_LIMIT);
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let mut lines = head.split("\r\n");
            let first = lines.next().expect("there is a first");
            assert!(first.starts_with("GET /cb?") && first[8..].matches(' ').count() == 1, "{first:?}");
            assert!(first.ends_with(" HTTP/1.1") || first.ends_with(" HTTP/1.0"), "{first:?}");
            let mut hosts =
                lines.filter_map(|line| line.split_once(':')).filter(|(n, _)| n.eq_ignore_ascii_case("host"));
            assert_eq!(hosts.next().map(|(_, value)| value.trim().to_ascii_lowercase()), Some(host));
            assert!(hosts.next().is_none(), "two hosts");
            assert!(first.contains(&state()) || first.contains('%'), "{first:?}");
            if let Err(failure) = taken {
                failure_shown(&failure);
            }
        }
    }
});
