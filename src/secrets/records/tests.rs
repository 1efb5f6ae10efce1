use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::failure::OAuthFault;
use crate::profile::ClientAuthentication;
use crate::secrets::{MemoryStore, SecretBytes};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn put(store: &MemoryStore, key: RecordKey, json: &str) {
    store.put(&key, &SecretBytes::new(json.as_bytes().to_vec())).unwrap();
}

fn stored(store: &MemoryStore, key: &RecordKey) -> serde_json::Value {
    serde_json::from_slice(store.get(key).unwrap().unwrap().expose()).unwrap()
}

fn user(refresh_token: &str) -> Authorization {
    Authorization::User(RefreshGrant { refresh_token: refresh_token.into() })
}

fn refresh_token(grant: &MailboxRecord) -> &str {
    grant.refresh_token().unwrap().expose_secret()
}

fn grant() -> MailboxRecord {
    MailboxRecord {
        binding: Binding {
            client_id: "11111111-2222-3333-4444-555555555555".parse().unwrap(),
            issuer_or_authority: "https://login.microsoftonline.com/contoso.com".into(),
            address: "shop@contoso.com".into(),
        },
        profile: Some("/home/alice/.config/mailgrant/config.toml".into()),
        authorization: user("0.refresh \"\\ ü"),
        token_endpoint: "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token".into(),
        client_authentication: ClientAuthentication::Basic,
        identity: Some(GrantIdentity {
            issuer: "https://login.microsoftonline.com/x/v2.0".into(),
            subject: "subject".into(),
            tenant: Some("tenant".into()),
            label: "shop@contoso.com".into(),
            names: vec!["shop@contoso.com".into(), "s.hop@contoso.onmicrosoft.com".into()],
        }),
        scopes: vec!["a".into()],
        asked: vec!["a".into(), "b".into()],
        obtained: at("2026-11-22T01:02:03Z"),
        refreshed: Some(at("2026-11-22T02:02:03Z")),
        access: vec![CachedAccess {
            audience: Some("https://outlook.office.com".into()),
            token: SecretString::from("eyJ.access"),
            received: at("2026-11-22T02:02:03Z"),
            expires: at("2026-11-22T03:02:03Z"),
            scopes: vec!["a".into()],
        }],
        needs_authorization: Some(LostGrant {
            at: Some(at("2026-11-22T04:02:03Z")),
            fault: OAuthFault {
                error: "invalid_grant".into(),
                description: Some("AADSTS700082: The refresh token has expired".into()),
                status: 400,
                codes: vec![700_082],
                suberror: Some("token_expired".into()),
                correlation_id: Some("c-1".into()),
                retry_after: None,
                federated: None,
            },
        }),
    }
}

#[test]
fn a_grant_comes_back_as_it_was_saved() {
    let (store, shop, before) = (MemoryStore::default(), name("shop"), grant());
    save_mailbox(&store, &shop, &before).unwrap();
    let after = load_mailbox(&store, &shop).unwrap().unwrap();
    assert_eq!(after.binding, before.binding);
    assert_eq!(refresh_token(&after), refresh_token(&before));
    assert_eq!(after.token_endpoint, before.token_endpoint);
    assert_eq!(after.client_authentication, before.client_authentication);
    assert_eq!(after.identity, before.identity);
    assert_eq!((&after.scopes, &after.asked), (&before.scopes, &before.asked));
    assert_eq!((after.obtained, after.refreshed), (before.obtained, before.refreshed));
    let ([after_access], [before_access]) = (after.access.as_slice(), before.access.as_slice()) else { panic!() };
    assert_eq!(after_access.token.expose_secret(), before_access.token.expose_secret());
    assert_eq!((after_access.expires, &after_access.scopes), (before_access.expires, &before_access.scopes));
    assert_eq!(after_access.received, before_access.received);
    assert_eq!(after_access.audience, before_access.audience);
    assert_eq!(after.needs_authorization, before.needs_authorization);
    assert_eq!(after.profile, before.profile);
}

