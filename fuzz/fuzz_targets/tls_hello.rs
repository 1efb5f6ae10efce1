//! The beginning of a TLS handshake, as the server sends it in the clear.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailgrant::fuzzing::tls_hello;
use mailgrant::net::PeerCertificate;
use mailgrant::text::Redactor;
use mailgrant_fuzz::{is_learned, shown};

fuzz_target!(|data: &[u8]| {
    let (_, certificate, _) = tls_hello(data);
    assert!(certificate.is_none_or(|len| len <= data.len()));
    // And a certificate, which any peer may send before anything is verified.
    if is_learned(data) {
        return;
    }
    if let Some(certificate) = PeerCertificate::from_der(data) {
        let redactor = Redactor::default();
        shown(&redactor.clean(&certificate.subject));
        certificate.names.iter().for_each(|name| shown(&redactor.clean(name)));
    }
});
