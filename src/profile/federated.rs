//! Federated tokens in place of a client secret (RFC 7523 §2.2): who hands them out.

use std::path::PathBuf;

/// `federated = { … }` of an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederatedSpec {
    /// Who hands the tokens out.
    pub source: FederatedSource,
    /// The audience to ask for, where it is not the one that the provider expects.
    pub audience: Option<String>,
    /// The variable that holds the token.
    pub variable: Option<String>,
    /// The file that holds the token.
    pub file: Option<PathBuf>,
    /// The program that prints the token, and its arguments.
    pub command: Option<Vec<String>>,
    /// The managed identity's client ID, where a machine has several.
    pub identity: Option<String>,
    /// The service connection of Azure Pipelines.
    pub service_connection: Option<String>,
}

/// Who hands federated tokens out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FederatedSource {
    /// A job of GitHub Actions or Forgejo Actions.
    Github,
    /// A job of GitLab CI: its `id_tokens` are variables.
    Gitlab,
    /// A job of Azure Pipelines.
    AzurePipelines,
    /// A file that is replaced before the token ends, as Kubernetes does.
    File,
    /// Azure's managed identities.
    ManagedIdentity,
    /// A program.
    Command,
    /// A variable of the environment.
    Variable,
}
