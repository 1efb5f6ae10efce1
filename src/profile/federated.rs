//! Where an app's federated tokens come from: tokens that another issuer signs, in place of a client secret.

use std::fmt;
use std::path::PathBuf;

use crate::text::Redactor;

/// `federated`: the tokens that an app proves itself with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederatedSpec {
    /// Where they come from.
    pub from: FederatedFrom,
    /// For whom they are asked, where it is not the provider's usual audience.
    pub audience: Option<String>,
}

/// Where federated tokens come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FederatedFrom {
    /// The runner of GitHub Actions, or of Forgejo.
    GitHub,
    /// A variable of a GitLab job.
    GitLab {
        /// Its name, as `id_tokens` has it.
        variable: String,
    },
    /// The server of Azure Pipelines.
    AzurePipelines {
        /// The ID of the service connection; the task's own where there is none.
        service_connection: Option<String>,
    },
    /// A file that a cluster renews.
    File {
        /// The file; the one that `AZURE_FEDERATED_TOKEN_FILE` names where there is none.
        path: Option<PathBuf>,
    },
    /// The platform of an Azure machine.
    ManagedIdentity {
        /// Which identity; the only one where there is none.
        identity: Option<IdentityId>,
    },
    /// A program that prints one.
    Command {
        /// The program and its arguments.
        argv: Vec<String>,
    },
    /// An environment variable.
    Variable {
        /// Its name.
        name: String,
    },
}

/// What names a managed identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityId {
    /// Its client ID.
    Client(String),
    /// Its object (principal) ID.
    Object(String),
    /// Its resource ID, as in `/subscriptions/…`.
    Resource(String),
}

/// The kinds of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FederatedSource {
    /// GitHub Actions, and Forgejo.
    Github,
    /// GitLab CI/CD.
    Gitlab,
    /// Azure Pipelines.
    AzurePipelines,
    /// A file that a cluster renews (AKS, Kubernetes).
    File,
    /// A managed identity of Azure.
    ManagedIdentity,
    /// What a program prints.
    Command,
    /// An environment variable.
    Variable,
}

impl FederatedSource {
    /// In the order in which they are offered.
    pub const ALL: [Self; 7] = [
        Self::Github,
        Self::Gitlab,
        Self::AzurePipelines,
        Self::File,
        Self::ManagedIdentity,
        Self::Command,
        Self::Variable,
    ];

    /// The value in the profile.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::AzurePipelines => "azure-pipelines",
            Self::File => "file",
            Self::ManagedIdentity => "managed-identity",
            Self::Command => "command",
            Self::Variable => "variable",
        }
    }

    /// The name that people know it by.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Github => "GitHub Actions or Forgejo",
            Self::Gitlab => "GitLab CI/CD",
            Self::AzurePipelines => "Azure Pipelines",
            Self::File => "a token file",
            Self::ManagedIdentity => "a managed identity of Azure",
            Self::Command => "a command",
            Self::Variable => "an environment variable",
        }
    }
}

impl FederatedFrom {
    /// Of which kind it is.
    #[must_use]
    pub const fn source(&self) -> FederatedSource {
        match self {
            Self::GitHub => FederatedSource::Github,
            Self::GitLab { .. } => FederatedSource::Gitlab,
            Self::AzurePipelines { .. } => FederatedSource::AzurePipelines,
            Self::File { .. } => FederatedSource::File,
            Self::ManagedIdentity { .. } => FederatedSource::ManagedIdentity,
            Self::Command { .. } => FederatedSource::Command,
            Self::Variable { .. } => FederatedSource::Variable,
        }
    }
}

impl IdentityId {
    /// The ID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Client(id) | Self::Object(id) | Self::Resource(id) => id,
        }
    }
}

show_as_displayed!(FederatedSpec);

impl fmt::Display for FederatedSpec {
    /// "GitLab CI/CD (MAIL_ID_TOKEN)", "a command (az)": of a command the program alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.from.source().title())?;
        let shown = |text: &str| Redactor::by_shape(text);
        match &self.from {
            FederatedFrom::GitHub
            | FederatedFrom::AzurePipelines { service_connection: None }
            | FederatedFrom::ManagedIdentity { identity: None } => {}
            FederatedFrom::GitLab { variable: text }
            | FederatedFrom::Variable { name: text }
            | FederatedFrom::AzurePipelines { service_connection: Some(text) } => write!(f, " ({})", shown(text))?,
            FederatedFrom::File { path } => match path {
                Some(path) => write!(f, " ({})", shown(&path.display().to_string()))?,
                None => f.write_str(" (AZURE_FEDERATED_TOKEN_FILE)")?,
            },
            FederatedFrom::ManagedIdentity { identity: Some(identity) } => {
                write!(f, " ({})", shown(identity.as_str()))?
            }
            FederatedFrom::Command { argv } => write!(f, " ({})", shown(argv.first().map_or("", String::as_str)))?,
        }
        match &self.audience {
            Some(audience) => write!(f, ", for {}", shown(audience)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn all_kinds_are_offered_under_their_words() {
        assert_eq!(FederatedSource::ALL, FederatedSource::value_variants());
        for kind in FederatedSource::ALL {
            assert_eq!(kind.to_possible_value().unwrap().get_name(), kind.key());
        }
    }
}
