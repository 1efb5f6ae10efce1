//! The set-up of an app without a person, step by step: whatever is missing, the first step that nothing proves is named,
//! with its command, and nothing is called done that is not.

use serde_json::Value;

use crate::sandbox::mail_sign_in::Protocol;
use crate::sandbox::world::{AppOnly, CONFIDENTIAL_CLIENT, Principal, SHOP};
use crate::support::fixture::Fixture;

/// The steps, in the order in which each needs the one before.
const STEPS: [&str; 5] =
    ["Application permission", "Admin consent", "Service principal in Exchange", "Right on the mailbox", "Protocols"];

/// The shop's mailbox, which the app opens by itself.
fn shop() -> Fixture {
    let shop = Fixture::added();
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    std::fs::write(shop.config(), profile.replacen("[apps.shop]\n", "[apps.shop]\naccess = \"app\"\n", 1)).unwrap();
    shop
}

/// All is set up, but for the steps of `missing`.
fn set_up(missing: [bool; 5], off: &[Protocol]) -> AppOnly {
    let done = AppOnly::for_mailboxes(&[SHOP]);
    let [permission, consent, principal, right, protocol] = missing;
    AppOnly {
        permissions: if permission { Vec::new() } else { done.permissions },
        consent: !consent,
        principal: if principal { Principal::OfRegistration } else { Principal::OfEnterpriseApplication },
        full_access: if right { Vec::new() } else { done.full_access },
        off: if protocol { off.to_vec() } else { Vec::new() },
        ..AppOnly::nothing()
    }
}

/// The place of the step that a verdict is about; a token without the role leaves open which of the first two it is.
fn place(verdict: &Value) -> Option<usize> {
    Some(match verdict["code"].as_str()? {
        "local-app-only-token-without-roles" => 0,
        "app-not-known-to-exchange" => 2,
        "app-without-mailbox-right" => 3,
        "app-protocol-off" => 4,
        other => panic!("{other}: {verdict}"),
    })
}

fn steps(verdict: &Value) -> String {
    verdict["fix"].as_array().unwrap().iter().filter_map(|step| step["text"].as_str()).collect::<Vec<_>>().join("\n")
}

/// Titles of the steps that are called done.
fn done(told: &Value) -> Vec<usize> {
    let tasks = told["reports"][0]["tasks"].as_array().unwrap();
    let is_done =
        |title: &str| tasks.iter().find(|task| task["title"] == title).is_some_and(|task| task["done"].is_string());
    (0..STEPS.len()).filter(|step| is_done(STEPS[*step])).collect()
}

