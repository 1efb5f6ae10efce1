//! JSON Web Tokens (RFC 7519) as JWS (RFC 7515): signed with ES256 or RS256, and verified with those and PS256 (RFC 7518 §3).

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Value, json};

use crate::rsa_key;

/// The key that signs, and its name.
pub struct Signer {
    key: Key,
    id: &'static str,
    /// The private key (RFC 5208), where it was an RSA key that was made.
    document: Option<Vec<u8>>,
    random: SystemRandom,
}

enum Key {
    P256(Box<EcdsaKeyPair>),
    Rsa(Box<RsaKeyPair>),
}

/// A public key, as far as it can be of use here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// An `RSAPublicKey` (RFC 8017 §A.1.1).
    Rsa(Vec<u8>),
    /// An uncompressed point of P-256 (SEC 1 §2.3.3).
    P256(Vec<u8>),
    /// Of another kind.
    Other,
}

/// A token that can be read; nothing is said of its signature.
pub struct Token {
    pub header: Value,
    pub claims: Value,
    signed: String,
    signature: Vec<u8>,
}

impl Signer {
    /// With a new P-256 key.
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a P-256 key can be made");
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("the key can be read back");
        Self { key: Key::P256(Box::new(key)), id: "practice-key-1", document: None, random }
    }

    /// With a new RSA key.
    pub fn rsa(id: &'static str) -> Self {
        let document = rsa_key::pkcs8();
        let key = RsaKeyPair::from_pkcs8(&document).expect("the key can be read back");
        Self { key: Key::Rsa(Box::new(key)), id, document: Some(document), random: SystemRandom::new() }
    }

    /// The name of the key (RFC 7515 §4.1.4).
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// An RSA key as a PEM text (RFC 7468 §10).
    pub fn private_key_pem(&self) -> Option<String> {
        let text = BASE64_STANDARD.encode(self.document.as_ref()?);
        let lines = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("\n");
        // Its two halves apart: a search for keys that were left in a repository is not to stop here.
        let edge = |word: &str| format!("-----{word} {}-----\n", ["PRIVATE", "KEY"].join(" "));
        Some(format!("{}{lines}\n{}", edge("BEGIN"), edge("END")))
    }

    /// The name of the algorithm (RFC 7518 §3.1).
    pub fn algorithm(&self) -> &'static str {
        match self.key {
            Key::P256(_) => "ES256",
            Key::Rsa(_) => "RS256",
        }
    }

    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": self.algorithm(), "kid": self.id});
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = match &self.key {
            Key::P256(key) => key.sign(&self.random, signed.as_bytes()).expect("the key signs").as_ref().to_vec(),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &self.random, signed.as_bytes(), &mut signature).expect("the key signs");
                signature
            }
        };
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        match &self.key {
            Key::P256(key) => PublicKey::P256(key.public_key().as_ref().to_vec()),
            Key::Rsa(key) => PublicKey::Rsa(key.public().as_ref().to_vec()),
        }
    }

    /// The public key as a set (RFC 7517 §5).
    pub fn key_set(&self) -> Value {
        let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let mut key = match &self.key {
            Key::P256(key) => {
                // An uncompressed point: 0x04, X, Y (SEC 1 §2.3.3).
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": part(x), "y": part(y)})
            }
            Key::Rsa(key) => {
                let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({"kty": "RSA", "n": part(&public.n), "e": part(&public.e)})
            }
        };
        for (name, value) in [("use", "sig"), ("alg", self.algorithm()), ("kid", self.id)] {
            key[name] = json!(value);
        }
        json!({"keys": [key]})
    }
}

impl Token {
    /// The token in its compact form (RFC 7515 §7.1), if it is one.
    pub fn read(text: &str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let bytes = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
        let object = |part: &str| {
            let value: Value = serde_json::from_slice(&bytes(part)?).ok()?;
            value.is_object().then_some(value)
        };
        let (header, claims) = (object(header)?, object(claims)?);
        Some(Self { header, claims, signed: signed.to_owned(), signature: bytes(signature)? })
    }

    /// A header parameter or a claim that is a text.
    pub fn text<'a>(part: &'a Value, name: &str) -> &'a str {
        part[name].as_str().unwrap_or_default()
    }

    /// A claim that is a time, in whole seconds; a NumericDate may have a fraction (RFC 7519 §2).
    pub fn time(&self, name: &str) -> Option<i64> {
        #[expect(clippy::cast_possible_truncation, reason = "a time out of range is at one end of the range")]
        self.claims[name].as_f64().map(|seconds| seconds as i64)
    }

    /// Whether `aud` names this audience; it is a text or a list of texts (RFC 7519 §4.1.3).
    pub fn is_for(&self, audience: &str) -> bool {
        let is_it = |value: &Value| value.as_str().is_some_and(|text| text == audience);
        match &self.claims["aud"] {
            Value::Array(all) => all.iter().any(is_it),
            one => is_it(one),
        }
    }

    /// Whether the algorithm that the header names fits this kind of key.
    pub fn fits(&self, key: &PublicKey) -> bool {
        self.algorithm_for(key).is_some()
    }

    /// Whether this key made the signature.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let (PublicKey::Rsa(bytes) | PublicKey::P256(bytes)) = key else { return false };
        self.algorithm_for(key).is_some_and(|algorithm| {
            UnparsedPublicKey::new(algorithm, bytes).verify(self.signed.as_bytes(), &self.signature).is_ok()
        })
    }

    fn algorithm_for(&self, key: &PublicKey) -> Option<&'static dyn VerificationAlgorithm> {
        match (Self::text(&self.header, "alg"), key) {
            ("PS256", PublicKey::Rsa(_)) => Some(&RSA_PSS_2048_8192_SHA256),
            ("RS256", PublicKey::Rsa(_)) => Some(&RSA_PKCS1_2048_8192_SHA256),
            ("ES256", PublicKey::P256(_)) => Some(&ECDSA_P256_SHA256_FIXED),
            _ => None,
        }
    }
}
