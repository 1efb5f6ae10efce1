//! The certificates of an app, changed by the app itself (Graph's `addKey` and `removeKey`). It needs no permission for that: a
//! proof, signed with the key of a certificate that is valid there, says that it is the app.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use oauth2::http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Directory, Planned, Removal, status};
use crate::failure::Failure;
use crate::profile::{EndpointUrl, KeyId, ObjectId};
use crate::text::{Redactor, Shown};

/// Whom a proof is for: the directory service that Graph stands on.
pub const PROOF_AUDIENCE: &str = "00000002-0000-0000-c000-000000000000";

/// What Graph says where a certificate is named that the registration does not have.
const NO_SUCH_KEY: &str = "No key credential found";

#[derive(Deserialize)]
struct KeyFile {
    #[serde(default, rename = "keyId")]
    key_id: Option<String>,
}

impl Directory<'_> {
    /// Adds a certificate, in DER, to the registration `object`. Answers what the directory calls it, where it says so. The
    /// redactor learns the proof.
    ///
    /// # Errors
    /// As [`Directory::application`].
    pub fn add_key(
        &self,
        object: &ObjectId,
        name: &str,
        certificate: &[u8],
        proof: &SecretString,
    ) -> Result<Option<KeyId>, Failure> {
        self.http.transcript().redactor().learn(proof);
        let mut body = addition(name);
        body["keyCredential"]["key"] = BASE64_STANDARD.encode(certificate).into();
        body["proof"] = proof.expose_secret().into();
        let answer = self.ask(Method::POST, &self.key_url(object, "addKey")?, "POST addKey", Some(body))?;
        // What is not JSON names no ID either; the certificate is there.
        let file = answer.json::<KeyFile>().unwrap_or(KeyFile { key_id: None });
        Ok(file.key_id.and_then(|id| id.parse().ok()))
    }

    /// Removes a certificate. The redactor learns the proof.
    ///
    /// # Errors
    /// As [`Directory::application`].
    pub fn remove_key(&self, object: &ObjectId, key: &KeyId, proof: &SecretString) -> Result<Removal, Failure> {
        self.http.transcript().redactor().learn(proof);
        let body = json!({ "keyId": key.as_str(), "proof": proof.expose_secret() });
        match self.ask(Method::POST, &self.key_url(object, "removeKey")?, "POST removeKey", Some(body)) {
            Ok(_) => Ok(Removal::Removed),
            Err(failure) if is_no_such_key(&failure) => Ok(Removal::NotFound),
            Err(failure) => Err(failure),
        }
    }

    /// What [`Directory::add_key`] would send, without the certificate and the proof, which are made when it is sent.
    ///
    /// # Errors
    /// If the address of the directory cannot be extended.
    pub fn planned_key(&self, object: &ObjectId, name: &str) -> Result<Planned, Failure> {
        let url = Shown::of(self.key_url(object, "addKey")?);
        Ok(Planned { method: "POST", url, body: Redactor::by_shape(&addition(name).to_string()) })
    }

    /// What [`Directory::remove_key`] would send, without the proof.
    ///
    /// # Errors
    /// If the address of the directory cannot be extended.
    pub fn planned_key_removal(&self, object: &ObjectId, key: &KeyId) -> Result<Planned, Failure> {
        let url = Shown::of(self.key_url(object, "removeKey")?);
        Ok(Planned { method: "POST", url, body: Redactor::by_shape(&json!({ "keyId": key.as_str() }).to_string()) })
    }

    fn key_url(&self, object: &ObjectId, action: &str) -> Result<EndpointUrl, Failure> {
        self.url(&["applications", object.as_str(), action], None)
    }
}

fn addition(name: &str) -> Value {
    let key = json!({ "type": "AsymmetricX509Cert", "usage": "Verify", "displayName": name });
    json!({ "keyCredential": key, "passwordCredential": null })
}

fn is_no_such_key(failure: &Failure) -> bool {
    status(failure).is_some_and(|status| matches!(status, 400 | 404))
        && failure.server_said.as_deref().is_some_and(|words| words.contains(NO_SUCH_KEY))
}

/// Whether the directory takes the proof for none: it says so with the status of a token that it refuses, or it does not know
/// the registration that the proof names.
#[must_use]
pub fn is_proof_refused(failure: &Failure) -> bool {
    matches!(status(failure), Some(401 | 404))
}
