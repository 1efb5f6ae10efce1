//! One step of a way out, and for whom it is.

use serde::Deserialize;

use crate::profile::Family;

/// One step of a way out.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "StepFile")]
pub struct Step {
    /// What to do; `{address}` and the like stand for the profile's values.
    pub text: String,
    /// For whom alone it is; for everybody where there is none.
    pub only: Option<Only>,
}

/// For whom a step is. Where it is known not to apply, the step is left out; where that is not known, it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Only {
    /// Apps that are registered at Microsoft.
    Microsoft,
    /// Apps that are registered at Google.
    Google,
    /// Apps that are registered elsewhere.
    OtherProvider,
    /// Accounts of an organisation.
    Organisation,
    /// Personal accounts at Microsoft.
    Personal,
    /// Mailboxes that another account signs in for.
    Shared,
    /// Mailboxes whose own account signs in.
    Own,
    /// Programs that sign in as themselves and not as a person.
    AppOnly,
    /// Tokens that have not been seen to be for the right server.
    AudienceOpen,
    /// Tokens that say themselves that they are for the right server.
    AudienceFits,
}

impl Only {
    /// The words for providers, and the families that they mean.
    const PROVIDERS: [(Self, Family); 3] =
        [(Self::Microsoft, Family::MICROSOFT), (Self::Google, Family::GOOGLE), (Self::OtherProvider, Family::ANY)];

    /// The family whose apps it is for, where it is a word for a provider; the last of them means all the others.
    #[must_use]
    pub fn provider(self) -> Option<Family> {
        Self::PROVIDERS.into_iter().find(|(only, _)| *only == self).map(|(_, family)| family)
    }

    /// Whether it is for apps that are registered at `family`; none where it is no word for a provider.
    #[must_use]
    pub fn is_for(self, family: Family) -> Option<bool> {
        let known = Self::PROVIDERS.into_iter().find(|(_, known)| *known == family.root());
        let word = known.map_or(Self::OtherProvider, |(only, _)| only);
        self.provider().map(|_| self == word)
    }
}

/// A step as the files hold it: the text alone, or with its condition.
#[derive(Deserialize)]
#[serde(untagged)]
enum StepFile {
    Always(String),
    #[serde(rename_all = "kebab-case")]
    Sometimes {
        step: String,
        only: Only,
    },
}

impl From<StepFile> for Step {
    fn from(file: StepFile) -> Self {
        match file {
            StepFile::Always(text) => Self { text, only: None },
            StepFile::Sometimes { step, only } => Self { text: step, only: Some(only) },
        }
    }
}
