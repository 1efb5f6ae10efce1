//! Which of a registration's client secrets is the one in use, as far as the directory tells.

use jiff::Timestamp;
use jiff::civil::Date;

use super::words;
use crate::directory::{Application, Match, Secret};
use crate::flow::{registered_secret, secret_expiry};
use crate::profile::{App, KeyId};
use crate::report::{Report, Warning, WarningCode};
use crate::secrets::ClientSecret;
use crate::text::Shown;

/// Which one is in use.
#[derive(Debug, Clone)]
pub(super) enum InUse {
    /// This one.
    Found(Listed),
    /// None that the directory lists; the number of those.
    NotListed(usize),
    /// One of these: they begin alike.
    OneOf(Vec<Listed>),
}

/// A client secret that the directory lists.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    pub(super) key_id: KeyId,
    pub(super) ends: Option<Timestamp>,
    name: Option<Shown>,
    description: Shown,
}

impl From<&Secret> for Listed {
    fn from(secret: &Secret) -> Self {
        let (key_id, name) = (secret.key_id.clone(), secret.name.clone());
        Self { key_id, ends: secret.ends, name, description: words::secret(secret) }
    }
}

impl Listed {
    /// The day on which it ends.
    pub(super) fn day(&self) -> Option<Date> {
        self.ends.map(secret_expiry::day_of)
    }
}

impl InUse {
    /// Which of the secrets of `application` the active one is.
    pub(super) fn find(active: &ClientSecret, application: &Application) -> Self {
        match registered_secret::find(active, application) {
            Match::One(secret) => Self::Found(secret.into()),
            Match::None => Self::NotListed(application.secrets.len()),
            Match::Several(secrets) => Self::OneOf(secrets.into_iter().map(Listed::from).collect()),
        }
    }

    /// The one, where it is known.
    pub(super) fn found(&self) -> Option<&Listed> {
        match self {
            Self::Found(secret) => Some(secret),
            Self::NotListed(_) | Self::OneOf(_) => None,
        }
    }

    /// Whether `secret` is the one in use, or may be.
    pub(super) fn may_be(&self, secret: &Secret) -> bool {
        match self {
            Self::Found(found) => found.key_id == secret.key_id,
            Self::NotListed(_) => false,
            Self::OneOf(several) => several.iter().any(|one| one.key_id == secret.key_id),
        }
    }

    /// Adds to a report what the directory calls it, and when it ends.
    pub(super) fn tell(&self, report: &mut Report) {
        let Some(secret) = self.found() else { return };
        report.fact("client_secret_key_id", &secret.key_id);
        if let Some(name) = &secret.name {
            report.fact("client_secret_name", name);
        }
        if let Some(ends) = secret.ends {
            report.fact("client_secret_ends", ends.strftime("%Y-%m-%dT%H:%M:%SZ"));
        }
    }

    /// What to say where the directory does not tell which one it is. `known` is the day that people have typed.
    pub(super) fn doubt(&self, app: &App, known: Option<Date>) -> Option<Warning> {
        let which = match self {
            Self::Found(_) => return None,
            Self::NotListed(listed) => shown!(
                "the directory lists {} of app '{}', and none is known to be the one in use: it was removed there, or the \
                 directory does not show how it begins",
                words::count(*listed, "client secret"),
                app.name
            ),
            Self::OneOf(several) => shown!(
                "{} of app '{}' begin as the one in use does, so the directory does not tell which it is: {}",
                words::count(several.len(), "client secret"),
                app.name,
                Shown::join(several.iter().map(|one| &one.description), "; ")
            ),
        };
        let told = match known {
            Some(day) => shown!("{}. {}, the date that was typed, is all that is known of its end", which, day),
            None => shown!("{}. Nothing says when it ends", which),
        };
        Some(Warning::new(WarningCode::SecretUnidentified, told))
    }
}
