//! One failure of each kind that mailgrant itself notices.

use std::io::ErrorKind;
use std::time::Duration;

use crate::failure::{
    CallbackRefusal, CommandTrouble, Failure, FailureKind, GREETING, HandedOver, Heard, KeyTrouble, OAuthFault,
    OtherService, ProxyFault, ProxyTrouble, Rejection, ReplyCode, Service, StoreFault, TlsFault,
};
use crate::profile::TlsMode;
use crate::text::Shown;

fn word(word: &'static str) -> Shown {
    word.into()
}

pub(super) fn failures() -> Vec<Failure> {
    let after = Duration::from_secs(30);
    let kinds = [
        FailureKind::NameNotFound { host: word("host.example") },
        FailureKind::NameLookupFailed { host: word("host.example"), reason: word("REASON") },
        FailureKind::ConnectionRefused { host: word("host.example"), port: 993 },
        FailureKind::Unreachable { host: word("host.example"), port: 993, reason: word("REASON") },
        FailureKind::TimedOut { during: word("waiting for the server"), after },
        FailureKind::ConnectionLost { during: word("waiting for the server") },
        FailureKind::ProtocolViolation { what: word("WHAT") },
        FailureKind::Unreadable { what: word("WHAT") },
        FailureKind::Bug,
        FailureKind::TooLarge { what: word("a line"), limit: 8_192 },
        FailureKind::StartTlsNotOffered,
        FailureKind::MechanismNotOffered { wanted: None, offered: vec![word("PLAIN"), word("LOGIN")] },
        FailureKind::OAuth(OAuthFault { error: word("ERROR"), status: 400, ..Default::default() }),
        FailureKind::NotOAuth {
            status: 200,
            content_type: Some(word("text/html")),
            what: word("a web page"),
            retry_after: None,
        },
        FailureKind::WrongPaste { what: word("WHAT") },
        FailureKind::OtherIssuer { what: word("WHAT"), spelled: None },
        FailureKind::OtherIssuer { what: word("WHAT"), spelled: Some(word("https://login.example/")) },
        FailureKind::IdToken { what: word("WHAT") },
        FailureKind::OtherAccount { signed_in: word("ANOTHER"), expected: word("ADDRESS") },
        FailureKind::OtherAccount { signed_in: word("another@host.example"), expected: word("ADDRESS") },
        FailureKind::OtherSubject { recorded: word("ONE"), signed_in: word("ANOTHER") },
        FailureKind::NoRefreshToken,
        FailureKind::UnsafeUrl { url: word("URL"), reason: word("REASON") },
        FailureKind::NoDeviceCode { why: word("the provider does not offer it") },
        FailureKind::DeviceCodeExpired { after },
        FailureKind::SignInTimedOut { after, heard: Heard::Requests, refused: CallbackRefusal::ALL.to_vec() },
        FailureKind::NotAuthorized { why: word("REASON") },
        FailureKind::GrantOfAnother {
            address: word("ANOTHER"),
            client_id: word("CLIENT_ID"),
            at: word("ISSUER"),
            profile: None,
        },
        FailureKind::NoClientSecret { app: word("NAME") },
        FailureKind::NotArrived { after },
        FailureKind::Busy { what: word("the mailbox"), holder: None, waited: after },
        FailureKind::Local { what: word("WHAT"), reason: word("REASON") },
        FailureKind::File { what: word("WHAT"), path: "FILE".into(), reason: word("REASON"), kind: ErrorKind::Other },
    ];
    let tls = [
        TlsFault::UnknownIssuer { issuer: None, is_alone: false },
        TlsFault::SelfSigned,
        TlsFault::WrongUsage,
        TlsFault::WrongHost { host: word("host.example"), names: Vec::new() },
        TlsFault::Expired,
        TlsFault::NotYetValid,
        TlsFault::Revoked,
        TlsFault::RevocationUnknown,
        TlsFault::TooOld,
        TlsFault::NotTls,
        TlsFault::Other(word("REASON")),
    ];
    let command = |trouble| StoreFault::Command { program: word("PROGRAM"), what: word("read WHAT"), trouble };
    let stores = [
        StoreFault::Absent { reason: word("REASON"), vault: None },
        StoreFault::Absent { reason: word("REASON"), vault: Some(word("FILE")) },
        StoreFault::Locked,
        StoreFault::Denied { reason: word("REASON") },
        StoreFault::Slow { after },
        StoreFault::NoKey { expected: word("FILE") },
        StoreFault::NoVault { expected: word("FILE") },
        StoreFault::BadKey { place: word("FILE"), trouble: KeyTrouble::Empty },
        StoreFault::WrongKey,
        StoreFault::Damaged { what: word("WHAT") },
        StoreFault::NotKept { what: word("WHAT") },
        StoreFault::Newer { what: word("FILE"), number: 2, known: 1 },
        StoreFault::VaultDamaged { path: "FILE".into(), why: word("REASON") },
        StoreFault::Misfiled { path: "FILE".into(), holds: word("ONE"), expected: word("ANOTHER") },
        StoreFault::InUse { what: word("the vault"), holder: None, waited: after },
        StoreFault::File { what: word("WHAT"), path: "FILE".into(), reason: word("REASON"), kind: ErrorKind::Other },
        StoreFault::Unsafe { path: word("FILE"), reason: word("REASON") },
        StoreFault::ReadOnly { store: word("the store"), handed: HandedOver::Variable(word("VARIABLE")) },
        StoreFault::ReadOnly { store: word("the store"), handed: HandedOver::Vault },
        StoreFault::ReadOnly { store: word("the store"), handed: HandedOver::Command },
        StoreFault::NoVariable { variable: word("VARIABLE"), holds: word("the client secret") },
        StoreFault::BadVariable { variable: word("VARIABLE"), why: word("REASON") },
        StoreFault::SharedVariable { variable: word("VARIABLE"), one: word("ONE"), other: word("ANOTHER") },
        StoreFault::NoCommand,
        command(CommandTrouble::Absent),
        command(CommandTrouble::NotRun { reason: word("REASON") }),
        command(CommandTrouble::TimedOut { after }),
        command(CommandTrouble::TooLong { limit: 1024 }),
        command(CommandTrouble::Failed { status: Some(1), words: word("WORDS") }),
        command(CommandTrouble::Failed { status: None, words: Shown::default() }),
        command(CommandTrouble::Empty),
        StoreFault::Other { reason: word("REASON") },
    ];
    let proxies = [
        ProxyFault::Unreadable { reason: word("REASON") },
        ProxyFault::NotReached(Box::new(FailureKind::ConnectionRefused { host: word("host.example"), port: 3128 })),
        ProxyFault::WantsSignIn { scheme: None },
        ProxyFault::Refused { answer: word("ANSWER") },
        ProxyFault::HostNotReached { answer: word("ANSWER") },
        ProxyFault::NotUnderstood { answer: word("ANSWER") },
        ProxyFault::Unsupported { what: word("REASON") },
    ];
    let trouble = |fault| {
        let (proxy, variable, host) = (word("http://proxy.example:3128"), "https_proxy", word("host.example"));
        FailureKind::Proxy(ProxyTrouble { proxy, variable, host, fault })
    };
    let proxies = proxies.into_iter().map(trouble);
    let services = services().into_iter().map(FailureKind::OtherService);
    let tls = tls.into_iter().map(FailureKind::Tls);
    let stores = stores.into_iter().map(FailureKind::Store);
    let half = [
        FailureKind::TimedOut { during: word("waiting for the server"), after },
        FailureKind::ConnectionLost { during: word("waiting for the server") },
    ];
    let half = half.into_iter().map(|kind| Failure::new(kind).said("220 mai"));
    kinds.into_iter().chain(tls).chain(stores).chain(proxies).chain(services).map(Failure::new).chain(half).collect()
}

pub(super) fn rejections() -> Vec<Failure> {
    let refused = |command: &'static str, reply_code: Option<u16>| {
        let rejection =
            Rejection { command: command.into(), code: reply_code.map(ReplyCode::Smtp), ..Rejection::default() };
        Failure::new(FailureKind::Rejected(rejection))
    };
    let mut refusals = vec![refused("AUTH", Some(599)), refused("NOOP", Some(450))];
    let closing = Rejection { command: word("NOOP"), closes: true, ..Rejection::default() };
    refusals.push(Failure::new(FailureKind::Rejected(closing)));
    refusals.push(refused(GREETING, None));
    refusals.extend(["MAIL", "RCPT", "DATA", "EXAMINE", "NOOP"].map(|command| refused(command, None)));
    refusals
}

fn services() -> Vec<OtherService> {
    let found =
        [Service::Imap, Service::Pop3, Service::Smtp, Service::Http, Service::Ssh, Service::Tls, Service::Unknown];
    let seen = |is_tls| found.map(|found| OtherService { found, is_tls, wanted: TlsMode::StartTls, port: 993 });
    [seen(true), seen(false)].concat()
}
