//! Tokens in JWT's clothes (RFC 7519), signed with ES256 (RFC 7518 §3.4).

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

const KEY_ID: &str = "practice-key-1";

/// The key that signs.
pub struct Signer {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a P-256 key can be made");
        let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("the key can be read back");
        Self { key, random }
    }

    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": "ES256", "kid": KEY_ID});
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.key.sign(&self.random, signed.as_bytes()).expect("the key signs");
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// The public key (RFC 7517).
    pub fn key_set(&self) -> Value {
        // An uncompressed point: 0x04, X, Y (SEC 1 §2.3.3).
        let point = self.key.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        let part = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let key = json!({"kty": "EC", "use": "sig", "alg": "ES256", "kid": KEY_ID, "crv": "P-256", "x": part(x), "y": part(y)});
        json!({"keys": [key]})
    }
}
