//! The forms in which other programs take a token.

use clap::ValueEnum;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::error::CommandError;
use crate::profile::{Mailbox, ServerEndpoint};
use crate::sasl::{self, SaslMechanism};

/// A form of the token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum TokenForm {
    /// The token alone
    #[default]
    Raw,
    /// The initial response of AUTH XOAUTH2, in base64
    Xoauth2,
    /// The initial response of AUTH OAUTHBEARER (RFC 7628), in base64
    Oauthbearer,
    /// A header of HTTP (RFC 6750 §2.1)
    Header,
    /// A configuration for curl, which reads it with --config -
    Curl,
}

impl TokenForm {
    /// `token` for `mailbox` in this form; none where that is the token alone.
    ///
    /// # Errors
    /// If the mailbox has no server that a mechanism could be for; if the token cannot be a bearer token.
    pub(super) fn of(self, token: &SecretString, mailbox: &Mailbox) -> Result<Option<SecretString>, CommandError> {
        let sasl = |mechanism: SaslMechanism| -> Result<SecretString, CommandError> {
            let response = mechanism.initial_response(&mailbox.address, server(mailbox)?, token)?;
            Ok(sasl::encode(&response))
        };
        // Nothing in a bearer token, nor in an address, means anything to HTTP; to curl a quote would.
        let bearer = || -> Result<&str, CommandError> {
            sasl::refuse_other_than_bearer(token)?;
            Ok(token.expose_secret())
        };
        Ok(match self {
            Self::Raw => None,
            Self::Xoauth2 => Some(sasl(SaslMechanism::Xoauth2)?),
            Self::Oauthbearer => Some(sasl(SaslMechanism::OauthBearer)?),
            Self::Header => {
                let line = Zeroizing::new(format!("Authorization: Bearer {}", bearer()?));
                Some(SecretString::from(line.as_str()))
            }
            Self::Curl => {
                let user = mailbox.address.as_str().replace('\\', "\\\\").replace('"', "\\\"");
                let lines = Zeroizing::new(format!("user = \"{user}\"\noauth2-bearer = \"{}\"", bearer()?));
                Some(SecretString::from(lines.as_str()))
            }
        })
    }
}

/// A mail server of the mailbox, the one that it is read from first.
fn server(mailbox: &Mailbox) -> Result<&ServerEndpoint, CommandError> {
    mailbox.services().find_map(|service| service.endpoint.server()).ok_or_else(|| {
        CommandError::usage(
            shown!(
                "Mailbox '{}' has no mail server that takes such a response: it is reached over a web service.",
                mailbox.name
            ),
            "Take --as header, or the token alone",
        )
    })
}
