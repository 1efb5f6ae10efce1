use crate::sandbox::world::{ALICE, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT};
use crate::support::canary;
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

#[test]
fn add_writes_the_profile_and_says_what_to_register() {
    let shop = Fixture::new();
    let added = shop.add("shop", &[("--expires", Some("2027-05-20"))]).finish().code(0);
    let next = added.json()["next"].to_string();
    assert!(next.contains("http://localhost") && next.contains("IMAP.AccessAsUser.All, SMTP.Send"), "{next}");
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    assert!(profile.contains(CONFIDENTIAL_CLIENT) && profile.contains("2027-05-20"), "{profile}");
    assert!(!profile.contains(canary::CLIENT_SECRET), "{profile}");
    assert_eq!(shop.sandbox().counters().token_requests, 0, "add does not touch the network");
}

#[test]
fn adding_the_same_twice_changes_nothing() {
    let shop = Fixture::added();
    let before = shop.files();
    let again = shop.add("shop", &[]).finish().code(0);
    assert!(fact(&again, "changed").starts_with("no"), "{}", again.stdout);
    assert!(shop.files() == before, "a file has changed");
}

#[test]
fn adding_other_values_is_refused_unless_forced() {
    let shop = Fixture::added();
    let before = std::fs::read(shop.config()).unwrap();
    let refused = shop.add("shop", &[("--address", Some(ALICE))]).finish().code(2);
    assert_eq!(refused.json()["error"]["code"], "name-taken");
    assert_eq!(std::fs::read(shop.config()).unwrap(), before);
    shop.add("shop", &[("--address", Some(ALICE)), ("--force", Some(""))]).finish().code(0);
    assert!(std::fs::read_to_string(shop.config()).unwrap().contains(ALICE));
}

#[test]
fn another_secret_is_refused_and_rotation_is_pointed_to() {
    let shop = Fixture::added();
    let refused = shop.add("shop", &[]).stdin(canary::NEXT_CLIENT_SECRET).finish().code(2);
    assert_eq!(refused.json()["error"]["code"], "secret-differs");
    assert!(refused.stdout.contains("rotate-secret shop"), "{}", refused.stdout);
}

#[test]
fn mistakes_are_refused_before_anything_is_written() {
    let shop = Fixture::new();
    let before = shop.files();
    for (flag, value) in [
        ("--client-id", "YOUR_CLIENT_ID"),
        ("--client-id", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),
        ("--tenant", "not a tenant"),
        ("--address", "shop@contoso.example\u{7}"),
        ("--address", "sh\u{202e}op@contoso.example"),
        ("--sign-in-as", "alice\u{9b}@contoso.example"),
        ("--client-id", "1111\u{1b}[2J"),
        ("--tenant", "contoso\u{7f}.example"),
        ("--incoming-host", "imap\u{200b}.contoso.example"),
        ("--outgoing-host", "smtp\u{1b}.contoso.example"),
        ("--redirect-uri", "http://localhost/\u{1}"),
        ("--scope", "mail\u{1b}]0;x\u{7}"),
        ("--address", "shop"),
        ("--incoming-host", "https://localhost"),
        ("--incoming-host", "localhost:993"),
        ("--authority", "http://login.example"),
        ("--redirect-uri", "http://login.example/callback"),
        ("--expires", "next year"),
    ] {
        let refused = shop.add("shop", &[(flag, Some(value))]).finish().code(2);
        let harmful = |c: char| c != '\n' && mailgrant::text::is_unprintable(c);
        assert_eq!(refused.all_text().chars().find(|c| harmful(*c)), None, "{flag}");
        assert!(shop.files() == before, "{flag} {value:?} left something behind");
    }
}

#[test]
fn a_secret_id_given_as_the_secret_is_recognised() {
    let shop = Fixture::new();
    let refused = shop.add("shop", &[]).stdin("0f8fad5b-d9cb-469f-a165-70867728950e").finish().code(2);
    assert!(refused.stdout.contains("Value"), "{}", refused.stdout);
    assert!(!shop.config().exists());
    assert_eq!(shop.sandbox().counters().token_requests, 0);
}

