//! The set-up of an app without a person, step by step: whatever is missing, the first step that nothing proves is named,
//! with its command, and nothing is called done that is not.

use serde_json::Value;

use crate::rotate_issue::{GRAPH, admin_token};
use crate::sandbox::faults::Fault;
use crate::sandbox::mail_sign_in::Protocol;
use crate::sandbox::world::{
    ALICE, AppOnly, CONFIDENTIAL_CLIENT, EXCHANGE, EXCHANGE_APP, EXCHANGE_ROLES, Principal, SHOP,
};
use crate::status_ask::READ;
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

/// The shop's mailbox in a profile that says where directory and Exchange are.
pub(crate) fn readable() -> Fixture {
    let shop = Fixture::new();
    let api = shop.sandbox().api_base();
    shop.add("shop", &[("--access", Some("app")), ("--api-url", Some(&api))]).finish().code(0);
    shop
}

/// What an administrator pipes in: a token for the directory, and one for Exchange.
pub(crate) fn tokens(shop: &Fixture) -> String {
    let exchange = shop.sandbox().issue_access_token(ALICE, &[format!("{EXCHANGE}/Exchange.Manage")]);
    format!("{}\n{exchange}\n", admin_token(shop, READ))
}

/// What each step is done with.
fn commands(shop: &Fixture) -> [String; 5] {
    let object = shop.sandbox().principal_id();
    [
        format!(
            "az ad app permission add --id {CONFIDENTIAL_CLIENT} --api {EXCHANGE_APP} --api-permissions {}=Role",
            EXCHANGE_ROLES[0].1
        ),
        format!("az ad app permission admin-consent --id {CONFIDENTIAL_CLIENT}"),
        format!("New-ServicePrincipal -AppId {CONFIDENTIAL_CLIENT} -ObjectId {object}"),
        format!("Add-MailboxPermission -Identity {SHOP} -User {object} -AccessRights FullAccess"),
        format!("Set-CASMailbox -Identity {SHOP} -ImapEnabled $true"),
    ]
}

/// What the directory and Exchange were read to say, or why not.
fn read(told: &Value) -> String {
    let checks = told["reports"][0]["checks"].as_array().unwrap();
    let read = checks.iter().filter(|check| check["stage"] == "directory");
    read.map(|check| format!("{} {}{}\n", check["outcome"], check["detail"], check["because"])).collect()
}

