//! A mailbox over the Gmail API. The practice tenant has Google's API and not its sign-in, so that what a sign-in leaves is
//! put into the store by hand, and `test`, which asks where tokens are issued, is not run.

use jiff::{SignedDuration, Timestamp};
use mailgrant::profile::ClientAuthentication;
use mailgrant::secrets::{Authorization, Binding, CachedAccess, MailboxRecord, RefreshGrant};

use crate::sandbox::world::SHOP;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;

const CLIENT_ID: &str = "4711-practice.apps.googleusercontent.com";
const SCOPES: &str = "https://www.googleapis.com/auth/gmail";

/// Adds the mailbox `name` of the shop, with a token for these permissions in the store.
pub(crate) fn add(shop: &Fixture, name: &str, permissions: &[&str]) {
    let api = shop.sandbox().api_base();
    let permissions = permissions.iter().map(|permission| format!("{SCOPES}.{permission}"));
    let scopes: Vec<String> = ["openid", "email"].map(str::to_owned).into_iter().chain(permissions).collect();
    shop.add_over_graph(
        name,
        &[
            ("--provider", Some("google")),
            ("--tenant", None),
            ("--authority", None),
            ("--client-id", Some(CLIENT_ID)),
            ("--app", Some("google")),
            ("--incoming", Some("gmail")),
            ("--outgoing", Some("gmail")),
            ("--api-url", Some(&api)),
        ],
    )
    .finish()
    .code(0);
    let token = shop.sandbox().issue_access_token(SHOP, &scopes);
    let now = now();
    let access = CachedAccess {
        audience: Some("https://www.googleapis.com/auth".to_owned()),
        token: token.into(),
        received: now,
        expires: now + SignedDuration::from_hours(1),
        scopes: scopes.clone(),
    };
    shop.save_grant(
        name,
        &MailboxRecord {
            binding: Binding {
                client_id: CLIENT_ID.parse().unwrap(),
                issuer_or_authority: "https://accounts.google.com".to_owned(),
                address: SHOP.to_owned(),
            },
            profile: None,
            authorization: Authorization::User(RefreshGrant { refresh_token: "1//practice-only".to_owned().into() }),
            token_endpoint: "https://oauth2.googleapis.com/token".to_owned(),
            client_authentication: ClientAuthentication::Body,
            identity: None,
            scopes: scopes.clone(),
            asked: scopes,
            obtained: now,
            refreshed: None,
            access: vec![access],
            needs_authorization: None,
        },
    );
}

#[expect(clippy::disallowed_methods, reason = "the token is good from now on")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn authorized(permissions: &[&str]) -> Fixture {
    let shop = Fixture::new();
    add(&shop, "shop", permissions);
    shop
}

/// Whether the check of `stage` passed, and what it says.
fn passed(finished: &Finished, stage: &str) -> String {
    let (outcome, said) = finished.check(stage);
    assert_eq!(outcome, "passed", "{stage}: {said}");
    said
}

#[test]
fn add_says_that_the_api_is_to_be_enabled_where_it_is_used() {
    let shop = Fixture::new();
    for (protocol, is_told) in [("gmail", true), ("imap", false)] {
        let google = [
            ("--provider", Some("google")),
            ("--tenant", None),
            ("--authority", None),
            ("--client-id", Some(CLIENT_ID)),
            ("--app", Some(protocol)),
            ("--incoming", Some(protocol)),
            ("--incoming-host", None),
            ("--incoming-port", None),
        ];
        let next = shop.add(protocol, &google).finish().code(0).json()["next"].to_string();
        assert_eq!(next.contains("Enable the Gmail API"), is_told, "{next}");
    }
}

#[test]
fn a_mailbox_is_read_and_sent_from_over_gmail() {
    let shop = authorized(&["metadata", "send"]);
    let tried = shop.json(&["test-smtp", "shop"], 0);
    assert!(passed(&tried, "recipient").contains("nothing was sent"), "{}", tried.stdout);
    assert!(shop.sandbox().sent().is_empty(), "a test without --to sends nothing");
    let read = shop.json(&["test-mailbox", "shop", "--latest", "3"], 0);
    assert!(passed(&read, "folder").contains("1 message"), "{}", read.stdout);
    let latest = read.json()["reports"][0]["latest"].clone();
    assert_eq!(latest[0]["subject"], "Welcome to the practice tenant", "{}", read.stdout);
    let sent = shop.json(&["test-smtp", "shop", "--to", SHOP, "--wait-arrival"], 0);
    passed(&sent, "arrival");
    let mails = shop.sandbox().sent();
    assert_eq!((mails.len(), mails[0].sender.as_str()), (1, SHOP));
    shop.insist_on_manners();
}
