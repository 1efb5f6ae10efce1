//! Every key here is made here, by OpenSSL, and its signatures are checked by OpenSSL or ring.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::civil::date;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Verifier};
use openssl::symm::Cipher;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::*;
use crate::failure::{CredentialFault, FailureKind};
use crate::profile::SigningAlgorithm;

const PASSPHRASE: &str = "correct horse";
const TODAY: jiff::civil::Date = date(2026, 11, 28);

fn now() -> Timestamp {
    "2026-11-28T12:00:00Z".parse().unwrap()
}

fn rsa(bits: u32) -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap()
}

fn ec(curve: Nid) -> PKey<Private> {
    PKey::from_ec_key(EcKey::generate(&EcGroup::from_curve_name(curve).unwrap()).unwrap()).unwrap()
}

static RSA: LazyLock<PKey<Private>> = LazyLock::new(|| rsa(2048));
static EC: LazyLock<PKey<Private>> = LazyLock::new(|| ec(Nid::X9_62_PRIME256V1));

fn text(pem: Result<Vec<u8>, openssl::error::ErrorStack>) -> String {
    String::from_utf8(pem.unwrap()).unwrap()
}

fn clear(key: &PKey<Private>) -> String {
    text(key.private_key_to_pem_pkcs8())
}

/// A certificate of `key` that is valid on these days.
fn certified(key: &PKey<Private>, from: jiff::civil::Date, days: i64) -> String {
    use openssl::asn1::{Asn1Integer, Asn1Time};
    use openssl::bn::BigNum;
    let second = |date: jiff::civil::Date| date.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_second();
    let mut name = openssl::x509::X509Name::builder().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, "mailgrant test").unwrap();
    let name = name.build();
    let mut made = openssl::x509::X509::builder().unwrap();
    made.set_version(2).unwrap();
    made.set_serial_number(&Asn1Integer::from_bn(&BigNum::from_u32(1).unwrap()).unwrap()).unwrap();
    made.set_subject_name(&name).unwrap();
    made.set_issuer_name(&name).unwrap();
    made.set_pubkey(key).unwrap();
    made.set_not_before(&Asn1Time::from_unix(second(from)).unwrap()).unwrap();
    made.set_not_after(&Asn1Time::from_unix(second(from) + days * 86_400).unwrap()).unwrap();
    made.sign(key, MessageDigest::sha256()).unwrap();
    text(made.build().to_pem())
}

fn valid(key: &PKey<Private>) -> String {
    certified(key, TODAY, 30)
}

/// A folder with files of an app.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file that is ours alone.
    fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let _ = std::fs::remove_file(self.path(name));
        crate::files::create_private(&self.path(name), contents.as_ref()).unwrap();
    }

    /// One file for key and certificate.
    fn one(&self, contents: impl AsRef<[u8]>) -> CertificateSpec {
        self.write("app.pem", contents);
        plain(self.path("app.pem"), None)
    }

    /// Two files.
    fn two(&self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> CertificateSpec {
        self.write("app.crt", certificate);
        self.write("app.key", key);
        plain(self.path("app.crt"), Some(self.path("app.key")))
    }
}

fn plain(file: PathBuf, key_file: Option<PathBuf>) -> CertificateSpec {
    CertificateSpec { file, key_file, algorithm: None, key_id: None, previous: None, next: None }
}

fn opened(spec: &CertificateSpec, passphrase: Option<&str>) -> Result<Arc<Signed>, Failure> {
    let passphrase = passphrase.map(SecretString::from);
    signed(&"my-app".parse().unwrap(), spec, now(), &|| Ok(passphrase.clone()))
}

fn endpoint() -> EndpointUrl {
    "https://login.example/tenant/oauth2/v2.0/token".parse().unwrap()
}

/// The header and claims of an assertion whose signature `key` has made.
fn verified(assertion: &SecretString, key: &PKey<Private>) -> (Value, Value) {
    let parts: Vec<&str> = assertion.expose_secret().split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("not three parts") };
    let signed = format!("{header}.{claims}");
    let bytes = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
    let json = |part: &str| serde_json::from_slice::<Value>(&bytes(part)).unwrap();
    let (header, signature) = (json(header), bytes(signature));
    if header["alg"] == "ES256" {
        let signature = openssl::ecdsa::EcdsaSig::from_private_components(
            openssl::bn::BigNum::from_slice(&signature[..32]).unwrap(),
            openssl::bn::BigNum::from_slice(&signature[32..]).unwrap(),
        );
        let digest = openssl::hash::hash(MessageDigest::sha256(), signed.as_bytes()).unwrap();
        assert!(signature.unwrap().verify(&digest, &key.ec_key().unwrap()).unwrap());
    } else {
        let mut verifier = Verifier::new(MessageDigest::sha256(), key).unwrap();
        if header["alg"] == "PS256" {
            verifier.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
            verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH).unwrap();
        }
        assert!(verifier.verify_oneshot(&signature, signed.as_bytes()).unwrap());
    }
    (header, json(claims))
}

