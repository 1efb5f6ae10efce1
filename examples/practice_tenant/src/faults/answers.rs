//! What a fault that is only words holds.

use crate::api::Service;
use crate::mail_sign_in::Protocol;
use crate::oauth_error::OAuthError;

/// A refusal by the sign-in server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub(super) at: &'static [At],
    status: u16,
    error: &'static str,
    number: u32,
    text: &'static str,
    suberror: Option<&'static str>,
    retry_after: Option<u32>,
}

/// Where the sign-in server can refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// On a page, before any question.
    Page,
    /// On a page, once it is known who signs in.
    Account,
    /// Back to the client, once it is known who signs in.
    Back,
    /// When the code is redeemed.
    Code,
    /// When a refresh token is redeemed.
    Refresh,
    /// When an app asks for a token of its own.
    Own,
    /// When a service account asks at Google.
    ServiceAccount,
}

/// A mail server's words. `{tag}` is the IMAP command's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    pub protocol: Protocol,
    pub at: Stage,
    /// Lines, with CRLF between them.
    pub words: &'static str,
    /// Whether the connection is closed afterwards.
    pub hangs_up: bool,
}

/// What Graph or Gmail's API says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiRefusal {
    pub service: Service,
    pub at: ApiCall,
    pub status: u16,
    /// Graph's `code`, Gmail's `reason`.
    pub code: &'static str,
    pub message: &'static str,
    pub retry_after: Option<u32>,
    /// A link that Gmail's answer gives.
    pub link: Option<&'static str>,
}

/// Which requests a refusal is the answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiCall {
    Any,
    /// Folders, profiles and messages.
    Read,
    /// Sending.
    Send,
    /// App registrations.
    Directory,
    /// A new client secret.
    AddPassword,
    /// A new certificate.
    AddKey,
    /// A certificate that is to go.
    RemoveKey,
}

impl ApiCall {
    /// Whether it is about app registrations.
    pub fn is_directory(self) -> bool {
        match self {
            Self::Directory | Self::AddPassword | Self::AddKey | Self::RemoveKey => true,
            Self::Any | Self::Read | Self::Send => false,
        }
    }

    /// Whether a request is one of these.
    pub fn is(self, method: &str, path: &str) -> bool {
        let sends = path.ends_with("/sendMail") || path.ends_with("/messages/send");
        let is_directory = ["/applications", "/servicePrincipals", "/policies"].iter().any(|part| path.contains(part));
        match self {
            Self::Any => true,
            Self::Send => sends,
            Self::Directory => is_directory,
            Self::AddPassword => path.ends_with("/addPassword"),
            Self::AddKey => path.ends_with("/addKey"),
            Self::RemoveKey => path.ends_with("/removeKey"),
            Self::Read => method == "GET" && !is_directory,
        }
    }
}

/// How Graph's or Gmail's answer is broken on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// Another is in its place.
    Replaced { status: u16, content_type: &'static str, body: &'static str },
    /// It sends the client to another address.
    Redirected(&'static str),
    /// It ends half-way, and the connection with it.
    CutOff,
    /// The connection is closed without any.
    Withheld,
    /// Its body does not end.
    Endless,
    /// It comes byte by byte, with so many milliseconds between them.
    Dripping(u64),
}

/// Where a mail server can refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Instead of the greeting.
    Greeting,
    /// At the end of the sign-in.
    SignIn,
    /// At the first command after it.
    Inside,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// The end of DATA.
    Message,
}

/// A step of the set-up of an app that opens mailboxes as itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `New-ServicePrincipal`.
    Principal,
    /// `New-ServicePrincipal` with the right object ID.
    ObjectId,
    /// `Add-MailboxPermission`.
    FullAccess,
    /// `Set-CASMailbox -ImapEnabled $true`.
    Imap,
}

/// A changed claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Another text.
    Is(&'static str, &'static str),
    /// None.
    Absent(&'static str),
    /// The tenant in `iss` and `tid`.
    Tenant(&'static str),
    /// Later by so many seconds.
    Later(&'static str, i64),
}

/// A refusal as Microsoft words it; `invalid_client` has a status of its own (RFC 6749 §5.2).
pub(super) const fn refusal(at: &'static [At], error: &'static str, number: u32, text: &'static str) -> Refusal {
    Refusal { at, status: 400, error, number, text, suberror: None, retry_after: None }
}

impl Refusal {
    pub(super) const fn suberror(self, suberror: &'static str) -> Self {
        Self { suberror: Some(suberror), ..self }
    }

    pub(super) const fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(super) const fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// The words by which the refusal is known again: Microsoft's number, else the whole text.
    pub fn words(self) -> String {
        match self.number {
            0 => self.text.to_owned(),
            number => format!("AADSTS{number}"),
        }
    }

    pub fn is_at(self, place: At) -> bool {
        self.at.contains(&place)
    }

    /// With the request's own values in the text.
    pub(super) fn spoken(self, client_id: &str, user: &str) -> OAuthError {
        let text = self.text.replace("{client_id}", client_id).replace("{user}", user);
        OAuthError {
            status: self.status,
            suberror: self.suberror,
            retry_after: self.retry_after,
            ..OAuthError::new(self.error, self.number, text)
        }
    }
}

impl Words {
    pub fn spoken(self, tag: &str) -> String {
        self.words.replace("{tag}", tag)
    }
}
