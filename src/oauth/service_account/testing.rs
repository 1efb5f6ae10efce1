//! Keys of service accounts, made by the test, and the files that Google hands out for them.

use std::sync::OnceLock;

use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::sign::Verifier;
use serde_json::{Value, json};

/// The address of the account.
pub(crate) const ACCOUNT: &str = "mail@shop-1234.iam.gserviceaccount.com";
/// Its number.
pub(crate) const NUMBER: &str = "103821043821043821043";

/// The file of the usual key, as Google writes it for the token endpoint `token`.
pub(crate) fn key_file(token: &str) -> Value {
    json!({
        "type": "service_account",
        "project_id": "shop-1234",
        "private_key_id": "0123456789abcdef",
        "private_key": Rsa::usual().pem(),
        "client_email": ACCOUNT,
        "client_id": NUMBER,
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token,
        "universe_domain": "googleapis.com",
    })
}

/// A key.
pub(crate) struct Rsa(PKey<Private>);

impl Rsa {
    fn new(bits: u32) -> Self {
        Self(PKey::from_rsa(openssl::rsa::Rsa::generate(bits).unwrap()).unwrap())
    }

    /// One of the size that Google hands out.
    pub(crate) fn usual() -> &'static Self {
        static KEY: OnceLock<Rsa> = OnceLock::new();
        KEY.get_or_init(|| Self::new(2048))
    }

    /// One that is too small to be safe.
    pub(crate) fn short() -> Self {
        Self::new(1024)
    }

    /// The key as PKCS#8 in PEM.
    pub(crate) fn pem(&self) -> String {
        String::from_utf8(self.0.private_key_to_pem_pkcs8().unwrap()).unwrap()
    }

    /// The key as PKCS#1 in PEM.
    pub(crate) fn pkcs1_pem(&self) -> String {
        String::from_utf8(self.0.rsa().unwrap().private_key_to_pem().unwrap()).unwrap()
    }

    /// Whether it has signed `bytes` (RS256).
    pub(crate) fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        let mut verifier = Verifier::new(MessageDigest::sha256(), &self.0).unwrap();
        verifier.verify_oneshot(signature, bytes).unwrap()
    }
}
