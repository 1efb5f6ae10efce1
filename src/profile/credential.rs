//! What an app proves itself with, and what follows from that. Nothing outside matches on kinds of credential but `config`, which
//! reads the settings of each, and `flow`, which makes each into what a request carries.

/// What an app proves itself with at the token endpoint (RFC 6749 §2.1, §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credential {
    /// A client secret (confidential client).
    #[default]
    Secret,
    /// Nothing but its ID and PKCE (public client).
    None,
    /// Assertions that the key of a certificate signs (RFC 7523 §2.2).
    Certificate,
    /// Tokens of another issuer, which the provider trusts for this app (RFC 7523 §2.2).
    Federated,
    /// A service account of Google's, which acts for users (RFC 7523 §2.1).
    ServiceAccount,
}

/// The type of a client (RFC 6749 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientType {
    /// It can prove who it is.
    Confidential,
    /// It cannot.
    Public,
}

/// What a store holds of what an app proves itself with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredProof {
    /// What messages call it.
    pub title: &'static str,
    /// The end of the name of its variable, where variables are the store.
    pub variable: &'static str,
}

/// How what a person hands over looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenAs {
    /// The value of a client secret, in one line.
    Secret,
    /// The passphrase of a private key.
    Passphrase,
    /// The file with a service account's key (JSON), which no prompt takes.
    KeyFile,
}

/// What lets an app into mailboxes without a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppAccess {
    /// Nothing does.
    Never,
    /// It acts for each user, where the provider has service accounts.
    ForUsers,
    /// A permission of its own, where the provider has such.
    ByPermission,
}

impl Credential {
    /// In the order in which they are offered; the first is the usual one.
    pub const ALL: [Self; 5] = [Self::Secret, Self::None, Self::Certificate, Self::Federated, Self::ServiceAccount];

    /// The value in the profile.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::None => "none",
            Self::Certificate => "certificate",
            Self::Federated => "federated",
            Self::ServiceAccount => "service-account",
        }
    }

    /// The key of the profile with what it needs to be told, and no other kind; none where that is nothing.
    #[must_use]
    pub const fn settings(self) -> Option<&'static str> {
        match self {
            Self::Secret | Self::None => None,
            Self::Certificate => Some("certificate"),
            Self::Federated => Some("federated"),
            Self::ServiceAccount => Some("service_account"),
        }
    }

    /// The kind that is meant where nothing but the settings of `kinds` is said. A service account may be signed for against
    /// federated tokens, so that these are meant where there is nothing else.
    #[must_use]
    pub fn meant_by(kinds: &[Self]) -> Option<Self> {
        kinds.iter().find(|kind| !kind.has_federated_tokens()).or(kinds.first()).copied()
    }

    /// Whether the settings of `other` can be of use to it, beside its own.
    #[must_use]
    pub fn uses(self, other: Self) -> bool {
        self == other || self.is_service_account() && other.has_federated_tokens()
    }

    /// Whether it is told of an app among other things; what most apps have is not.
    #[must_use]
    pub const fn is_told(self) -> bool {
        match self {
            Self::Secret | Self::None => false,
            Self::Certificate | Self::Federated | Self::ServiceAccount => true,
        }
    }

    /// The answer to the question how the app authenticates.
    #[must_use]
    pub const fn answer(self) -> &'static str {
        match self {
            Self::Secret => "with a client secret",
            Self::None => "with nothing: it is a public client",
            Self::Certificate => "with a certificate",
            Self::Federated => "with tokens of another issuer",
            Self::ServiceAccount => "as a service account",
        }
    }

    /// What messages call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Secret => "client secret",
            Self::None => "nothing",
            Self::Certificate => "certificate",
            Self::Federated => "federated token",
            Self::ServiceAccount => "service account",
        }
    }

    /// The type of client that has it.
    #[must_use]
    pub const fn client_type(self) -> ClientType {
        match self {
            Self::Secret | Self::Certificate | Self::Federated | Self::ServiceAccount => ClientType::Confidential,
            Self::None => ClientType::Public,
        }
    }

    /// Whether it is a client secret: a value in the store, sent as `client_authentication` says.
    #[must_use]
    pub const fn has_secret(self) -> bool {
        match self {
            Self::Secret => true,
            Self::None | Self::Certificate | Self::Federated | Self::ServiceAccount => false,
        }
    }

    /// What of it a person hands over and the store keeps, as messages call it; none where that is nothing.
    #[must_use]
    pub const fn handed_over(self) -> Option<&'static str> {
        match self {
            Self::Secret => Some("client secret"),
            Self::ServiceAccount => Some("service account's key"),
            Self::None | Self::Certificate | Self::Federated => None,
        }
    }

    /// Whether it is tokens of another issuer, which come from where `federated` says.
    #[must_use]
    pub const fn has_federated_tokens(self) -> bool {
        match self {
            Self::Federated => true,
            Self::Secret | Self::None | Self::Certificate | Self::ServiceAccount => false,
        }
    }

    /// Whether it is a service account, which not every provider has.
    #[must_use]
    pub const fn is_service_account(self) -> bool {
        match self {
            Self::ServiceAccount => true,
            Self::Secret | Self::None | Self::Certificate | Self::Federated => false,
        }
    }

    /// What a store holds of it; none where nothing is.
    #[must_use]
    pub const fn stored(self) -> Option<StoredProof> {
        let (title, variable) = match self {
            Self::Secret => ("client secret", "CLIENT_SECRET"),
            Self::Certificate => ("passphrase of the certificate's key", "CERTIFICATE_PASSPHRASE"),
            Self::ServiceAccount => ("service account's key", "SERVICE_ACCOUNT_KEY"),
            Self::None | Self::Federated => return None,
        };
        Some(StoredProof { title, variable })
    }

    /// How what a person hands over of it looks.
    #[must_use]
    pub const fn given_as(self) -> GivenAs {
        match self {
            Self::Secret | Self::None | Self::Federated => GivenAs::Secret,
            Self::Certificate => GivenAs::Passphrase,
            Self::ServiceAccount => GivenAs::KeyFile,
        }
    }

    /// What lets an app that has it into mailboxes without a user.
    #[must_use]
    pub const fn app_access(self) -> AppAccess {
        match self {
            Self::None => AppAccess::Never,
            Self::ServiceAccount => AppAccess::ForUsers,
            Self::Secret | Self::Certificate | Self::Federated => AppAccess::ByPermission,
        }
    }

    /// Whether it is usual for machines that work alone, so that it is asked whether a user signs in at all.
    #[must_use]
    pub const fn is_of_machines(self) -> bool {
        match self {
            Self::Certificate | Self::Federated => true,
            Self::Secret | Self::None | Self::ServiceAccount => false,
        }
    }

    /// The part of it that ends on a day and is replaced before that, as messages call it; none where nothing is.
    #[must_use]
    pub const fn expiring(self) -> Option<&'static str> {
        match self {
            Self::Secret => Some("client secret"),
            Self::Certificate => Some("certificate"),
            Self::None | Self::Federated | Self::ServiceAccount => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn all_kinds_are_offered() {
        assert_eq!(Credential::ALL, Credential::value_variants());
    }
}