#[test]
fn an_app_comes_back_as_it_was_saved() {
    let (store, contoso) = (MemoryStore::default(), name("contoso"));
    let secret = |value: &str, expires: Option<&str>| ClientSecret {
        value: SecretString::from(value),
        expires: expires.map(|day| day.parse().unwrap()),
        added: at("2026-11-22T01:02:03Z"),
        key_id: expires.map(|_| "0a0a0a0a-0000-4000-8000-00000000000a".parse().unwrap()),
    };
    let journal = RotationJournal {
        phase: RotationPhase::Proven,
        started: at("2026-11-22T01:00:00Z"),
        proven: ["shop", "office"].map(|mailbox| (name(mailbox), at("2026-11-22T01:00:01Z"))).into(),
        keep_previous: Some(7),
    };
    let requested = RequestedSecret { name: "mailgrant 1".to_owned(), at: at("2026-11-22T01:00:00Z") };
    let removal = DueRemoval { key_id: "b".parse().unwrap(), due: at("2026-11-29T01:00:00Z") };
    let before = AppRecord {
        client_id: "client".parse().unwrap(),
        registrar: Some("https://id.example".to_owned()),
        active: Some(secret("active", Some("2027-05-20"))),
        previous: Some(secret("previous", None)),
        pending: Some(secret("pending", None)),
        journal: Some(journal.clone()),
        requested: vec![requested.clone()],
        removals: vec![removal.clone()],
        passphrase: Some("opens-the-key".into()),
        reads_directory: true,
    };
    save_app(&store, &contoso, &before).unwrap();
    let after = load_app(&store, &contoso).unwrap().unwrap();
    assert_eq!((&after.client_id, &after.registrar), (&before.client_id, &before.registrar));
    assert_eq!(after.journal, Some(journal));
    assert_eq!((&after.requested, &after.removals), (&vec![requested], &vec![removal]));
    assert!(after.reads_directory);
    assert_eq!(after.active.as_ref().unwrap().key_id, before.active.unwrap().key_id);
    let values: Vec<_> = after.secrets().map(ExposeSecret::expose_secret).collect();
    assert_eq!(values, ["active", "previous", "pending", "opens-the-key"]);
    assert_eq!(after.active.unwrap().expires, Some("2027-05-20".parse().unwrap()));
}

#[test]
fn every_secret_of_a_record_is_offered_to_the_redactor() {
    let grant = grant();
    let values: Vec<_> = grant.secrets().map(ExposeSecret::expose_secret).collect();
    assert_eq!(values, [refresh_token(&grant), "eyJ.access"]);
}

#[test]
fn a_record_shows_no_secret_when_it_is_debug_printed() {
    let text = format!("{:?}", grant());
    assert!(!text.contains("0.refresh") && !text.contains("eyJ.access"), "{text}");
}

#[test]
fn an_absent_record_is_not_a_fault() {
    let store = MemoryStore::default();
    assert!(load_app(&store, &name("contoso")).unwrap().is_none());
    assert!(load_mailbox(&store, &name("shop")).unwrap().is_none());
}

#[test]
fn the_format_on_disk_stays_readable() {
    let store = MemoryStore::default();
    put(
        &store,
        RecordKey::Mailbox(name("shop")),
        r#"{"schema":1,"binding":{"client_id":"c","authority":"https://a","address":"shop@contoso.com","new":1},
            "refresh_token":"r","token_endpoint":"https://a/token","obtained":"2026-11-22T01:02:03Z","unknown":[{}]}"#,
    );
    let grant = load_mailbox(&store, &name("shop")).unwrap().unwrap();
    assert_eq!(refresh_token(&grant), "r");
    assert!(grant.access.is_empty() && grant.scopes.is_empty() && grant.needs_authorization.is_none());
    put(
        &store,
        RecordKey::App(name("contoso")),
        r#"{"schema":1,"client_id":"c","later":true,"active":{"value":"s","added":"2026-11-22T01:02:03Z","later":1},
            "journal":{"phase":"stored","started":"2026-11-22T01:02:03Z"}}"#,
    );
    let app = load_app(&store, &name("contoso")).unwrap().unwrap();
    assert_eq!(app.journal.unwrap().phase, RotationPhase::Stored);
}

