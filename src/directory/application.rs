//! What an app registration has: its secrets and certificates as a directory lists them, never their values.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::answer::{Answer, shown};
use crate::failure::{Failure, FailureKind};
use crate::profile::{KeyId, ObjectId};
use crate::text::{Redactor, Shown};

/// How many characters of a secret its hint has.
const HINT: usize = 3;

/// An app registration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Application {
    /// What the directory calls the registration.
    pub object_id: Option<ObjectId>,
    /// When it was registered, where that is known.
    pub created: Option<Timestamp>,
    /// Its client secrets, those that have ended among them.
    pub secrets: Vec<Secret>,
    /// Its certificates.
    pub certificates: Vec<Certificate>,
}

/// A client secret as the directory shows it (`passwordCredential`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its ID.
    pub key_id: KeyId,
    /// Its name ("Description" in the portal), safe to show; none where it has none.
    pub name: Option<Shown>,
    /// When it begins.
    pub starts: Option<Timestamp>,
    /// When it ends.
    pub ends: Option<Timestamp>,
    display_name: Option<String>,
    /// The first characters of the value. Never shown: it is a part of a secret.
    hint: Option<String>,
}

/// A certificate (`keyCredential`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its ID.
    pub key_id: KeyId,
    /// Its name, safe to show.
    pub name: Option<Shown>,
    /// When it ends.
    pub ends: Option<Timestamp>,
}

/// A secret that the directory has just given out.
#[derive(Debug)]
pub struct IssuedSecret {
    /// Its ID.
    pub key_id: KeyId,
    /// The secret, which is shown this once.
    pub value: SecretString,
    /// When it ends.
    pub ends: Option<Timestamp>,
}

/// Which of a registration's secrets a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match<'a> {
    /// This one.
    One(&'a Secret),
    /// None of them.
    None,
    /// One of these: they begin with the same characters.
    Several(Vec<&'a Secret>),
}

impl Secret {
    /// Whether `value` begins as this secret does. Two secrets may begin alike.
    #[must_use]
    pub fn may_be(&self, value: &SecretString) -> bool {
        let begins = Zeroizing::new(value.expose_secret().chars().take(HINT).collect::<String>());
        self.hint.as_ref().is_some_and(|hint| !hint.is_empty() && *hint == *begins)
    }

    /// Whether it has a name, and `is_meant` says yes to it.
    pub fn has_name(&self, is_meant: impl FnOnce(&str) -> bool) -> bool {
        self.display_name.as_deref().is_some_and(is_meant)
    }
}

impl Application {
    /// Which of the secrets `value` is, by its first characters.
    #[must_use]
    pub fn find(&self, value: &SecretString) -> Match<'_> {
        let found: Vec<&Secret> = self.secrets.iter().filter(|secret| secret.may_be(value)).collect();
        match found.as_slice() {
            [] => Match::None,
            [one] => Match::One(one),
            _ => Match::Several(found),
        }
    }

    /// The secret with this ID.
    #[must_use]
    pub fn secret(&self, key_id: &KeyId) -> Option<&Secret> {
        self.secrets.iter().find(|secret| secret.key_id == *key_id)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApplicationFile {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    created_date_time: Option<String>,
    #[serde(default)]
    password_credentials: Vec<CredentialFile>,
    #[serde(default)]
    key_credentials: Vec<CredentialFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialFile {
    key_id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    hint: Option<String>,
    #[serde(default)]
    start_date_time: Option<String>,
    #[serde(default)]
    end_date_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IssuedFile {
    key_id: String,
    secret_text: String,
    #[serde(default)]
    end_date_time: Option<String>,
}

pub(super) fn read(answer: &Answer) -> Result<Application, Failure> {
    let file: ApplicationFile = answer.json()?;
    // An ID that is none names nothing that could be removed.
    let secret = |file: CredentialFile| {
        Some(Secret {
            key_id: file.key_id.parse().ok()?,
            name: shown(file.display_name.clone()),
            starts: moment(file.start_date_time.as_deref()),
            ends: moment(file.end_date_time.as_deref()),
            display_name: file.display_name,
            hint: file.hint,
        })
    };
    let certificate = |file: CredentialFile| {
        let ends = moment(file.end_date_time.as_deref());
        Some(Certificate { key_id: file.key_id.parse().ok()?, name: shown(file.display_name), ends })
    };
    Ok(Application {
        object_id: file.id.and_then(|id| id.parse().ok()),
        created: moment(file.created_date_time.as_deref()),
        secrets: file.password_credentials.into_iter().filter_map(secret).collect(),
        certificates: file.key_credentials.into_iter().filter_map(certificate).collect(),
    })
}

pub(super) fn read_issued(answer: &Answer, redactor: &Redactor) -> Result<IssuedSecret, Failure> {
    let file: IssuedFile = answer.json()?;
    let value = SecretString::from(file.secret_text);
    redactor.learn(&value);
    let wrong = |what: &'static str| FailureKind::Unreadable { what: what.into() };
    if value.expose_secret().is_empty() {
        return Err(wrong("the directory's answer to POST addPassword: it has no secret").into());
    }
    let key_id = file.key_id.parse().map_err(|_| wrong("the directory's answer to POST addPassword: it has no ID"))?;
    Ok(IssuedSecret { key_id, value, ends: moment(file.end_date_time.as_deref()) })
}

/// An instant (RFC 3339), as Graph writes it: with up to seven digits behind the second.
fn moment(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}
