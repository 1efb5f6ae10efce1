use std::path::Path;

use secrecy::ExposeSecret as _;

use super::*;
use crate::secrets::{load_app, load_mailbox};

const PROFILE: &str = r#"
[apps."a.b-c"]
provider = "microsoft365"
tenant = "contoso.example"
client_id = "11111111-2222-3333-4444-555555555555"
[apps.public]
provider = "google"
client_id = "shop.apps.googleusercontent.com"
credential = "none"
[mailboxes.shop]
app = "a.b-c"
address = "Shop@contoso.example"
incoming = { protocol = "imap" }
[mailboxes.office]
app = "public"
address = "office@example.com"
incoming = { protocol = "imap" }
"#;

fn store(profile: &str, env: fn(&str) -> Option<OsString>) -> EnvStore {
    EnvStore { profile: crate::config::parse(Path::new("config.toml"), profile).unwrap(), env }
}

fn name(name: &str) -> Name {
    name.parse().unwrap()
}

#[test]
fn records_are_made_of_variables_and_the_profile() {
    let store = store(PROFILE, |name| match name {
        "MAILGRANT_APP_A_B_C_CLIENT_SECRET" => Some(" s3cret-of-the-app\n".into()),
        "MAILGRANT_MAILBOX_SHOP_REFRESH_TOKEN" => Some("token-of-the-shop".into()),
        _ => None,
    });
    let app = &store.profile.apps[&name("a.b-c")];
    let record = load_app(&store, &app.name).unwrap().unwrap();
    assert!(record.is_of(app));
    assert_eq!(record.active.unwrap().value.expose_secret(), "s3cret-of-the-app");
    let mailbox = &store.profile.mailboxes[&name("shop")];
    let record = load_mailbox(&store, &mailbox.name).unwrap().unwrap();
    assert_eq!(record.binding, Binding::of(app, mailbox));
    assert_eq!(record.refresh_token().unwrap().expose_secret(), "token-of-the-shop");
    assert!(record.asked.iter().any(|scope| scope.contains("IMAP.AccessAsUser.All")), "{:?}", record.asked);
    let keys = store.keys().unwrap().unwrap();
    assert_eq!(keys, [RecordKey::App(name("a.b-c")), RecordKey::Mailbox(name("shop"))]);
    // The public client has no secret, so that none is missing.
    let said = store.self_test().unwrap();
    assert!(said.ends_with("not set: MAILGRANT_MAILBOX_OFFICE_REFRESH_TOKEN"), "{said}");
}

#[test]
fn what_is_not_set_is_named_and_nothing_is_written() {
    let store = store(PROFILE, |_| None);
    let (app, shop) = (RecordKey::App(name("a.b-c")), RecordKey::Mailbox(name("shop")));
    assert!(store.get(&app).unwrap().is_none() && store.get(&shop).unwrap().is_none());
    let Some(StoreFault::NoVariable { variable, .. }) = store.absence(&app) else { panic!("it is not named") };
    assert_eq!(variable, "MAILGRANT_APP_A_B_C_CLIENT_SECRET");
    assert!(store.is_read_only());
    for fault in [
        store.put(&shop, &SecretBytes::new(b"x".to_vec())).err(),
        store.delete(&shop).err(),
        store.reserve(&shop).and_then(|space| space.put(&SecretBytes::new(b"x".to_vec()))).err(),
    ] {
        let Some(StoreFault::ReadOnly { handed: HandedOver::Variable(variable), .. }) = fault else {
            panic!("{fault:?}");
        };
        assert_eq!(variable, "MAILGRANT_MAILBOX_SHOP_REFRESH_TOKEN");
    }
}

#[test]
fn a_value_that_cannot_be_a_secret_is_refused_and_not_repeated() {
    for env in [
        (|_| Some("one\ntwo".into())) as fn(&str) -> Option<OsString>,
        |_| Some("x".repeat(LARGEST + 1).into()),
        #[cfg(unix)]
        |_| Some(std::os::unix::ffi::OsStringExt::from_vec(vec![0xff, b'x'])),
    ] {
        let fault = store(PROFILE, env).get(&RecordKey::Mailbox(name("shop"))).err().unwrap();
        let StoreFault::BadVariable { variable, why } = fault else { panic!("{fault:?}") };
        assert_eq!(variable, "MAILGRANT_MAILBOX_SHOP_REFRESH_TOKEN");
        assert!(!why.contains("one") && !why.contains("xx"), "{why}");
    }
    // Blanks are what a CI system leaves of a secret that does not exist.
    assert!(store(PROFILE, |_| Some(" \n".into())).get(&RecordKey::Mailbox(name("shop"))).unwrap().is_none());
}

#[test]
fn one_variable_is_never_that_of_two() {
    let twice = PROFILE.replace("[mailboxes.office]", "[mailboxes.Shop]");
    let store = store(&twice, |_| Some("x".into()));
    for shop in ["shop", "Shop"] {
        let fault = store.get(&RecordKey::Mailbox(name(shop))).err().unwrap();
        assert!(matches!(fault, StoreFault::SharedVariable { .. }), "{fault:?}");
    }
    assert!(store.get(&RecordKey::App(name("a.b-c"))).unwrap().is_some());
    assert!(store.self_test().is_err());
}

#[test]
fn a_certificates_app_has_a_passphrase_and_no_secret() {
    let profile = PROFILE.replacen(
        "[apps.public]",
        "credential = \"certificate\"\ncertificate = { file = \"app.pem\" }\n[apps.public]",
        1,
    );
    let store =
        store(&profile, |name| (name == "MAILGRANT_APP_A_B_C_CERTIFICATE_PASSPHRASE").then(|| "opens-the-key".into()));
    let record = load_app(&store, &name("a.b-c")).unwrap().unwrap();
    assert!(record.active.is_none());
    assert_eq!(record.passphrase.unwrap().expose_secret(), "opens-the-key");
}
