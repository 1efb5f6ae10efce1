//! A provider's metadata: what is accepted is the issuer's own, and its addresses are fit for a browser and a secret.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mailgrant::fuzzing::read_metadata;
use mailgrant::net::HttpResponse;
use mailgrant::profile::EndpointUrl;
use mailgrant_fuzz::{choice, failure_shown, planted_bytes, transcript};

static ISSUER: LazyLock<EndpointUrl> = LazyLock::new(|| "https://id.example/realm".parse().expect("it is an address"));

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let status = [200, 200, 200, 404][choice & 3];
    let body = planted_bytes(rest);
    let answer = HttpResponse {
        status,
        content_type: None,
        retry_after: None,
        date: None,
        location: None,
        challenge: None,
        request_id: None,
        body: body.clone().into(),
    };
    let (transcript, _) = transcript();
    match read_metadata(&transcript, &answer, &ISSUER) {
        Ok(found) => {
            assert_eq!(status, 200);
            let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
            // A field that is not read may hold half a surrogate pair, which is skipped there and refused here.
            let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) else { return };
            assert!(value.is_object(), "metadata is an object (RFC 8414 §3.2)");
            assert_eq!(value["issuer"], "https://id.example/realm");
            for (url, name) in [(&found.authorization, "authorization_endpoint"), (&found.token.url, "token_endpoint")]
            {
                let url = url.as_url();
                let host = url.host_str().expect("it has a host");
                let is_here = matches!(host, "localhost" | "[::1]") || host.starts_with("127.");
                assert!(url.scheme() == "https" || url.scheme() == "http" && is_here, "{url}");
                assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{url}");
                assert!(
                    !url.as_str().contains(|c: char| !c.is_ascii_graphic() || "$`;|<>()\\'\"".contains(c)),
                    "{url}"
                );
                let stated = value[name].as_str().expect("it is a text");
                assert_eq!(
                    url::Url::parse(stated).expect("it is an address"),
                    *url,
                    "what was checked is what is used"
                );
            }
        }
        Err(failure) => failure_shown(&failure),
    }
});
