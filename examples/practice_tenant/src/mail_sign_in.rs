//! The sign-in of all three mail servers: XOAUTH2 and OAUTHBEARER, and who may open what.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::json;

use crate::faults::{Fault, Step};
use crate::world::{AccessToken, App, AppOnly, EXCHANGE, Holder, Principal, Reach, World, now};

/// Clocks differ, so servers take a token for a while after its end; five minutes is usual.
pub const LEEWAY: jiff::SignedDuration = jiff::SignedDuration::from_mins(5);

/// Google's scope for all mail protocols.
const GMAIL: &str = "https://mail.google.com/";
/// The `aud` of a plain provider's access tokens.
const PLAIN_AUDIENCE: &str = "account";

/// A mail protocol, with the scope that opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Imap,
    Pop3,
    Smtp,
}

/// A SASL mechanism on offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// <https://developers.google.com/workspace/gmail/imap/xoauth2-protocol>
    Xoauth2,
    /// RFC 7628.
    OauthBearer,
}

/// The account that signed in.
pub struct Login {
    /// Whose token it is.
    pub user: String,
    /// Whose mailbox was asked for.
    pub mailbox: String,
    /// Whether the mailbox may be used. Exchange says yes to a good token before it looks.
    pub connected: bool,
}

impl Mechanism {
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_uppercase().as_str() {
            "XOAUTH2" => Some(Self::Xoauth2),
            "OAUTHBEARER" => Some(Self::OauthBearer),
            _ => None,
        }
    }

    /// The error challenge that comes before the refusal (RFC 7628 §3.2.2). Exchange sends none for XOAUTH2.
    pub fn error_challenge(self) -> Option<String> {
        let value = json!({"status": "invalid_token", "scope": "https://outlook.office.com/.default"});
        (self == Self::OauthBearer).then(|| BASE64_STANDARD.encode(value.to_string()))
    }
}

/// The account that signs in with this. `None` is a refusal; no server says why.
pub fn sign_in(world: &World, protocol: Protocol, mechanism: Mechanism, base64: &str) -> Option<Login> {
    let login = judge(world, protocol, mechanism, base64);
    let mut state = world.state();
    match &login {
        Some(_) => state.counters.mail_logins += 1,
        None => state.counters.mail_refusals += 1,
    }
    login
}

fn judge(world: &World, protocol: Protocol, mechanism: Mechanism, base64: &str) -> Option<Login> {
    let Some((identity, token)) = parse(mechanism, base64) else {
        world.surprise(format!("{protocol:?}: a malformed {mechanism:?} response"));
        return None;
    };
    let (user, scopes) = {
        let state = world.state();
        let access = state.access_tokens.get(&token)?;
        if access.expires + LEEWAY <= now() || world.faults.is_on(Fault::AccessTokensExpired) {
            return None;
        }
        match &access.holder {
            Holder::User(user) => (user.clone(), access.scopes.clone()),
            Holder::App => {
                let app = state.app(&access.client_id)?;
                let reach = app_reach(world, app, access, protocol, &identity);
                return app_login(world, &identity, reach);
            }
        }
    };
    let opens = |scope: &String| match protocol {
        Protocol::Imap => scope.ends_with("/IMAP.AccessAsUser.All") || scope == "imap" || scope == GMAIL,
        Protocol::Pop3 => scope.ends_with("/POP.AccessAsUser.All") || scope == "pop3" || scope == GMAIL,
        Protocol::Smtp => scope.ends_with("/SMTP.Send") || scope == "smtp" || scope == GMAIL,
    };
    if !scopes.iter().any(opens) {
        return None;
    }
    let mailbox = world.user(&identity)?;
    let is_there = !world.faults.is_on(Fault::NoMailbox);
    let own = mailbox.address == user && is_there;
    let delegated = mailbox.delegates.contains(&user) && is_there && !world.faults.is_on(Fault::NoDelegates);
    match protocol {
        // Users report: on SMTP the identity must be the token's own user, even for a shared mailbox.
        Protocol::Smtp if !own => None,
        _ => Some(Login { connected: own || delegated, mailbox: mailbox.address.clone(), user }),
    }
}

/// How far an app's own token gets: as far as an administrator has set it up at Exchange. A plain provider's mail servers
/// go by the scope alone.
fn app_reach(world: &World, app: &App, access: &AccessToken, protocol: Protocol, mailbox: &str) -> Reach {
    let scope = match protocol {
        Protocol::Imap => "imap",
        Protocol::Pop3 => "pop3",
        Protocol::Smtp => "smtp",
    };
    match access.audience.as_str() {
        PLAIN_AUDIENCE if access.scopes.iter().any(|name| name == scope) => Reach::Open,
        audience if audience == EXCHANGE => set_up(world, &app.exchange).reach(protocol, &access.roles, mailbox),
        _ => Reach::Refused,
    }
}

/// What was set up, but for the steps that a fault takes away.
pub fn set_up(world: &World, done: &AppOnly) -> AppOnly {
    let mut done = done.clone();
    if !world.faults.is_set_up(Step::Principal) {
        done.principal = Principal::Missing;
    }
    if !world.faults.is_set_up(Step::ObjectId) {
        done.principal = Principal::OfRegistration;
    }
    if !world.faults.is_set_up(Step::FullAccess) {
        done.full_access.clear();
    }
    if !world.faults.is_set_up(Step::Imap) {
        done.off.push(Protocol::Imap);
    }
    done
}

/// The mailbox is the one that the client names: no person signed in.
fn app_login(world: &World, mailbox: &str, reach: Reach) -> Option<Login> {
    let mailbox = world.user(mailbox)?;
    let connected = match reach {
        Reach::Refused => return None,
        Reach::NotConnected => false,
        Reach::Open => !world.faults.is_on(Fault::NoMailbox),
    };
    Some(Login { user: mailbox.address.clone(), mailbox: mailbox.address.clone(), connected })
}

/// What a refusal adds to its usual words: mostly nothing.
pub fn echo(world: &World, base64: &str) -> String {
    if !world.faults.is_on(Fault::RefusalsEcho) {
        return String::new();
    }
    let plain = String::from_utf8_lossy(&BASE64_STANDARD.decode(base64).unwrap_or_default()).replace('\x01', " ");
    format!(" You sent: {base64} That is: {plain}")
}

/// Identity and token, or `None` where the client broke the mechanism's grammar.
fn parse(mechanism: Mechanism, base64: &str) -> Option<(String, String)> {
    let text = String::from_utf8(BASE64_STANDARD.decode(base64).ok()?).ok()?;
    let mut parts = text.strip_suffix("\x01\x01")?.split('\x01');
    let first = parts.next()?;
    let identity = match mechanism {
        Mechanism::Xoauth2 => first.strip_prefix("user=")?,
        // RFC 7628 §3.1: a GS2 header without channel binding, then key=value pairs.
        Mechanism::OauthBearer => first.strip_prefix("n,a=")?.strip_suffix(',')?,
    };
    let mut token = None;
    for pair in parts {
        match (mechanism, pair.split_once('=')?) {
            (_, ("auth", value)) if token.is_none() => token = Some(value.strip_prefix("Bearer ")?.to_owned()),
            (Mechanism::OauthBearer, ("host" | "port", value)) if !value.is_empty() => {}
            _ => return None,
        }
    }
    Some((identity.to_owned(), token?))
}