/// Before 0.2 a lost sign-in was one sentence; its number is what can be explained, and judged again.
#[test]
fn the_sentence_of_older_records_is_read() {
    let store = MemoryStore::default();
    for (sentence, codes) in [
        ("the provider refused its refresh token (invalid_grant, AADSTS53003)", vec![53_003]),
        ("the provider refused its refresh token (invalid_grant)", Vec::new()),
    ] {
        put(
            &store,
            RecordKey::Mailbox(name("shop")),
            &format!(
                r#"{{"schema":1,"binding":{{"client_id":"c","authority":"https://a","address":"shop@contoso.com"}},
                "refresh_token":"r","token_endpoint":"https://a/token","obtained":"2026-11-22T01:02:03Z",
                "needs_authorization":"{sentence}"}}"#
            ),
        );
        let lost = load_mailbox(&store, &name("shop")).unwrap().unwrap().needs_authorization.unwrap();
        assert_eq!((lost.at, lost.fault.error.as_str(), lost.fault.codes), (None, "invalid_grant", codes));
    }
    save_mailbox(&store, &name("shop"), &grant()).unwrap();
    let json = stored(&store, &RecordKey::Mailbox(name("shop")));
    assert_eq!(json["lost"]["error_codes"], serde_json::json!([700_082]));
    assert!(json.get("needs_authorization").is_none() && json["schema"] == 2, "{json}");
}

