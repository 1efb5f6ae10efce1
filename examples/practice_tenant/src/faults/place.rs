//! Where a fault shows.

use super::{ApiRefusal, At, Fault, Service, Words};
use crate::mail_sign_in::Protocol;

/// Where a fault shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The provider's page, to the person who signs in.
    Page,
    /// The same, and the token endpoint once the sign-in is over.
    PageAndToken,
    /// What comes back from a sign-in.
    SignIn,
    /// The token endpoint, and the tokens.
    Token,
    /// Where federated tokens come from.
    Federated,
    /// The IMAP server.
    Imap,
    /// The POP3 server.
    Pop3,
    /// The SMTP server.
    Smtp,
    /// Microsoft Graph.
    Graph,
    /// The Gmail API.
    Gmail,
    /// Both of these.
    GraphAndGmail,
    /// All of the mail servers.
    Mail,
    /// The directory with the apps' registrations.
    Directory,
    /// Exchange's administration.
    ExchangeAdmin,
    /// All servers.
    Everywhere,
}

impl Place {
    /// The place, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Page => "sign-in page",
            Self::PageAndToken => "page, token",
            Self::SignIn => "sign-in",
            Self::Token => "token",
            Self::Federated => "federated",
            Self::Imap => "IMAP",
            Self::Pop3 => "POP3",
            Self::Smtp => "SMTP",
            Self::Graph => "Graph",
            Self::Gmail => "Gmail API",
            Self::GraphAndGmail => "Graph, Gmail",
            Self::Mail => "mail",
            Self::Directory => "directory",
            Self::ExchangeAdmin => "Exchange admin",
            Self::Everywhere => "everywhere",
        }
    }
}

impl Fault {
    /// Where it shows.
    pub fn place(self) -> Place {
        match self {
            Self::OAuth(refusal) => match refusal.at {
                [At::Page | At::Account, ..] if refusal.is_at(At::Refresh) => Place::PageAndToken,
                [At::Page | At::Account, ..] => Place::Page,
                [At::Back, ..] => Place::SignIn,
                _ => Place::Token,
            },
            Self::NoDeviceCode
            | Self::OtherAccount
            | Self::IdClaims(_)
            | Self::NoRefreshToken
            | Self::SendingNotGranted => Place::SignIn,
            Self::RunnerRefuses
            | Self::RunnerTokenOld
            | Self::IssuerKeyNotPublished
            | Self::MetadataBusy
            | Self::IdentityNotFound
            | Self::SigningDenied
            | Self::PoolGone => Place::Federated,
            Self::TokenPage { .. } | Self::AccessClaims(_) | Self::AppClaims(_) | Self::ForeignAccessToken => {
                Place::Token
            }
            Self::Mail(Words { protocol, .. }) | Self::Offers(protocol, _) => match protocol {
                Protocol::Imap => Place::Imap,
                Protocol::Pop3 => Place::Pop3,
                Protocol::Smtp => Place::Smtp,
            },
            Self::SilentImap | Self::SearchFindsNothing | Self::SearchRefused | Self::Untagged(_) => Place::Imap,
            Self::MessageIdReplaced(_) => Place::Smtp,
            Self::Api(ApiRefusal { service: Service::Gmail, .. }) => Place::Gmail,
            Self::Api(ApiRefusal { service: Service::Exchange, .. }) => Place::ExchangeAdmin,
            Self::Api(refusal) if refusal.at.is_directory() => Place::Directory,
            Self::ReplicationLag(_) | Self::LongestSecret(_) | Self::NoHints | Self::SameHints => Place::Directory,
            Self::Api(_) | Self::FromDroppedInMime => Place::Graph,
            Self::ApiAnswers(_) | Self::IndexDelay(_) => Place::GraphAndGmail,
            Self::NoCapa | Self::NoSaslInCapa(_) => Place::Pop3,
            Self::NotSetUp(_) | Self::NoMailbox | Self::NoDelegates | Self::AccessTokensExpired | Self::NoStartTls => {
                Place::Mail
            }
            Self::ClockAhead(_) | Self::Certificate(_) | Self::RefusalsEcho => Place::Everywhere,
        }
    }
}
