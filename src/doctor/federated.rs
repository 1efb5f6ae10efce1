//! The federated tokens of the profile's apps: each is fetched and looked at, shown beside the credential to register, and
//! dropped. The app's provider is not asked.

use std::time::Instant;

use super::network::{self, Network};
use crate::clock::valid_until;
use crate::diagnosis::{self, FailureContext};
use crate::net::HttpClient;
use crate::oauth::assertion::federated;
use crate::profile::{App, Profile};
use crate::report::{Check, Finding, FindingCode, Stage, Step};
use crate::text::Shown;

/// What was seen of the tokens.
#[derive(Default)]
pub(super) struct Tokens {
    /// A check for each app.
    pub(super) checks: Vec<Check>,
    /// How to register what the tokens say.
    pub(super) next: Vec<Step>,
}

/// Looks at the tokens of all apps.
pub(super) fn look(profile: Option<&Profile>, network: &Network<'_>) -> Tokens {
    let mut tokens = Tokens::default();
    for app in profile.into_iter().flat_map(|profile| profile.apps.values()) {
        if let Some(spec) = &app.federated {
            look_at(app, &shown!("app '{}', {}", app.name, spec), network, &mut tokens);
        }
    }
    tokens
}

/// This program stumbled over a fault of its own.
pub(super) fn fallen() -> Tokens {
    Tokens { checks: vec![network::bug(Stage::FederatedToken)], next: Vec::new() }
}

fn look_at(app: &App, what: &Shown, network: &Network<'_>, tokens: &mut Tokens) {
    let started = Instant::now();
    let http = HttpClient::new(network.trust, app.ca_file.as_deref(), network.transcript.clone(), network.proxies);
    let about = FailureContext::of_app(app);
    match federated::look(app, &http.until(network.deadline), network.clock) {
        Ok(token) => {
            let until = valid_until(token.expires, network.clock.now());
            let detail = shown!("{}: {}, {}", what, token.claims.line(), until);
            tokens.checks.push(Check::passed(Stage::FederatedToken, started.elapsed(), detail));
            // One that is traded for a signature is known to a pool, and not to the app.
            if !app.credential.has_federated_tokens() {
                return;
            }
            let about = FailureContext { federated: Some(&token.claims), ..about };
            let steps = Finding::of(FindingCode::FEDERATED_CREDENTIAL_TO_REGISTER).about(about).steps();
            let lead = shown!("App '{}' needs this federated credential, if it is not registered yet:", app.name);
            tokens.next.push(lead.into());
            tokens.next.extend(steps);
        }
        Err(failure) => {
            let finding = diagnosis::finding(&failure, about);
            tokens.checks.push(Check::failed(Stage::FederatedToken, started.elapsed(), finding));
        }
    }
}