fn fault_of(result: Result<Arc<Signed>, Failure>) -> CredentialFault {
    match result.map(|_| ()).unwrap_err().kind {
        FailureKind::Credential(fault) => fault,
        other => panic!("{other:?}"),
    }
}

fn thumbprint(pem: &str, digest: MessageDigest) -> String {
    let certificate = openssl::x509::X509::from_pem(pem.as_bytes()).unwrap();
    BASE64_URL_SAFE_NO_PAD.encode(certificate.digest(digest).unwrap())
}

#[test]
fn every_form_of_a_key_signs_what_its_certificate_verifies() {
    let home = Home::new();
    let passphrase = PASSPHRASE.as_bytes();
    let pkcs1 = text(RSA.rsa().unwrap().private_key_to_pem());
    let sec1 = text(EC.ec_key().unwrap().private_key_to_pem());
    let locked = |key: &PKey<Private>| text(key.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), passphrase));
    let attributes = "Bag Attributes\r\n    friendlyName: shop: key\r\n";
    let rows: [(&PKey<Private>, String); 7] = [
        (&RSA, clear(&RSA)),
        (&RSA, pkcs1),
        (&RSA, locked(&RSA)),
        (&EC, clear(&EC)),
        (&EC, sec1),
        (&EC, locked(&EC)),
        (&RSA, format!("{attributes}{}", clear(&RSA).replace('\n', "\r\n"))),
    ];
    for (key, of_key) in rows {
        let certificate = valid(key);
        let of_another = valid(if key.rsa().is_ok() { &EC } else { &RSA });
        let specs = [
            home.one(format!("{of_key}{certificate}")),
            home.two(&certificate, &of_key),
            home.two(format!("# ours\n{of_another}{certificate}"), &of_key),
        ];
        for (number, spec) in specs.into_iter().enumerate() {
            if number < 2 {
                // The second spec has overwritten no file of the first; the third has of the second.
                home.two(&certificate, &of_key);
            }
            let assertion = opened(&spec, Some(PASSPHRASE)).unwrap().sign(&endpoint(), now()).unwrap();
            let (header, claims) = verified(&assertion, key);
            assert_eq!(header["x5t#S256"], thumbprint(&certificate, MessageDigest::sha256()), "{header}");
            assert_eq!((&header["typ"], &header["x5t"]), (&"JWT".into(), &Value::Null));
            assert_eq!(header["alg"], if key.rsa().is_ok() { "PS256" } else { "ES256" });
            assert_eq!(claims["aud"], "https://login.example/tenant/oauth2/v2.0/token");
            assert_eq!((&claims["iss"], &claims["sub"]), (&"my-app".into(), &"my-app".into()));
            let second = now().as_second();
            assert_eq!((claims["iat"].as_i64(), claims["nbf"].as_i64()), (Some(second), Some(second - 300)));
            assert_eq!(claims["exp"].as_i64(), Some(second + 300));
        }
    }
}

#[test]
fn an_older_server_gets_rs256_and_the_sha1() {
    let home = Home::new();
    let certificate = valid(&RSA);
    let spec = CertificateSpec {
        algorithm: Some(SigningAlgorithm::Rs256),
        ..home.one(format!("{}{certificate}", clear(&RSA)))
    };
    let (header, _) = verified(&opened(&spec, None).unwrap().sign(&endpoint(), now()).unwrap(), &RSA);
    assert_eq!(header["alg"], "RS256");
    assert_eq!(
        (&header["x5t"], &header["x5t#S256"]),
        (&thumbprint(&certificate, MessageDigest::sha1()).into(), &Value::Null)
    );
}

#[test]
fn no_two_assertions_are_alike() {
    let home = Home::new();
    let assertions = opened(&home.one(clear(&EC) + &valid(&EC)), None).unwrap();
    let id = || verified(&assertions.sign(&endpoint(), now()).unwrap(), &EC).1["jti"].clone();
    assert_ne!(id(), id());
}

#[test]
fn a_renewed_key_signs_from_then_on() {
    let home = Home::new();
    let spec = home.one(clear(&RSA) + &valid(&RSA));
    let assertions = opened(&spec, None).unwrap();
    verified(&assertions.sign(&endpoint(), now()).unwrap(), &RSA);
    home.write("app.pem", clear(&EC) + &valid(&EC));
    verified(&assertions.sign(&endpoint(), now()).unwrap(), &EC);
    std::fs::remove_file(&spec.file).unwrap();
    let gone = assertions.sign(&endpoint(), now()).unwrap_err();
    assert!(matches!(gone.kind, FailureKind::Credential(fault) if fault.code.as_str() == "certificate-file-missing"));
}

