use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};

use native_tls::{Identity, TlsAcceptor};

use super::*;
use crate::failure::{ProxyFault, ProxyTrouble};
use crate::net::{HttpClient, Trust};
use crate::transcript::Transcript;

/// A CA's certificate as a file, and the identities of these names that it has signed.
fn authority<const N: usize>(names: [&str; N]) -> (tempfile::NamedTempFile, [Identity; N]) {
    let ca_key = rcgen::KeyPair::generate().unwrap();
    let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
    ca.distinguished_name.push(rcgen::DnType::CommonName, "test authority");
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ca.self_signed(&ca_key).unwrap().pem()).unwrap();
    let issuer = rcgen::Issuer::new(ca, ca_key);
    let identities = names.map(|name| {
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        Identity::from_pkcs8(leaf.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap()
    });
    (file, identities)
}

fn client(ca_file: PathBuf, proxy: String) -> HttpClient {
    let proxies = Proxies::of(&move |name| (name == "https_proxy").then(|| proxy.clone()));
    HttpClient::new(&Trust::new(), Some(&ca_file), Transcript::default(), &proxies)
}

/// A proxy inside TLS that answers CONNECT with `answer`, and then is the host itself.
fn proxy(of_proxy: Identity, of_host: Identity, answer: &'static str) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let Ok(outer) = TlsAcceptor::new(of_proxy).unwrap().accept(stream) else { return String::new() };
        let mut outer = BufReader::new(outer);
        let mut request = String::new();
        while !request.ends_with("\r\n\r\n") {
            assert!(outer.read_line(&mut request).unwrap() > 0);
        }
        outer.get_mut().write_all(answer.as_bytes()).unwrap();
        if let Ok(mut inner) = TlsAcceptor::new(of_host).unwrap().accept(outer.into_inner()) {
            let _ = inner.read(&mut [0; 4096]);
            let _ = inner.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
        }
        request
    });
    (port, serving)
}

#[test]
fn a_proxy_inside_tls_is_verified_and_what_goes_through_it_is_tls_again() {
    let (ca, [of_proxy, of_host]) = authority(["localhost", "login.example"]);
    let (port, serving) = proxy(of_proxy, of_host, "HTTP/1.1 200 Connection established\r\n\r\n");
    let client = client(ca.path().to_owned(), format!("https://ann:pass@localhost:{port}"));
    let answer = client.get(&"https://login.example/".parse().unwrap()).unwrap();
    assert_eq!((answer.status, &answer.body[..]), (200, &b"{}"[..]));
    let request = serving.join().unwrap();
    assert!(request.starts_with("CONNECT login.example:443 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("Proxy-Authorization: Basic YW5uOnBhc3M="), "{request}");
}

#[test]
fn a_proxy_with_another_name_gets_no_password() {
    let (ca, [of_proxy, of_host]) = authority(["other.example", "login.example"]);
    let (port, serving) = proxy(of_proxy, of_host, "HTTP/1.1 200 OK\r\n\r\n");
    let client = client(ca.path().to_owned(), format!("https://ann:pass@localhost:{port}"));
    let kind = client.get(&"https://login.example/".parse().unwrap()).err().expect("a failure").kind;
    let FailureKind::Proxy(ProxyTrouble { fault: ProxyFault::NotReached(cause), .. }) = &kind else {
        panic!("{kind:?}")
    };
    assert!(matches!(**cause, FailureKind::Tls(_)), "{kind:?}");
    assert_eq!(serving.join().unwrap(), "");
}
