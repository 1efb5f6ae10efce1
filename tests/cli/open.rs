//! The provider's pages, opened or told.

use crate::support::fixture::Fixture;
use crate::support::practice::fact;

/// A browser that writes down what it was asked to open.
#[cfg(unix)]
fn browser(shop: &Fixture) -> (std::path::PathBuf, std::path::PathBuf) {
    use std::os::unix::fs::PermissionsExt as _;
    let (program, seen) = (shop.path().join("browser"), shop.path().join("opened"));
    std::fs::write(&program, format!("#!/bin/sh\nprintf %s \"$1\" > '{}'\n", seen.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    (program, seen)
}

#[cfg(unix)]
#[test]
fn the_page_is_opened_with_the_profiles_values_and_with_print_only_told() {
    let shop = Fixture::added();
    let (program, seen) = browser(&shop);
    for page in ["app", "authentication", "secrets", "permissions", "sign-in-logs", "mailbox", "consent"] {
        let told = shop.run(&["--json", "open", "shop", page]).env("BROWSER", &program.display().to_string());
        let url = fact(&told.finish().code(0), "url");
        let opened = std::fs::read_to_string(&seen).unwrap();
        assert_eq!(opened, url, "{page}");
        std::fs::remove_file(&seen).unwrap();
        let printed = shop.run(&["--json", "open", "shop", page, "--print"]);
        assert_eq!(fact(&printed.env("BROWSER", &program.display().to_string()).finish().code(0), "url"), url);
        assert!(!seen.exists(), "{page}");
    }
    let show = shop.json(&["show", "shop"], 0);
    let app = fact(&shop.json(&["open", "shop", "app", "--print"], 0), "url");
    assert!(app.ends_with(&format!("/appId/{}", fact(&show, "client_id"))), "{app}");
}

#[test]
fn a_provider_without_known_pages_says_so() {
    let shop = Fixture::new();
    let oidc = [
        ("--provider", Some("oidc")),
        ("--tenant", None),
        ("--authority", None),
        ("--issuer", Some("https://login.example.org")),
    ];
    shop.add("shop", &oidc).finish().code(0);
    let told = shop.json(&["open", "shop", "secrets", "--print"], 2).json();
    assert_eq!(told["error"]["code"], "no-such-page");
    assert!(told["error"]["fix"][0]["text"].as_str().unwrap().contains("mailgrant show shop"), "{told}");
}