#[test]
fn a_newer_schema_is_refused_with_its_number() {
    let store = MemoryStore::default();
    put(&store, RecordKey::Mailbox(name("shop")), r#"{"schema":3,"everything":"else"}"#);
    let newer = StoreFault::Newer { what: "the record of mailbox shop".into(), number: 3, known: 2 };
    assert_eq!(load_mailbox(&store, &name("shop")).err(), Some(newer));
    put(&store, RecordKey::App(name("contoso")), r#"{"schema":2,"everything":"else"}"#);
    let newer = StoreFault::Newer { what: "the record of app contoso".into(), number: 2, known: 1 };
    assert_eq!(load_app(&store, &name("contoso")).err(), Some(newer));
}

/// Schema 1, as version 0.1 wrote it: one access token, whose audience and time follow from the rest.
#[test]
fn a_grant_of_the_first_schema_is_read_and_written_as_the_second() {
    let (store, shop) = (MemoryStore::default(), name("shop"));
    let key = RecordKey::Mailbox(shop.clone());
    let old = |rest: &str| {
        format!(
            r#"{{"schema":1,"binding":{{"client_id":"c","authority":"https://a","address":"shop@contoso.com"}},
            "token_endpoint":"https://a/token","asked":["openid","https://outlook.office.com/SMTP.Send"],
            "obtained":"2026-11-22T01:02:03Z"{rest}}}"#
        )
    };
    let access = r#","access":{"token":"t","expires":"2026-11-22T03:02:03Z","scopes":["a"]}"#;
    for (rest, received) in [
        (r#","refresh_token":"r""#.to_owned(), None),
        (format!(r#","refresh_token":"r"{access}"#), Some("2026-11-22T01:02:03Z")),
        (format!(r#","refresh_token":"r","refreshed":"2026-11-22T02:02:03Z"{access}"#), Some("2026-11-22T02:02:03Z")),
    ] {
        put(&store, key.clone(), &old(&rest));
        for schema in [1, 2] {
            assert_eq!(stored(&store, &key)["schema"], schema);
            let grant = load_mailbox(&store, &shop).unwrap().unwrap();
            assert_eq!(refresh_token(&grant), "r");
            let found = grant.access_for(Some("https://outlook.office.com"));
            assert_eq!(found.map(|access| access.received), received.map(at));
            assert_eq!(found.map(|access| access.token.expose_secret()), received.map(|_| "t"));
            assert_eq!(grant.access.len(), usize::from(received.is_some()));
            save_mailbox(&store, &shop, &grant).unwrap();
        }
    }
    // It always had one.
    put(&store, key, &old(access));
    assert!(matches!(load_mailbox(&store, &shop), Err(StoreFault::Damaged { .. })));
}

#[test]
fn access_tokens_are_kept_by_audience_as_long_as_they_are_good() {
    let (store, shop) = (MemoryStore::default(), name("shop"));
    let mut grant = MailboxRecord { authorization: Authorization::App, access: Vec::new(), ..grant() };
    let access = |audience: Option<&str>, token: &str, received: &str, expires: &str| CachedAccess {
        audience: audience.map(str::to_owned),
        token: token.into(),
        received: at(received),
        expires: at(expires),
        scopes: Vec::new(),
    };
    grant.remember(access(None, "first", "2026-11-22T01:00:00Z", "2026-11-22T02:00:00Z"));
    grant.remember(access(Some("https://graph"), "graph", "2026-11-22T01:10:00Z", "2026-11-22T02:10:00Z"));
    grant.remember(access(None, "second", "2026-11-22T01:20:00Z", "2026-11-22T02:20:00Z"));
    save_mailbox(&store, &shop, &grant).unwrap();
    let json = stored(&store, &RecordKey::Mailbox(shop.clone()));
    assert!(json.get("refresh_token").is_none() && json["access"].as_array().unwrap().len() == 2, "{json}");
    let mut grant = load_mailbox(&store, &shop).unwrap().unwrap();
    assert!(grant.refresh_token().is_none());
    let token = |grant: &MailboxRecord, audience| {
        grant.access_for(audience).map(|access| access.token.expose_secret().to_owned())
    };
    assert_eq!(token(&grant, None).as_deref(), Some("second"));
    assert_eq!(token(&grant, Some("https://graph")).as_deref(), Some("graph"));
    grant.remember(access(None, "third", "2026-11-22T02:15:00Z", "2026-11-22T03:15:00Z"));
    assert_eq!(token(&grant, Some("https://graph")), None, "it had ended");
}

#[test]
fn a_damaged_record_is_reported_without_a_word_of_its_contents() {
    let store = MemoryStore::default();
    for json in [
        "",
        "canary",
        r#"{"canary":1}"#,
        r#""canary""#,
        r#"{"schema":1,"refresh_token":"canary"}"#,
        r#"{"schema":"canary"}"#,
        r#"{"schema":1,"client_id":"can ary","active":"canary"}"#,
        r#"{"schema":1,"client_id":"c","journal":{"phase":"canary","started":"2026-11-22T01:02:03Z"}}"#,
    ] {
        put(&store, RecordKey::Mailbox(name("shop")), json);
        put(&store, RecordKey::App(name("contoso")), json);
        for result in [load_mailbox(&store, &name("shop")).err(), load_app(&store, &name("contoso")).err()] {
            let Some(StoreFault::Damaged { what }) = result else { panic!("{json}: {result:?}") };
            assert!(!what.contains("canary"), "{what}");
        }
    }
}

#[test]
fn absent_fields_are_not_written() {
    let (store, contoso) = (MemoryStore::default(), name("contoso"));
    save_app(&store, &contoso, &AppRecord::new("client".parse().unwrap())).unwrap();
    let json = stored(&store, &RecordKey::App(contoso));
    assert_eq!(json, serde_json::json!({"schema": 1, "client_id": "client"}));
}

#[test]
fn a_record_larger_than_the_first_buffer_is_written_whole() {
    let (store, shop) = (MemoryStore::default(), name("shop"));
    let mut grant = grant();
    grant.authorization = user(&"r".repeat(30_000));
    save_mailbox(&store, &shop, &grant).unwrap();
    let after = load_mailbox(&store, &shop).unwrap().unwrap();
    assert_eq!(refresh_token(&after), refresh_token(&grant));
}

#[test]
fn a_store_that_fails_is_believed() {
    let store = MemoryStore::default();
    *store.fault.lock().unwrap() = Some(StoreFault::Locked);
    assert_eq!(load_mailbox(&store, &name("shop")).err(), Some(StoreFault::Locked));
    assert_eq!(save_mailbox(&store, &name("shop"), &grant()).err(), Some(StoreFault::Locked));
}
