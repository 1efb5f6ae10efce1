//! The choice of the SASL mechanism, and the token.

use secrecy::SecretString;

use super::log::{Log, Stop};
use super::stream::Wire;
use super::{PendingToken, ServerTarget};
use crate::report::Stage;
use crate::sasl::SaslMechanism;
use crate::text::Shown;

/// The mechanisms that a server tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Offer {
    /// It lists these.
    Listed(Vec<Shown>),
    /// It lists these in a place that need not have all.
    InPart(Vec<Shown>),
    /// It lists none anywhere, and may know some all the same.
    Untold,
}

impl Offer {
    /// The offer of these names.
    pub(super) fn of<T: AsRef<str>>(names: impl IntoIterator<Item = T>, wire: &Wire) -> Self {
        Self::Listed(names.into_iter().map(|name| wire.clean(name.as_ref())).collect())
    }
}

/// Picks the mechanism from the server's offer, and waits for the token. A missing offer is an observation. Where the
/// server tells nothing or not all, the mechanism that was asked for is tried, or the one that we prefer.
pub(super) fn choose(
    target: &ServerTarget<'_>,
    token: PendingToken<'_>,
    log: &mut Log,
    offer: Offer,
) -> Result<(SaslMechanism, SecretString), Stop> {
    let chosen = match offer {
        Offer::Listed(offered) => {
            log.mechanisms_offered = offered;
            SaslMechanism::choose(&log.mechanisms_offered, target.mechanism)
        }
        Offer::InPart(offered) => {
            log.mechanisms_offered = offered;
            target.mechanism.map_or_else(|| SaslMechanism::choose(&log.mechanisms_offered, None), Ok)
        }
        Offer::Untold => Ok(target.mechanism.unwrap_or(SaslMechanism::ALL[0])),
    };
    let mechanism = match chosen {
        Ok(mechanism) => mechanism,
        Err(failure) => return log.observe(Stage::Authentication, || Err::<(_, Shown), _>(failure)),
    };
    let token = token().ok_or(Stop)?;
    target.transcript.redactor().learn(&token);
    Ok((mechanism, token))
}

/// "XOAUTH2 (offered: XOAUTH2, OAUTHBEARER, PLAIN)".
pub(super) fn describe_sign_in(mechanism: SaslMechanism, offered: &[Shown]) -> Shown {
    if offered.is_empty() {
        return shown!("{} (the server lists no mechanisms)", mechanism);
    }
    shown!("{} (offered: {})", mechanism, Shown::join(offered, ", "))
}