/// What is wrong, and how it is called.
type Row = (&'static str, CertificateSpec, &'static str, Option<&'static str>);

#[test]
fn each_mistake_has_its_own_name_before_anything_is_sent() {
    let home = &Home::new();
    let numbered = std::cell::Cell::new(0);
    // A folder for each row: a later one must not replace its files.
    let folder = || {
        numbered.set(numbered.get() + 1);
        let path = home.path(&numbered.get().to_string());
        std::fs::create_dir(&path).unwrap();
        path
    };
    let file = |contents: &[u8]| {
        let path = folder().join("app.pem");
        crate::files::create_private(&path, contents).unwrap();
        path
    };
    let one = |contents: &[u8]| plain(file(contents), None);
    let two = |certificate: &str, key: &str| CertificateSpec {
        key_file: Some(file(key.as_bytes())),
        ..one(certificate.as_bytes())
    };
    let by = |algorithm, spec| CertificateSpec { algorithm: Some(algorithm), ..spec };
    let key = clear(&RSA);
    let good = valid(&RSA);
    let both = |certificate: String| one((key.clone() + &certificate).as_bytes());
    let legacy = text(RSA.rsa().unwrap().private_key_to_pem_passphrase(Cipher::aes_256_cbc(), b"x"));
    let locked = text(RSA.private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), PASSPHRASE.as_bytes()));
    let old = text(RSA.private_key_to_pem_pkcs8_passphrase(Cipher::des_ede3_cbc(), PASSPHRASE.as_bytes()));
    let short = rsa(1024);
    let p384 = ec(Nid::SECP384R1);
    let der = openssl::x509::X509::from_pem(good.as_bytes()).unwrap().to_der().unwrap();
    let pfx = openssl::pkcs12::Pkcs12::builder().pkey(&RSA).build2("x").unwrap().to_der().unwrap();
    let utf16: Vec<u8> = "\u{feff}-----BEGIN".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let ed25519 = PKey::generate_ed25519().unwrap();
    let missing = plain(folder().join("app.pem"), None);
    let directory = plain(folder(), Some(file(key.as_bytes())));
    let rows: Vec<Row> = vec![
        ("missing", missing, "certificate-file-missing", None),
        ("a folder", directory, "certificate-file-unreadable", None),
        ("large", one(&[b'#'; 70_000]), "certificate-file-too-large", None),
        ("empty", one(b""), "certificate-not-pem", None),
        ("DER", one(&der), "certificate-not-pem", Some("der")),
        ("PFX", one(&pfx), "certificate-not-pem", Some("pfx")),
        ("UTF-16", one(&utf16), "certificate-not-pem", Some("utf-16")),
        ("no end", one(&key.as_bytes()[..400]), "certificate-damaged", None),
        ("not base64", one(key.replace("\nMI", "\n!!").as_bytes()), "certificate-damaged", None),
        ("cut", one(b"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n"), "certificate-none", None),
        ("no key", one(good.as_bytes()), "certificate-no-key", None),
        ("public", two(&good, &text(RSA.public_key_to_pem())), "certificate-key-is-public", None),
        ("no certificate", one(key.as_bytes()), "certificate-none", None),
        (
            "request",
            two("-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n", &key),
            "certificate-none",
            Some("request"),
        ),
        (
            "no DER",
            two("-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n", &key),
            "certificate-damaged",
            None,
        ),
        (
            "no key in it",
            two(&good, "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"),
            "certificate-damaged",
            None,
        ),
        ("mismatch", both(valid(&rsa(2048))), "certificate-key-mismatch", None),
        ("kinds differ", two(&good, &clear(&EC)), "certificate-key-mismatch", Some("two-files")),
        ("expired", both(certified(&RSA, date(2026, 10, 1), 30)), "certificate-expired", None),
        ("early", both(certified(&RSA, date(2027, 1, 1), 30)), "certificate-not-yet-valid", None),
        ("clock", both(certified(&RSA, date(2026, 11, 29), 30)), "certificate-not-yet-valid", Some("clock")),
        ("locked", two(&good, &locked), "certificate-passphrase-missing", None),
        ("legacy", two(&good, &legacy), "certificate-key-old-encryption", None),
        ("3DES", two(&good, &old), "certificate-key-old-encryption", Some("scheme")),
        ("1024", one((clear(&short) + &valid(&short)).as_bytes()), "certificate-key-too-short", None),
        ("P-384", two(&valid(&p384), &clear(&p384)), "certificate-key-unsupported", None),
        ("Ed25519", two(&good, &clear(&ed25519)), "certificate-key-unsupported", None),
        (
            "OpenSSH",
            two(&good, "-----BEGIN OPENSSH PRIVATE KEY-----\nMA==\n-----END OPENSSH PRIVATE KEY-----\n"),
            "certificate-key-unsupported",
            None,
        ),
        ("ES256", by(SigningAlgorithm::Es256, both(good.clone())), "certificate-algorithm-unfit", None),
        ("PS256", by(SigningAlgorithm::Ps256, two(&valid(&EC), &clear(&EC))), "certificate-algorithm-unfit", None),
    ];
    for (what, spec, code, case) in rows {
        let fault = fault_of(opened(&spec, None));
        assert_eq!((fault.code.as_str(), fault.cases.first().copied()), (code, case), "{what}");
        let words = crate::diagnosis::finding(&FailureKind::Credential(fault).into(), Default::default());
        assert!(
            !words.fix.is_empty() && words.cause.contains(home.0.path().to_str().unwrap()),
            "{what}: {}",
            words.cause
        );
    }
    let wrong = fault_of(opened(&two(&good, &locked), Some("battery staple")));
    assert_eq!(wrong.code.as_str(), "certificate-passphrase-wrong");
}

