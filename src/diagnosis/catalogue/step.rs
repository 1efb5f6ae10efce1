//! One step of a way out, and for whom it is.

use serde::Deserialize;

use crate::profile::{By, Family};

/// One step of a way out.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "StepFile")]
pub struct Step {
    /// What to do; `{address}` and the like are filled in with the profile's values. A command is between backquotes, the
    /// address of a page between angle brackets.
    pub text: String,
    /// Who has the right to do it, where its commands and pages do not say it.
    pub by: Option<By>,
    /// For whom alone it is; for all where there is none.
    pub only: Option<Only>,
    /// In which cases alone it is one; in every case where there are none.
    pub when: Vec<String>,
    /// In which cases it is none.
    pub unless: Vec<String>,
    /// The name of a value without which it is none.
    pub given: Option<String>,
    /// Whether it is another way or one for few, left out where room is scarce.
    pub aside: bool,
}

impl Step {
    /// A step that is one in every case.
    #[must_use]
    pub fn always(text: &str) -> Self {
        StepFile::Always(text.to_owned()).into()
    }

    /// Whether it is a step in these cases.
    #[must_use]
    pub fn is_for(&self, cases: &[&str]) -> bool {
        let is_given = |case: &String| cases.contains(&case.as_str());
        (self.when.is_empty() || self.when.iter().any(is_given)) && !self.unless.iter().any(is_given)
    }
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
    /// Sign-ins by a person.
    Person,
    /// Apps that prove themselves with a secret.
    Confidential,
    /// Apps that by the profile have no secret.
    Public,
    /// Tokens that have not been seen to be for the right server.
    AudienceOpen,
    /// Tokens that say themselves that they are for the right server.
    AudienceFits,
    /// Sign-ins that are under way.
    SigningIn,
    /// What comes after a sign-in.
    SignedIn,
    /// Mailboxes of a profile.
    Profile,
    /// Mailboxes that the command line describes.
    NoProfile,
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

    /// Whether it is for apps that are registered at `family`; none where it is not a word for a provider.
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
    Sometimes(Sometimes),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sometimes {
    step: String,
    by: Option<By>,
    only: Option<Only>,
    #[serde(default)]
    when: Cases,
    #[serde(default)]
    unless: Cases,
    given: Option<String>,
    #[serde(default)]
    aside: bool,
}

/// The name of one case, or those of several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Cases {
    One(String),
    Several(Vec<String>),
}

impl Default for Cases {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl From<Cases> for Vec<String> {
    fn from(cases: Cases) -> Self {
        match cases {
            Cases::One(case) => vec![case],
            Cases::Several(cases) => cases,
        }
    }
}

impl From<StepFile> for Step {
    fn from(file: StepFile) -> Self {
        match file {
            StepFile::Always(text) => {
                Self { text, by: None, only: None, when: Vec::new(), unless: Vec::new(), given: None, aside: false }
            }
            StepFile::Sometimes(Sometimes { step, by, only, when, unless, given, aside }) => {
                Self { text: step, by, only, when: when.into(), unless: unless.into(), given, aside }
            }
        }
    }
}