#[test]
fn an_address_in_the_name_s_place_gives_both() {
    let shop = Fixture::new();
    for name in ["shop", "shop-fabrikam.example"] {
        let address = if name == "shop" { "shop@contoso.example" } else { "shop@fabrikam.example" };
        // Twice: the mailbox that the profile has keeps its name.
        for changed in ["yes", "no"] {
            let added = shop.add(address, &[("--address", None), ("--app", Some("contoso"))]).finish().code(0);
            assert_eq!(added.json()["reports"][0]["name"], name);
            assert_eq!(fact(&added, "address"), address);
            assert!(fact(&added, "changed").starts_with(changed), "{}", added.stdout);
        }
    }
    let two = shop.add("shop@contoso.example", &[("--address", Some(ALICE))]).finish().code(2);
    assert!(two.stdout.contains("are two addresses"), "{}", two.stdout);
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    let shop = Fixture::new();
    shop.add("shop", &[("--address", None)]).finish().code(2);
    shop.add("shop", &[("--secret-env", Some("NOT_SET_ANYWHERE"))]).finish().code(2);
    let bare = shop.run(&["add", "shop"]).finish().code(2);
    assert!(bare.stderr.contains("Missing: --provider, --client-id, --address, --secret-stdin"), "{}", bare.stderr);
    let some = shop.run(&["add", "shop", "--provider", "microsoft365", "--address", "a@contoso.com"]).finish().code(2);
    assert!(some.stderr.contains("Missing: --tenant, --client-id, --secret-stdin (no terminal"), "{}", some.stderr);
    let unnamed = shop.run(&["add"]).finish().code(2);
    assert!(unnamed.stderr.contains("Missing: NAME, --provider"), "{}", unnamed.stderr);
    assert!(!shop.config().exists());
}

#[test]
fn the_secret_may_come_from_a_file_or_the_environment() {
    let shop = Fixture::new();
    let file = shop.path().join("secret.txt");
    std::fs::write(&file, format!("{}\r\n", canary::CLIENT_SECRET)).unwrap();
    shop.add("one", &[("--secret-file", Some(&file.display().to_string()))]).finish().code(0);
    std::fs::remove_file(file).unwrap();
    let from_env = shop.add("two", &[("--secret-env", Some("PRACTICE"))]).env("PRACTICE", canary::CLIENT_SECRET);
    from_env.finish().code(0);
    for name in ["one", "two"] {
        shop.authorize_as(name, crate::sandbox::world::SHOP).code(0);
    }
}

#[test]
fn two_mailboxes_can_share_an_app() {
    let shop = Fixture::added();
    shop.add("alice", &[("--app", Some("shop")), ("--address", Some(ALICE))]).finish().code(0);
    let list = shop.json(&["list"], 0).json();
    let apps: Vec<_> = list["reports"].as_array().unwrap().iter().map(|report| &report["facts"]["app"]).collect();
    assert_eq!(apps, ["shop", "shop"]);
    shop.authorize_as("alice", ALICE).code(0);
}

#[test]
fn a_public_client_needs_no_secret() {
    let shop = Fixture::new();
    shop.add("shop", &[("--client-id", Some(PUBLIC_CLIENT)), ("--credential", Some("none"))]).finish().code(0);
    shop.authorize_as("shop", crate::sandbox::world::SHOP).code(0);
    shop.json(&["test-mailbox", "shop"], 0);
    shop.insist_on_manners();
}

#[test]
fn adds_at_once_lose_no_mailbox() {
    let shop = Fixture::new();
    let names: Vec<String> = (0..8).map(|number| format!("shop{number}")).collect();
    // Half of them share an app.
    let app = |name: &str| if name < "shop4" { "shared".to_owned() } else { name.to_owned() };
    let adds: Vec<_> = names.iter().map(|name| shop.add(name, &[("--app", Some(&app(name)))]).start()).collect();
    for add in adds {
        add.finish().code(0);
    }
    let list = shop.json(&["list"], 0).json();
    let listed: Vec<_> = list["reports"].as_array().unwrap().iter().map(|report| &report["name"]).collect();
    assert_eq!(listed, names.iter().collect::<Vec<_>>());
}

#[test]
fn what_others_do_while_a_person_thinks_is_not_undone() {
    let shop = Fixture::new();
    let waiting = |name| shop.add(name, &[]).start_with_open_stdin();
    let (mut first, mut second) = (waiting("shop"), waiting("shop"));
    shop.add("other", &[]).finish().code(0);
    first.type_line(canary::CLIENT_SECRET);
    first.finish().code(0);
    // The same app was added meanwhile; with other values, that is noticed.
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    std::fs::write(shop.config(), profile.replace("imap", "pop3")).unwrap();
    let before = std::fs::read(shop.config()).unwrap();
    second.type_line(canary::CLIENT_SECRET);
    let finished = second.finish();
    assert!(matches!(finished.code, Some(2 | 7)), "{}", finished.all_text());
    assert_eq!(std::fs::read(shop.config()).unwrap(), before);
}

#[test]
fn a_new_day_of_expiry_is_shown_by_status() {
    let shop = Fixture::new();
    shop.add("shop", &[("--expires", Some("2031-01-01"))]).finish().code(0);
    let refused = shop.add("shop", &[("--expires", Some("2032-02-02"))]).finish().code(2);
    assert!(refused.stdout.contains("rotate-secret shop --expires 2032-02-02"), "{}", refused.stdout);
    shop.add("shop", &[("--expires", Some("2032-02-02")), ("--force", Some(""))]).finish().code(0);
    let status = shop.json(&["status"], 4);
    assert!(status.stdout.contains("2032-02-02") && !status.stdout.contains("2031-0"), "{}", status.stdout);
}

