use std::io::Write as _;

use super::*;

fn ca_pem() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::default().self_signed(&key).unwrap().pem()
}

#[test]
fn one_connector_is_built_for_each_ca_file_and_shared() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all((ca_pem() + &ca_pem()).as_bytes()).unwrap();
    let trust = Trust::new();
    let own = trust.connector(Some(file.path())).unwrap();
    assert!(Arc::ptr_eq(&own, &trust.clone().connector(Some(file.path())).unwrap()));
    let system = trust.connector(None).unwrap();
    assert!(!Arc::ptr_eq(&own, &system));
    assert!(!Arc::ptr_eq(&system, &trust.connector_for_tls12(None).unwrap()));
}

#[test]
fn a_connector_that_was_begun_is_there_without_another_look_at_the_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ca_pem()).unwrap();
    let trust = Trust::new();
    trust.begin(Some(file.path()));
    let slot = || Arc::clone(&trust.slots.lock().unwrap()[&(Some(file.path().to_owned()), None)]);
    let started = std::time::Instant::now();
    while slot().lock().unwrap().is_none() {
        assert!(started.elapsed().as_secs() < 30, "nothing builds it");
        thread::sleep(std::time::Duration::from_millis(5));
    }
    std::fs::write(file.path(), "not a certificate").unwrap();
    let connector = trust.connector(Some(file.path())).unwrap();
    trust.begin(Some(file.path()));
    assert!(Arc::ptr_eq(&connector, &trust.connector(Some(file.path())).unwrap()));
}

#[test]
fn a_beginning_that_failed_is_reported_when_the_connector_is_asked_for_and_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let trust = Trust::new();
    trust.begin(Some(&path));
    let failure = trust.connector(Some(&path)).map(drop).unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Local { .. }), "{failure}");
    std::fs::write(&path, ca_pem()).unwrap();
    assert!(trust.connector(Some(&path)).is_ok());
}

#[test]
fn a_file_that_holds_no_certificate_is_refused_by_name() {
    let mut empty = tempfile::NamedTempFile::new().unwrap();
    empty.write_all(b"not a certificate").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.pem");
    for path in [empty.path(), folder.path(), &missing] {
        let failure = Trust::new().connector(Some(path)).map(drop).unwrap_err();
        match failure.kind {
            FailureKind::Local { what, .. } => assert!(what.contains(&path.display().to_string()), "{what}"),
            kind => panic!("{kind:?}"),
        }
    }
}

#[test]
fn the_libraries_words_and_numbers_are_told_apart() {
    let host = || "imap.contoso.com".into();
    let unknown = || TlsFault::UnknownIssuer { issuer: None, is_alone: false };
    for (words, fault) in [
        ("certificate verify failed: (self-signed certificate)", TlsFault::SelfSigned),
        ("certificate verify failed: (self-signed certificate in certificate chain)", unknown()),
        ("certificate verify failed: (unable to get local issuer certificate)", unknown()),
        ("certificate verify failed: (unsuitable certificate purpose)", TlsFault::WrongUsage),
        ("certificate verify failed: (Hostname mismatch)", TlsFault::WrongHost { host: host(), names: Vec::new() }),
        ("certificate verify failed: (certificate has expired)", TlsFault::Expired),
        ("certificate verify failed: (certificate is not yet valid)", TlsFault::NotYetValid),
        ("OS Error -2146885616 (FormatMessageW() returned error 317)", TlsFault::Revoked),
        ("OS Error -2146762482 (FormatMessageW() returned error 317)", TlsFault::RevocationUnknown),
        ("ssl_choose_client_version:unsupported protocol", TlsFault::TooOld),
        ("ssl3_get_record:wrong version number", TlsFault::NotTls),
        ("Die Zertifikatkette … (os error -2146762487)", unknown()),
        ("something new", TlsFault::Other("something new".into())),
    ] {
        assert_eq!(fault_from_words(words, "imap.contoso.com"), fault, "{words}");
    }
}

#[test]
fn a_certificate_says_whom_it_is_for_and_until_when() {
    let names = ["mail.contoso.com".to_owned(), "192.0.2.1".to_owned()];
    let mut params = rcgen::CertificateParams::new(names.to_vec()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "mail.contoso.com");
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    let certificate = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
    let seen = PeerCertificate::from_der(certificate.der()).unwrap();
    assert_eq!((seen.subject.as_str(), seen.issuer.as_str()), ("CN=mail.contoso.com", "CN=mail.contoso.com"));
    assert_eq!(seen.not_after.to_string(), "2027-01-01T00:00:00Z");
    assert_eq!(seen.names, names);
    assert!(seen.is_self_issued);
    assert_eq!(PeerCertificate::from_der(b"no certificate"), None);
}
