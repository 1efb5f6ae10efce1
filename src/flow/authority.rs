//! On whose word a directory is asked: the app's own, or an administrator's. No token of either is stored.

use jiff::civil::Date;
use secrecy::SecretString;

use super::workspace::Workspace;
use crate::diagnosis::{self, FailureContext};
use crate::directory::{self, Directory, TokenSource, azure_cli};
use crate::failure::{Failure, FailureKind};
use crate::oauth::{self, Client, grant};
use crate::profile::{App, EndpointUrl, Invalid, Protocol, Scope};
use crate::report::{Finding, FindingCode};
use crate::text::Redactor;

/// On whose word a directory is asked.
#[derive(Debug)]
pub enum Authority {
    /// The app's own: a token by client credentials (RFC 6749 §4.4).
    App,
    /// An administrator's, whose access token was given.
    AdminToken(SecretString),
    /// An administrator's who is signed in at the Azure CLI.
    AzureCli,
}

/// What is asked of a directory, as far as permissions tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Reading what secrets an app has.
    Read,
    /// Adding and removing them.
    Write,
}

impl Authority {
    /// The directory that knows the secrets of `app`; none where its provider has none. Its token is asked for with the first
    /// request.
    pub fn directory<'a>(&'a self, app: &'a App, workspace: &'a Workspace<'a>) -> Option<Directory<'a>> {
        let base = app.directory()?;
        // The resource is the provider's own, whichever way the requests go.
        let resource: EndpointUrl = app.deployment().directory?.parse().ok()?;
        let source: TokenSource<'a> = match self {
            Self::App => Box::new(move || own_token(app, workspace, &resource)),
            Self::AdminToken(token) => Box::new(move || Ok(token.clone())),
            Self::AzureCli => Box::new(move || azure_cli::token(&resource, workspace.deadline)),
        };
        Some(Directory::new(workspace.http(app), base, app.client_id.clone(), source))
    }

    /// What a failure of the directory, or of the way to its token, means. `known` is the day on which the app's secret ends as
    /// far as the profile and the store know.
    #[must_use]
    pub fn explain(&self, failure: &Failure, deed: Deed, app: &App, known: Option<Date>) -> Finding {
        let about = FailureContext::of_app(app);
        if !directory::is_denied(failure) {
            // A refusal is in Graph's words; what else goes wrong is as at every web address.
            let is_said = matches!(failure.kind, FailureKind::Rejected(_));
            return diagnosis::finding(failure, if is_said { about.over(Protocol::Graph) } else { about });
        }
        let is_app = matches!(self, Self::App);
        let permission = match (deed, self) {
            (Deed::Read, _) => directory::READ_PERMISSION,
            (Deed::Write, Self::App) => directory::WRITE_PERMISSION,
            (Deed::Write, Self::AdminToken(_) | Self::AzureCli) => directory::ADMIN_PERMISSION,
        };
        let mut told = Finding::of(FindingCode::DIRECTORY_PERMISSION_MISSING)
            .about(about)
            .case("met")
            .case(if is_app { "app" } else { "admin" })
            .case_if(deed == Deed::Write, "write")
            .case_if(is_app && deed == Deed::Write, "app-writes")
            .case_if(is_app && deed == Deed::Read, "app-reads")
            .with("permission", permission)
            .with("deed", if deed == Deed::Write { "add and remove" } else { "read" })
            .with("who", if is_app { "the app" } else { "the holder of the token" });
        told = match known {
            Some(day) => {
                told.with("known", shown!("{}, the date that was typed, is all that is known of its end.", day))
            }
            None => told.with("known", "Nothing says when it ends."),
        };
        Finding { server_said: failure.server_said.clone(), ..told.finding() }
    }
}

/// What the token endpoint says to `app` itself; none where its provider has no directory to ask a token for.
#[must_use]
pub fn try_app(app: &App, workspace: &Workspace<'_>) -> Option<Result<(), Failure>> {
    let resource: EndpointUrl = app.deployment().directory?.parse().ok()?;
    Some(own_token(app, workspace, &resource).map(drop))
}

/// The app's own token for the directory (RFC 6749 §4.4).
fn own_token(app: &App, workspace: &Workspace<'_>, resource: &EndpointUrl) -> Result<SecretString, Failure> {
    let http = workspace.http(app);
    let credential = workspace.desk(&http).active(app)?;
    let endpoint = oauth::endpoints(&http, app)?.token;
    let scope = format!("{}/.default", resource.as_issuer());
    let scope: Scope = scope.parse().map_err(|invalid: Invalid| {
        let reason = Redactor::by_shape(&invalid.problem);
        Failure::new(FailureKind::Local { what: "name the scope of the directory".into(), reason })
    })?;
    let client = Client { http: &http, clock: workspace.clock, app, endpoint: &endpoint, credential: &credential };
    let scopes = [scope];
    Ok(client.token(&grant::ClientCredentials { scopes: &scopes })?.access_token)
}