#[test]
fn a_side_can_be_taken_away() {
    let shop = Fixture::added();
    let without = |side, host, port| {
        let change = [(side, Some("none")), (host, None), (port, None), ("--force", Some(""))];
        shop.add("shop", &change).finish().code(0);
        std::fs::read_to_string(shop.config()).unwrap()
    };
    assert!(!without("--outgoing", "--outgoing-host", "--outgoing-port").contains("smtp"));
    let profile = without("--incoming", "--incoming-host", "--incoming-port");
    assert!(profile.contains("smtp") && !profile.contains("imap"), "{profile}");
}

#[test]
fn another_provider_takes_none_of_the_old_one_s_settings_over() {
    let shop = Fixture::added();
    let change = [("--provider", Some("google")), ("--tenant", None), ("--authority", None), ("--force", Some(""))];
    shop.add("shop", &change).finish().code(0);
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    assert!(profile.contains("google") && !profile.contains("tenant") && !profile.contains("authority"), "{profile}");
}

#[test]
fn a_credential_that_the_provider_is_not_known_to_take_is_doubted() {
    let shop = Fixture::new();
    let warnings = |provider: &[&str]| {
        let flags = ["add", "a@contoso.example", "--incoming", "imap", "--outgoing", "none", "--dry-run"];
        shop.json(&[&flags, provider].concat(), 0).json()["warnings"].to_string()
    };
    let google = ["--provider", "google", "--client-id", "123456789012-abcdef.apps.googleusercontent.com"];
    let microsoft = ["--provider", "microsoft365", "--tenant", "contoso.example", "--client-id", CONFIDENTIAL_CLIENT];
    let certificate = ["--credential", "certificate", "--certificate", "app.pem"];
    let doubt = warnings(&[&google[..], &certificate].concat());
    assert!(
        doubt.contains("credential-not-taken") && doubt.contains("Google is not known to take a certificate"),
        "{doubt}"
    );
    assert!(doubt.contains("its apps have a client secret or a service account"), "{doubt}");
    let federated = ["--credential", "federated", "--federated-source", "github"];
    assert!(warnings(&[&google[..], &federated].concat()).contains("credential-not-taken"));
    for taken in [[&google[..], &["--credential", "none"]].concat(), [&microsoft[..], &certificate].concat()] {
        assert!(!warnings(&taken).contains("credential-not-taken"), "{taken:?}");
    }
}

#[test]
fn a_provider_without_known_servers_asks_for_them_as_flags() {
    let shop = Fixture::new();
    let oidc = [
        ("--provider", Some("oidc")),
        ("--tenant", None),
        ("--authority", None),
        ("--issuer", Some("https://login.example.org")),
    ];
    for (drop, words) in [
        ("--incoming-host", "Give --incoming-host HOST, or --incoming none"),
        ("--outgoing-host", "Give --outgoing-host HOST, or --outgoing none"),
    ] {
        let refused = shop.add("shop", &[&oidc[..], &[(drop, None)]].concat()).finish().code(2);
        assert!(refused.stdout.contains(words), "{}", refused.stdout);
    }
}

#[test]
fn two_profiles_with_the_same_names_do_not_take_each_other_s_secrets() {
    let shop = Fixture::authorized();
    let other = shop.path().join("other.toml").display().to_string();
    let change = [("--config", Some(other.as_str())), ("--client-id", Some("99999999-2222-3333-4444-555555555555"))];
    let refused = shop.add("shop", &change).finish().code(2);
    assert_eq!(refused.json()["error"]["code"], "secret-of-another");
    assert!(!std::path::Path::new(&other).exists());
    // A public client stores no secret; what `remove` finds under its names is not its own.
    shop.add("shop", &[&change[..], &[("--credential", Some("none"))]].concat()).finish().code(0);
    let removed = shop.json(&["--config", &other, "remove", "shop", "--yes"], 0);
    assert!(removed.stdout.contains("another client ID"), "{}", removed.stdout);
    shop.json(&["test-mailbox", "shop"], 0);
    let status = shop.json(&["status", "shop"], 0);
    assert!(!status.stdout.contains("no client secret"), "{}", status.stdout);
}

#[test]
fn a_profile_in_a_folder_open_to_all_can_be_edited() {
    let shop = Fixture::new();
    let folder = shop.path().join("ours");
    std::fs::create_dir(&folder).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o775)).unwrap();
    let path = folder.join("mail.toml").display().to_string();
    shop.add("shop", &[("--config", Some(path.as_str()))]).finish().code(0);
}
