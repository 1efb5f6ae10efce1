use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::*;
use crate::failure::OAuthFault;
use crate::profile::ClientAuth;
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

fn grant() -> Grant {
    Grant {
        binding: Binding {
            client_id: "11111111-2222-3333-4444-555555555555".parse().unwrap(),
            issuer_or_authority: "https://login.microsoftonline.com/contoso.com".into(),
            address: "shop@contoso.com".into(),
        },
        profile: Some("/home/alice/.config/mailgrant/config.toml".into()),
        refresh_token: SecretString::from("0.refresh \"\\ ü"),
        token_endpoint: "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token".into(),
        client_auth: ClientAuth::Basic,
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
        access: Some(CachedAccess {
            token: SecretString::from("eyJ.access"),
            expires: at("2026-11-22T03:02:03Z"),
            scopes: vec!["a".into()],
        }),
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
            },
        }),
    }
}

#[test]
fn a_grant_comes_back_as_it_was_saved() {
    let (store, shop, before) = (MemoryStore::default(), name("shop"), grant());
    save_grant(&store, &shop, &before).unwrap();
    let after = load_grant(&store, &shop).unwrap().unwrap();
    assert_eq!(after.binding, before.binding);
    assert_eq!(after.refresh_token.expose_secret(), before.refresh_token.expose_secret());
    assert_eq!(after.token_endpoint, before.token_endpoint);
    assert_eq!(after.client_auth, before.client_auth);
    assert_eq!(after.identity, before.identity);
    assert_eq!((&after.scopes, &after.asked), (&before.scopes, &before.asked));
    assert_eq!((after.obtained, after.refreshed), (before.obtained, before.refreshed));
    let (after_access, before_access) = (after.access.unwrap(), before.access.unwrap());
    assert_eq!(after_access.token.expose_secret(), before_access.token.expose_secret());
    assert_eq!((after_access.expires, after_access.scopes), (before_access.expires, before_access.scopes));
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
    };
    let journal = RotationJournal {
        phase: RotationPhase::Proven,
        started: at("2026-11-22T01:00:00Z"),
        proven: ["shop", "office"].map(|mailbox| (name(mailbox), at("2026-11-22T01:00:01Z"))).into(),
    };
    let before = AppRecord {
        client_id: "client".parse().unwrap(),
        registrar: Some("https://id.example".to_owned()),
        active: Some(secret("active", Some("2027-05-20"))),
        previous: Some(secret("previous", None)),
        pending: Some(secret("pending", None)),
        journal: Some(journal.clone()),
    };
    save_app(&store, &contoso, &before).unwrap();
    let after = load_app(&store, &contoso).unwrap().unwrap();
    assert_eq!((&after.client_id, &after.registrar), (&before.client_id, &before.registrar));
    assert_eq!(after.journal, Some(journal));
    let values: Vec<_> = after.secrets().map(ExposeSecret::expose_secret).collect();
    assert_eq!(values, ["active", "previous", "pending"]);
    assert_eq!(after.active.unwrap().expires, Some("2027-05-20".parse().unwrap()));
}

#[test]
fn every_secret_of_a_record_is_offered_to_the_redactor() {
    let grant = grant();
    let values: Vec<_> = grant.secrets().map(ExposeSecret::expose_secret).collect();
    assert_eq!(values, [grant.refresh_token.expose_secret(), "eyJ.access"]);
}

#[test]
fn a_record_shows_no_secret_when_it_is_debug_printed() {
    let text = format!("{:?}", grant());
    assert!(!text.contains("0.refresh") && !text.contains("eyJ.access"), "{text}");
}

#[test]
fn an_absent_record_is_no_fault() {
    let store = MemoryStore::default();
    assert!(load_app(&store, &name("contoso")).unwrap().is_none());
    assert!(load_grant(&store, &name("shop")).unwrap().is_none());
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
    let grant = load_grant(&store, &name("shop")).unwrap().unwrap();
    assert_eq!(grant.refresh_token.expose_secret(), "r");
    assert!(grant.access.is_none() && grant.scopes.is_empty() && grant.needs_authorization.is_none());
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
        let lost = load_grant(&store, &name("shop")).unwrap().unwrap().needs_authorization.unwrap();
        assert_eq!((lost.at, lost.fault.error.as_str(), lost.fault.codes), (None, "invalid_grant", codes));
    }
    // Written as it is now, it can be read by the older version too, which knows nothing of it.
    save_grant(&store, &name("shop"), &grant()).unwrap();
    let json = stored(&store, &RecordKey::Mailbox(name("shop")));
    assert_eq!(json["lost"]["error_codes"], serde_json::json!([700_082]));
    assert!(json.get("needs_authorization").is_none() && json["schema"] == 1, "{json}");
}

#[test]
fn a_newer_schema_is_refused_with_its_number() {
    let store = MemoryStore::default();
    put(&store, RecordKey::Mailbox(name("shop")), r#"{"schema":2,"everything":"else"}"#);
    let newer = StoreFault::Newer { what: "the record of mailbox shop".into(), number: 2, known: 1 };
    assert_eq!(load_grant(&store, &name("shop")).err(), Some(newer));
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
        for result in [load_grant(&store, &name("shop")).err(), load_app(&store, &name("contoso")).err()] {
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
    grant.refresh_token = SecretString::from("r".repeat(30_000));
    save_grant(&store, &shop, &grant).unwrap();
    let after = load_grant(&store, &shop).unwrap().unwrap();
    assert_eq!(after.refresh_token.expose_secret(), grant.refresh_token.expose_secret());
}

#[test]
fn a_store_that_fails_is_believed() {
    let store = MemoryStore::default();
    *store.fault.lock().unwrap() = Some(StoreFault::Locked);
    assert_eq!(load_grant(&store, &name("shop")).err(), Some(StoreFault::Locked));
    assert_eq!(save_grant(&store, &name("shop"), &grant()).err(), Some(StoreFault::Locked));
}
