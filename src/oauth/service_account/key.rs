//! A service account with a key: it signs for itself.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use zeroize::Zeroizing;

use super::file::KeyFile;
use super::statement::{Delegation, ServiceAccount};
use crate::failure::{CredentialFault, Failure, FailureKind};
use crate::finding_code::FindingCode;
use crate::net::HttpClient;
use crate::profile::Address;

/// The key of an account, ready to sign.
pub(super) struct Key {
    account: Address,
    id: String,
    pair: RsaKeyPair,
}

impl Key {
    /// The key in `file`.
    ///
    /// # Errors
    /// If it is not an RSA key of at least 2048 bits in PEM.
    pub(super) fn read(file: &KeyFile) -> Result<Self, Failure> {
        let der = decoded(&file.private_key)?;
        let pair = RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der));
        let pair = pair.map_err(|_| damaged("unusable"))?;
        Ok(Self { account: file.account.clone(), id: file.key_id.clone(), pair })
    }
}

impl ServiceAccount for Key {
    fn assertion(&self, delegation: &Delegation<'_>, _: &HttpClient) -> Result<SecretString, Failure> {
        // RFC 7515 §3.1: both parts in base64url, with a dot between them.
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.id });
        let signed = format!("{}.{}", part(header), part(delegation.claims(&self.account)));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).map_err(|_| {
            Failure::new(FailureKind::Local {
                what: "sign with the service account's key".into(),
                reason: "the system gave no random numbers".into(),
            })
        })?;
        Ok(SecretString::from(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))))
    }
}

/// The bytes of a PEM block. A file that went through a shell or a variable may have `\n` in letters for its line ends.
fn decoded(pem: &SecretString) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let (_, behind) = pem.expose_secret().split_once("-----BEGIN ").ok_or_else(|| damaged("unusable"))?;
    let (label, behind) = behind.split_once("-----").ok_or_else(|| damaged("cut"))?;
    match label {
        "PRIVATE KEY" | "RSA PRIVATE KEY" => {}
        "ENCRYPTED PRIVATE KEY" => return Err(damaged("encrypted")),
        _ => return Err(damaged("unusable")),
    }
    let (inside, _) = behind.split_once("-----END").ok_or_else(|| damaged("cut"))?;
    let mut letters = Zeroizing::new(String::with_capacity(inside.len()));
    inside.split("\\n").flat_map(str::split_whitespace).for_each(|line| letters.push_str(line));
    let bytes = BASE64_STANDARD.decode(letters.as_bytes());
    bytes.map(Zeroizing::new).map_err(|_| damaged("cut"))
}

fn damaged(case: &'static str) -> Failure {
    CredentialFault::new(FindingCode::SERVICE_ACCOUNT_KEY_DAMAGED).case(case).into()
}