#[test]
fn every_subset_of_missing_steps_names_the_first_that_nothing_proves() {
    let shop = shop();
    let object = shop.sandbox().principal_id();
    let commands = [
        format!("az ad app permission admin-consent --id {CONFIDENTIAL_CLIENT}"),
        String::new(),
        format!("New-ServicePrincipal -AppId {CONFIDENTIAL_CLIENT} -ObjectId {object}"),
        format!("Add-MailboxPermission -Identity {SHOP} -User {object} -AccessRights FullAccess"),
        format!("Set-CASMailbox -Identity {SHOP} -ImapEnabled $true"),
    ];
    let (mut exact, mut wrong) = (0, Vec::new());
    for subset in 0..32_u8 {
        let missing = [0, 1, 2, 3, 4].map(|step| subset & (1 << step) != 0);
        shop.sandbox().set_up_app_only(set_up(missing, &[Protocol::Imap]));
        let verdict = shop.run(&["--json", "test", "shop"]).finish().json()["reports"][0]["verdict"].clone();
        let named = place(&verdict);
        // Neither a permission without consent nor consent without a permission is seen in a token.
        let first = missing.iter().position(|is_missing| *is_missing).map(|step| if step == 1 { 0 } else { step });
        exact += usize::from(named == first);
        let is_too_far = named.is_none_or(|named| first.is_some_and(|first| named > first)) != first.is_none();
        let command = named.map_or("", |named| commands[named].as_str());
        if is_too_far || named.is_some() && !steps(&verdict).contains(command) {
            wrong.push(format!("{missing:?}: {named:?}, not {first:?}: {verdict}"));
        }
        let words = format!("{} {}", verdict["cause"], if named.is_some() { steps(&verdict) } else { String::new() });
        for strange in ["mailgrant authorize", "sign in", "the user"] {
            assert!(!words.contains(strange), "{strange}: {words}");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // Where the right is missing and IMAP is off, both servers refuse the token as they refuse that of an unknown app.
    assert_eq!(exact, 31, "of 32");
}

#[test]
fn authorize_says_that_no_user_signs_in_and_marks_what_is_proven() {
    let shop = shop();
    let off = [Protocol::Imap, Protocol::Smtp];
    for (missing, off, proven) in [
        ([false; 5], &off[..], &[0, 1, 2, 3, 4][..]),
        ([false, false, true, false, false], &off, &[0, 1]),
        ([false, false, false, true, false], &off, &[0, 1, 2]),
        ([false, false, false, false, true], &off[..1], &[0, 1, 2, 3]),
        ([false, false, false, false, true], &off, &[0, 1]),
        ([false, true, true, true, false], &off, &[]),
        ([true, false, false, false, false], &off, &[]),
    ] {
        shop.sandbox().set_up_app_only(set_up(missing, off));
        let told = shop.run(&["--json", "authorize", "shop"]).finish().json();
        assert_eq!(done(&told), proven, "{missing:?} {off:?}: {told}");
    }
    shop.sandbox().set_up_app_only(AppOnly::for_mailboxes(&[SHOP]));
    let shown = shop.run(&["authorize", "shop"]).finish().code(0);
    assert!(shown.stdout.contains("nothing to sign in"), "{}", shown.stdout);
    assert_eq!(shop.sandbox().counters().sign_ins, 0, "no page was opened");
}

#[test]
fn sending_by_a_role_of_exchange_needs_no_permission_in_the_token() {
    let shop = shop();
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    let lines = profile.lines().filter(|line| !line.starts_with("incoming")).collect::<Vec<_>>().join("\n");
    std::fs::write(shop.config(), lines).unwrap();
    let role = AppOnly {
        principal: Principal::OfEnterpriseApplication,
        smtp_role: vec![SHOP.to_owned()],
        ..AppOnly::nothing()
    };
    shop.sandbox().set_up_app_only(role.clone());
    let told = shop.json(&["test", "shop"], 0).json();
    assert!(told["reports"][0]["verdict"].is_null(), "{told}");
    shop.sandbox().set_up_app_only(AppOnly { smtp_role: Vec::new(), ..role });
    let verdict = shop.json(&["test", "shop"], 1).json()["reports"][0]["verdict"].clone();
    assert_eq!(verdict["code"], "local-app-only-token-without-roles");
    assert!(steps(&verdict).contains("the token is right without it"), "{verdict}");
}

#[test]
fn the_guide_has_the_five_steps_and_no_sign_in() {
    let shop = shop();
    let shown = shop.run(&["guide", "shop"]).finish().code(0).stdout;
    for words in STEPS {
        assert!(shown.contains(words), "no {words} in {shown}");
    }
    for words in ["IMAP.AccessAsApp, SMTP.SendAsApp", "New-ServicePrincipal", "Add-MailboxPermission", "-ImapEnabled"] {
        assert!(shown.contains(words), "no {words} in {shown}");
    }
    for words in ["mailgrant authorize", "Redirect URI", "-PopEnabled", "{", "> Delegated permissions"] {
        assert!(!shown.contains(words), "{words} in {shown}");
    }
    shop.sandbox().set_up_app_only(set_up([false, false, false, true, false], &[]));
    let told = shop.json(&["guide", "shop", "--test"], 0).json();
    assert_eq!(done(&told), [0, 1, 2]);
    assert!(told.to_string().contains(&shop.sandbox().principal_id()), "the token names it: {told}");
}

#[test]
fn no_command_speaks_of_a_sign_in() {
    let shop = Fixture::new();
    let added = shop.add("shop", &[("--access", Some("app"))]).finish().code(0);
    shop.sandbox().set_up_app_only(AppOnly::for_mailboxes(&[SHOP]));
    let told = added.json();
    let next = told["next"].to_string();
    for words in ["Application permissions: IMAP.AccessAsApp, SMTP.SendAsApp", "mailgrant guide shop"] {
        assert!(next.contains(words), "no {words} in {next}");
    }
    assert!(!next.contains("redirect") && !next.contains("sign in as"), "{next}");
    assert!(std::fs::read_to_string(shop.config()).unwrap().contains("access = \"app\""));
    for arguments in [&["show", "shop"][..], &["list"], &["status"], &["test", "shop"], &["inspect", "shop"]] {
        let shown = shop.run(arguments).finish().code(0).stdout.to_lowercase();
        for words in ["sign in as", "signed in", "1970", "mailgrant authorize", "not authorized"] {
            assert!(!shown.contains(words), "{arguments:?}: {words} in {shown}");
        }
    }
    let inspected = shop.json(&["inspect", "shop"], 0).json()["reports"][0]["facts"].clone();
    assert_eq!(inspected["enterprise_application"], shop.sandbox().principal_id(), "{inspected}");
    assert_eq!(shop.json(&["status"], 0).json()["reports"][0]["facts"]["status"], "needs no sign-in");
}
