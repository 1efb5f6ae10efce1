//! The table of providers: a row for each, in a file for each family. A new provider is a new row, not a new branch.
//!
//! No live server of these providers was contacted while this was written: the values come from the providers'
//! documents, or, where a remark says so, from what users report. Every one can be overridden in the profile.

mod cloud;
mod family;
mod gone;
mod google;
mod microsoft;
mod oidc;
mod page;
mod row;
mod task;

pub use cloud::Cloud;
pub use family::Family;
pub use gone::InvalidGrant;
pub use page::{By, Page, PagePreset};
pub use row::{
    Audiences, ClientIdForm, Deployment, EndpointPreset, HostPreset, Provider, SelectAccount, ServicePreset,
    SignInPreset, Step,
};
pub use task::{Needed, Proof, Task, TaskStep};

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::Invalid;

/// All providers, in the order in which they are offered. The generic one comes last.
pub static ALL: [Provider; 4] = [
    Provider(&microsoft::MICROSOFT365),
    Provider(&microsoft::OUTLOOK),
    Provider(&google::GOOGLE),
    Provider(&oidc::OIDC),
];

static KEYS: [&str; ALL.len()] = {
    let mut keys = [""; ALL.len()];
    let mut at = 0;
    while at < keys.len() {
        keys[at] = ALL[at].0.key;
        at += 1;
    }
    keys
};

impl Provider {
    /// The one for a machine without a profile: most people who come here want it.
    #[must_use]
    pub fn usual() -> Self {
        ALL[0]
    }

    /// Whether an `invalid_grant` says that the refresh token is gone. AADSTS numbers are Microsoft's, whichever provider
    /// the profile names.
    #[must_use]
    pub fn is_gone(self, answer: InvalidGrant<'_>) -> bool {
        let table = if answer.numbers.is_empty() { self.quirks.gone } else { &microsoft::GONE };
        table.is_said_by(answer)
    }
}

/// The provider and the cloud of which `fits` holds.
#[must_use]
pub fn find(fits: impl Fn(&Deployment) -> bool) -> Option<(Provider, Cloud)> {
    ALL.into_iter().find_map(|provider| {
        let deployment = provider.deployments.iter().find(|deployment| fits(deployment))?;
        Some((provider, deployment.cloud))
    })
}

/// The keys of the providers that `fits`, in words: "microsoft365, outlook, google or oidc".
#[must_use]
pub fn keys(fits: impl Fn(Provider) -> bool) -> String {
    let keys: Vec<&str> = ALL.iter().filter(|provider| fits(**provider)).map(|provider| provider.key).collect();
    match keys.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Whether a provider whose issuer is `issuer` writes `spelling` in identity tokens instead.
#[must_use]
pub fn is_issuer_also(issuer: &str, spelling: &str) -> bool {
    let deployments = ALL.iter().flat_map(|provider| provider.deployments);
    deployments.into_iter().any(|deployment| match &deployment.sign_in {
        SignInPreset::Fixed { issuer: known, issuer_also, .. } => *known == issuer && issuer_also.contains(&spelling),
        SignInPreset::Tenant { .. } | SignInPreset::FromProfile => false,
    })
}

impl FromStr for Provider {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = ALL.into_iter().find(|provider| provider.key == text);
        found.ok_or_else(|| Invalid::new("this is not a provider", format!("write {}", keys(|_| true))))
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Key;
        impl Visitor<'_> for Key {
            type Value = Provider;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Provider, E> {
                text.parse().map_err(|_| E::unknown_variant(text, &KEYS))
            }
        }
        deserializer.deserialize_str(Key)
    }
}

impl Family {
    /// All families: those of the providers, and what else the catalogue knows.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        let own = ALL.iter().map(|provider| provider.family).filter(|family| *family != Self::ANY);
        for family in own.chain(Self::WITHOUT_PRESET).chain([Self::ANY]) {
            if !all.contains(&family) {
                all.push(family);
            }
        }
        all
    }
}

impl FromStr for Family {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::all().into_iter().find(|family| family.key() == text);
        found.ok_or_else(|| Invalid::new("this is not a family of providers", "see mailgrant explain --help"))
    }
}

impl<'de> Deserialize<'de> for Family {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|invalid: Invalid| D::Error::custom(invalid))
    }
}

#[cfg(test)]
impl Provider {
    pub(crate) const MICROSOFT365: Self = Self(&microsoft::MICROSOFT365);
    pub(crate) const OUTLOOK: Self = Self(&microsoft::OUTLOOK);
    pub(crate) const GOOGLE: Self = Self(&google::GOOGLE);
    pub(crate) const OIDC: Self = Self(&oidc::OIDC);
}

#[cfg(test)]
mod tests;
