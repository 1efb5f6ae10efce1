//! Federated tokens: statements that another issuer signs (a CI runner, a cluster, Azure itself) and that prove the app to
//! its provider in place of a client secret (RFC 7521 §6.2, RFC 7523 §2.2). One file a source:
//!
//! ```text
//! github             GitHub Actions and Forgejo: the runner is asked
//! gitlab             GitLab CI/CD: a variable of the job
//! azure_pipelines    Azure Pipelines: the server is asked
//! file               a file that a cluster renews
//! managed_identity   the platform of an Azure machine is asked; each platform has its own way
//! command            what a program prints
//! variable           an environment variable
//! ```
//!
//! `source` is what they have in common, `ask` one request to a platform, `patience` the same once more; `token` reads what any of them gave, `wrong` is how
//! all of them fail. A token is looked at before it is sent: a server's refusal of a token that is old or for another audience
//! explains less. It is fetched for every use, and never kept.

mod ask;
mod azure_pipelines;
mod command;
mod file;
mod github;
mod gitlab;
mod managed_identity;
mod patience;
mod source;
mod token;
mod variable;
mod wrong;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use jiff::Timestamp;
use secrecy::SecretString;

use self::source::{Source, World};
use self::token::Audience;
pub use self::token::FederatedToken;
use super::{Assertion, JWT_BEARER};
use crate::clock::Clock;
use crate::environment;
use crate::failure::{Failure, FailureKind, FederatedClaims};
use crate::net::HttpClient;
use crate::profile::{App, EndpointUrl, FederatedFrom};

/// An app's federated tokens.
struct Federated {
    source: Box<dyn Source>,
    from: FederatedFrom,
    audience: Audience,
    world: World,
    last: Mutex<Option<FederatedClaims>>,
}

impl Federated {
    fn of(app: &App, world: World) -> Result<Self, Failure> {
        // The profile's reader has seen to it.
        let from = app.federated.as_ref().ok_or(FailureKind::Bug)?.from.clone();
        let source: Box<dyn Source> = match &from {
            FederatedFrom::GitHub => Box::new(github::GitHub),
            FederatedFrom::GitLab { variable } => Box::new(gitlab::GitLab { variable: variable.clone() }),
            FederatedFrom::AzurePipelines { service_connection } => {
                Box::new(azure_pipelines::AzurePipelines { service_connection: service_connection.clone() })
            }
            FederatedFrom::File { path } => Box::new(file::File { path: path.clone() }),
            FederatedFrom::ManagedIdentity { identity } => {
                Box::new(managed_identity::ManagedIdentity { identity: identity.clone() })
            }
            FederatedFrom::Command { argv } => Box::new(command::Command { argv: argv.clone() }),
            FederatedFrom::Variable { name } => Box::new(variable::Variable { name: name.clone() }),
        };
        Ok(Self { source, from, audience: Audience::of(app), world, last: Mutex::default() })
    }

    fn fetch(&self, now: Timestamp) -> Result<FederatedToken, Failure> {
        let bytes = self.source.token(self.audience.name(), &self.world)?;
        token::read(&bytes, &self.audience, self.from.source(), now, self.world.http.transcript().redactor())
    }
}

impl Assertion for Federated {
    fn assertion_type(&self) -> &'static str {
        JWT_BEARER
    }

    fn sign(&self, _: &EndpointUrl, now: Timestamp) -> Result<SecretString, Failure> {
        let token = self.fetch(now)?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.claims);
        Ok(token.value)
    }

    fn federated(&self) -> Option<FederatedClaims> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The federated tokens of `app`, each fetched when it is to be sent.
///
/// # Errors
/// None, but of this program.
pub fn open(app: &App, http: &HttpClient) -> Result<Arc<dyn Assertion>, Failure> {
    Ok(Arc::new(Federated::of(app, here(http))?))
}

/// A token of `app`, fetched only to be looked at.
///
/// # Errors
/// What is wrong with it, or with the way to it.
pub fn look(app: &App, http: &HttpClient, clock: Clock) -> Result<FederatedToken, Failure> {
    Federated::of(app, here(http))?.fetch(clock.now())
}

/// This process's own world.
fn here(http: &HttpClient) -> World {
    let (env, arc_keys) = (Box::new(environment::text), managed_identity::arc_keys());
    World { env, http: http.again(), arc_keys, wait: Box::new(thread::sleep) }
}

#[cfg(test)]
mod tests;