/// The place of the step that a verdict is about; a token without the role leaves open which of the first two it is.
fn place(verdict: &Value) -> Option<usize> {
    Some(match verdict["code"].as_str()? {
        "local-app-only-token-without-roles" => 0,
        "app-permission-missing" => 0,
        "app-consent-missing" => 1,
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
fn an_administrator_s_reading_names_the_first_missing_step_of_every_subset() {
    let shop = readable();
    let (tokens, commands) = (tokens(&shop), commands(&shop));
    for subset in 0..32_u8 {
        let missing = [0, 1, 2, 3, 4].map(|step| subset & (1 << step) != 0);
        shop.sandbox().set_up_app_only(set_up(missing, &[Protocol::Imap]));
        let first = missing.iter().position(|is_missing| *is_missing);
        let told = shop.run(&["--json", "-v", "test", "shop", "--admin-token-stdin"]).stdin(&tokens).finish();
        let told = told.code(i32::from(first.is_some())).hides(tokens.trim_end()).json();
        let verdict = &told["reports"][0]["verdict"];
        assert_eq!(place(verdict), first, "{missing:?}: {verdict} {}", read(&told));
        let Some(first) = first else { continue };
        assert_eq!(verdict["confidence"], "certain", "{verdict}");
        assert!(verdict["fix"].to_string().contains(&commands[first]), "{missing:?}: {verdict}");
        assert!(verdict["cause"].to_string().contains("An administrator's reading"), "{verdict}");
    }
    shop.insist_on_manners();
}

#[test]
fn a_set_up_that_is_read_as_done_and_not_yet_in_effect_is_waited_for() {
    let shop = readable();
    shop.sandbox().set_up_app_only(AppOnly::for_mailboxes(&[SHOP]));
    for fault in ["app-consent-missing", "app-logon-denied"] {
        shop.sandbox().switch_on(Fault::named(fault));
        let told = shop.run(&["--json", "test", "shop", "--admin-token-stdin"]).stdin(&tokens(&shop)).finish().code(1);
        let told = told.json();
        assert_eq!(told["reports"][0]["verdict"]["code"], "app-set-up-not-in-effect", "{fault}: {told}");
        shop.sandbox().switch_off(Fault::named(fault));
    }
}

#[test]
fn what_cannot_be_read_is_said_and_spoils_no_test() {
    let shop = readable();
    let whole = tokens(&shop);
    let (directory, exchange) = whole.trim_end().split_once('\n').unwrap();
    let other = admin_token(&shop, "Mail.Read");
    for (fault, stdin, words) in [
        (Some("directory-not-permitted"), whole.clone(), "Application.Read.All"),
        (Some("exchange-admin-role-missing"), whole.clone(), "User is not allowed to call Get-ServicePrincipal"),
        (Some("exchange-admin-token-refused"), whole.clone(), "it takes a role in Exchange"),
        (Some("exchange-admin-busy"), whole.clone(), "Too many requests"),
        (Some("directory-unavailable"), whole.clone(), "unavailable"),
        (None, directory.to_owned(), "a second line"),
        (None, format!("{exchange}\n{directory}"), "Invalid audience"),
        (None, other, "Insufficient privileges"),
    ] {
        fault.iter().for_each(|fault| shop.sandbox().switch_on(Fault::named(fault)));
        for (missing, code) in
            [([false; 5], None), ([false, false, false, true, false], Some("app-without-mailbox-right"))]
        {
            shop.sandbox().set_up_app_only(set_up(missing, &[]));
            let run = shop.run(&["--json", "test", "shop", "--admin-token-stdin"]).stdin(&stdin).finish();
            let told = run.code(i32::from(code.is_some())).json();
            assert_eq!(told["reports"][0]["verdict"]["code"].as_str(), code, "{fault:?}: {told}");
            let read = read(&told);
            assert!(read.contains("\"skipped\"") && read.contains(words), "{fault:?}: no {words} in {read}");
        }
        let shown = shop.run(&["test", "shop", "--admin-token-stdin"]).stdin(&stdin).finish();
        assert!(shown.stdout.contains("skip  directory"), "{}", shown.stdout);
        fault.iter().for_each(|fault| shop.sandbox().switch_off(Fault::named(fault)));
    }
}

#[test]
fn the_guide_marks_done_what_an_administrator_reads_and_asks_no_mail_server() {
    let shop = readable();
    let tokens = tokens(&shop);
    for (missing, off, proven) in [
        ([false; 5], [].as_slice(), [0, 1, 2, 3].as_slice()),
        ([false; 5], &[Protocol::Imap], &[0, 1, 2, 3]),
        ([false, true, false, true, false], &[], &[0, 2]),
        ([true, true, true, true, true], &[Protocol::Imap], &[]),
    ] {
        shop.sandbox().set_up_app_only(set_up(missing, off));
        let before = shop.sandbox().counters();
        let told = shop.run(&["--json", "guide", "shop", "--admin-token-stdin"]).stdin(&tokens).finish().code(0).json();
        // The organisation's own setting opens and closes SMTP here, so that a reading alone does not show that it is on.
        assert_eq!(done(&told), proven, "{missing:?}: {told}");
        let after = shop.sandbox().counters();
        assert_eq!((after.mail_logins, after.mail_refusals), (before.mail_logins, before.mail_refusals));
        assert!(told.to_string().contains(&shop.sandbox().principal_id()), "the directory names it: {told}");
    }
    shop.sandbox().set_up_app_only(set_up([false, false, false, true, false], &[]));
    let run = shop.run(&["--json", "guide", "shop", "--test", "--admin-token-stdin"]).stdin(&tokens).finish().code(0);
    assert_eq!(done(&run.json()), [0, 1, 2]);
}

#[test]
fn only_the_set_up_of_an_app_of_the_profile_is_read() {
    let shop = Fixture::authorized();
    let address = ["test", "--address", SHOP, "--provider", "microsoft365", "--admin", "az"];
    for arguments in [&["test", "shop", "--admin", "az"][..], &["guide", "shop", "--admin-token-stdin"], &address] {
        let refused = shop.json(arguments, 2);
        assert!(refused.stdout.contains("access = \\\"app\\\""), "{arguments:?}: {}", refused.stdout);
    }
}

#[cfg(unix)]
#[test]
fn az_gives_a_token_for_each_of_the_two_once() {
    let shop = readable();
    shop.sandbox().set_up_app_only(set_up([false, true, false, false, false], &[]));
    let tokens = tokens(&shop);
    let (directory, exchange) = tokens.trim_end().split_once('\n').unwrap();
    let (az, log) = (shop.path().join("az"), shop.path().join("az.log"));
    let script = format!(
        "#!/bin/sh\necho \"$@\" >>{}; case \"$4\" in {GRAPH}) echo {directory};; {EXCHANGE}) echo {exchange};; esac\n",
        log.display()
    );
    std::fs::write(&az, script).unwrap();
    std::fs::set_permissions(&az, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let path = format!("{}:{}", shop.path().display(), std::env::var("PATH").unwrap());
    let told = shop.run(&["--json", "test", "shop", "--admin", "az"]).env("PATH", &path).finish().code(1);
    assert_eq!(told.json()["reports"][0]["verdict"]["code"], "app-consent-missing", "{}", told.stdout);
    let log = std::fs::read_to_string(log).unwrap();
    assert_eq!(log.lines().count(), 2, "{log}");
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