#[cfg(unix)]
#[test]
fn a_key_that_others_can_read_signs_nothing_and_a_mounted_one_does() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let home = Home::new();
    let spec = home.two(valid(&EC), clear(&EC));
    let open_to = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    // The certificate is public.
    open_to(&spec.file, 0o644);
    opened(&spec, None).unwrap();
    open_to(&home.path("app.key"), 0o640);
    assert_eq!(fault_of(opened(&spec, None)).code.as_str(), "certificate-key-exposed");
    open_to(&home.path("app.key"), 0o400);
    // As Kubernetes mounts a secret.
    symlink("app.key", home.path("link.key")).unwrap();
    opened(&CertificateSpec { key_file: Some(home.path("link.key")), ..spec }, None).unwrap();
}

#[test]
fn a_key_that_asks_for_endless_rounds_is_refused_at_once() {
    let home = Home::new();
    let (salt, iv) = ([0; 16], [0; 16]);
    let scheme = pkcs5::pbes2::Parameters::pbkdf2_sha256_aes256cbc(90_000_000, &salt, &iv).unwrap();
    let locked = pkcs8::EncryptedPrivateKeyInfo { encryption_algorithm: scheme.into(), encrypted_data: &[0; 64] };
    let der = pkcs8::der::Encode::to_der(&locked).unwrap();
    let spec = home.two(valid(&EC), pem::block("ENCRYPTED PRIVATE KEY", &der).as_bytes());
    let fault = fault_of(opened(&spec, Some(PASSPHRASE)));
    assert_eq!((fault.code.as_str(), fault.cases.first()), ("certificate-key-old-encryption", Some(&"scheme")));
}

#[test]
fn what_is_made_can_be_used_and_read_by_openssl() {
    let home = Home::new();
    let passphrase = SecretString::from(PASSPHRASE);
    for (kind, passphrase) in [(KeyKind::Rsa, None), (KeyKind::Ec, Some(&passphrase))] {
        let made = make(Wanted { name: "mailgrant shop", kind, from: TODAY, days: 180, passphrase }).unwrap();
        let text = passphrase.map(|_| PASSPHRASE);
        let read = PKey::private_key_from_pem_passphrase(made.both.as_bytes(), PASSPHRASE.as_bytes()).unwrap();
        let spec = home.one(made.both.as_bytes());
        verified(&opened(&spec, text).unwrap().sign(&endpoint(), now()).unwrap(), &read);
        assert_eq!(certificate(&spec).unwrap(), made.certificate);
        assert_eq!(made.certificate.subject, *"CN=mailgrant shop");
        assert_eq!(made.certificate.last_day(), date(2027, 5, 27));
        let judged = openssl::x509::X509::from_pem(made.public.as_bytes()).unwrap();
        assert!(judged.verify(&read).unwrap());
        let life = judged.not_before().diff(judged.not_after()).unwrap();
        assert_eq!((life.days, life.secs), (180, 0));
        if kind == KeyKind::Rsa {
            assert_eq!(read.bits(), 3072);
        }
        assert_eq!(made.both.contains("ENCRYPTED"), passphrase.is_some());
        assert!(!made.public.contains("PRIVATE"));
    }
}

#[test]
fn a_proof_has_the_claims_that_the_directory_wants() {
    let home = Home::new();
    for (key, algorithm, named) in [(&*RSA, "RS256", "x5t"), (&*EC, "ES256", "x5t#S256")] {
        let spec = home.one(format!("{}{}", clear(key), valid(key)));
        let proof = opened(&spec, None).unwrap().proof("object", "directory", now()).unwrap();
        let (header, claims) = verified(&proof, key);
        assert!(header["alg"] == algorithm && header[named].is_string(), "{header}");
        let life = claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap();
        assert!(claims["iss"] == "object" && claims["aud"] == "directory" && life == 600, "{claims}");
    }
}
