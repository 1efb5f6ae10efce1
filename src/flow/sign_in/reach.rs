//! What one request finds before a person begins: a wrong tenant or cloud, no way to the provider, a wrong clock.

use std::time::Instant;

use super::by_browser::listens;
use super::options::Way;
use crate::context::Context;
use crate::diagnosis::{FailureContext, clock};
use crate::error::CommandError;
use crate::net::HttpClient;
use crate::oauth::{self, Endpoints, Found};
use crate::profile::{App, EndpointSource};
use crate::text::Redactor;

/// The endpoints of `app`, from a provider that was reached and agrees about the time. A request for a device code says all
/// that by itself, and so comes first where that is the way.
///
/// # Errors
/// What keeps the sign-in from coming to anything, explained.
pub(super) fn endpoints(
    http: &HttpClient,
    app: &App,
    way: Way,
    about: FailureContext<'_>,
    context: &Context,
) -> Result<Endpoints, CommandError> {
    let explained = |failure| CommandError::explained(&failure, about);
    if !is_asked(app, way) {
        return oauth::endpoints(http, app).map_err(explained);
    }
    let (started, sent) = (Instant::now(), context.clock.now());
    let Found { endpoints, date } = oauth::ask(http, app).map_err(explained)?;
    let received = context.clock.now();
    let host = Redactor::by_shape(endpoints.token.url.host());
    let (check, warning) = clock::check(&host, (sent, received), date, started.elapsed());
    if let Some(finding) = check.finding() {
        return Err(finding.clone().into());
    }
    if let Some(warning) = warning {
        (context.say)(&shown!("Warning: {}", warning.text));
    }
    Ok(endpoints)
}

/// Where the browser is elsewhere, only the host of the token endpoint has to be reached from here.
fn is_asked(app: &App, way: Way) -> bool {
    let is_needed = || match (&app.sign_in, oauth::metadata_address(app)) {
        (EndpointSource::Known { token, .. }, Some(metadata)) => metadata.host() == token.host(),
        (EndpointSource::Known { .. }, None) => false,
        (EndpointSource::Discovered { .. }, _) => true,
    };
    way != Way::DeviceCode && (listens(app, way) || is_needed())
}
