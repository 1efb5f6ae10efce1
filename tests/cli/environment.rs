//! The conventions of the environment: an empty variable is unset, a relative XDG folder is ignored, colours are forced
//! and forbidden as other programs do it.
use crate::support::fixture::Fixture;

/// As CI systems and compose files leave variables that they have no value for.
const EMPTY: [&str; 24] = [
    "MAILGRANT_CONFIG",
    "MAILGRANT_STORE",
    "MAILGRANT_VAULT_FILE",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "NO_PROXY",
    "no_proxy",
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "BROWSER",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "WSL_DISTRO_NAME",
    "TMPDIR",
    "COLUMNS",
    "TERM",
];

#[test]
fn variables_that_are_set_to_nothing_change_no_command() {
    let shop = Fixture::authorized();
    for arguments in [
        &["list"][..],
        &["show", "shop"],
        &["open", "shop", "secrets", "--print"],
        &["guide", "shop"],
        &["status"],
        &["token", "shop"],
        &["inspect", "shop"],
        &["test", "shop"],
        &["test-mailbox", "shop"],
        &["test-smtp", "shop"],
        &["doctor"],
        &["explain", "535 5.7.3"],
        &["authorize", "shop", "--no-browser", "--timeout", "1"],
    ] {
        let arguments = [&["--json", "--store", "vault"], arguments].concat();
        let plain = shop.run(&arguments).finish();
        let run = EMPTY.iter().fold(shop.run(&arguments), |run, name| run.env(name, ""));
        let with_empty = run.finish();
        assert_eq!(with_empty.code, plain.code, "{arguments:?}: {}", with_empty.all_text());
        assert_ne!(plain.code, Some(2), "{arguments:?}: {}", plain.all_text());
        assert_eq!(with_empty.finding_codes(), plain.finding_codes(), "{arguments:?}: {}", with_empty.all_text());
    }
}

/// Each of the three where it has an effect: the profile in its usual place, the store that the profile names, the key's
/// file.
#[test]
fn an_empty_variable_of_our_own_is_unset() {
    let shop = Fixture::authorized();
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    shop.write_config(&format!("{profile}\n[secrets]\nstore = \"vault\"\n"));
    for name in ["MAILGRANT_CONFIG", "MAILGRANT_STORE", "MAILGRANT_VAULT_KEY"] {
        let token = shop.run(&["token", "shop"]).env("MAILGRANT_STORE", "").env(name, "").finish();
        assert_eq!(token.code, Some(0), "{name}: {}", token.all_text());
    }
    // An empty flag is a mistake all the same.
    shop.run(&["--config", "", "list"]).finish().code(2);
    shop.run(&["list"]).env("MAILGRANT_STORE", "drawer").finish().code(2);
}

#[test]
fn folders_that_are_empty_or_relative_are_those_of_the_home() {
    let home = Fixture::new();
    let usual = home.path().join(".config/mailgrant");
    std::fs::create_dir_all(&usual).unwrap();
    std::fs::write(usual.join("config.toml"), "# the usual one\n").unwrap();
    // The current folder is the home: this one would be found from there.
    home.write_config("this is not a profile\n");
    for value in ["", "config", "./config", "../config"] {
        let list = home.run(&["list"]).env("XDG_CONFIG_HOME", value).finish().code(0);
        assert!(!list.all_text().contains("no profile"), "{value:?}: {}", list.all_text());
    }
    home.run(&["list"]).finish().code(3);
}

#[test]
fn colours_are_forced_and_forbidden_as_others_do_it() {
    let home = Fixture::without_key();
    for (variables, arguments, is_coloured) in [
        (&[][..], &[][..], false),
        (&[("FORCE_COLOR", "1")], &[], true),
        (&[("FORCE_COLOR", "true")], &[], true),
        (&[("FORCE_COLOR", "")], &[], false),
        (&[("FORCE_COLOR", "0")], &[], false),
        (&[("CLICOLOR_FORCE", "1")], &[], true),
        (&[("CLICOLOR_FORCE", "0")], &[], false),
        (&[("FORCE_COLOR", "0"), ("CLICOLOR_FORCE", "1")], &[], false),
        (&[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], &[], false),
        (&[("NO_COLOR", ""), ("FORCE_COLOR", "1")], &[], true),
        (&[("NO_COLOR", "1")], &["--color", "always"], true),
        (&[("FORCE_COLOR", "1")], &["--color", "never"], false),
    ] {
        let explain = [arguments, &["explain", "535 5.7.3 Authentication unsuccessful"]].concat();
        let run = variables.iter().fold(home.run(&explain), |run, (name, value)| run.env(name, value));
        let shown = run.finish().code(0).stdout;
        assert_eq!(shown.contains('\x1b'), is_coloured, "{variables:?} {arguments:?}: {shown}");
        // An error as well, and the help.
        if arguments.is_empty() {
            for wrong in [&["no-such-verb"][..], &["--help"]] {
                let run = variables.iter().fold(home.run(wrong), |run, (name, value)| run.env(name, value));
                let shown = run.finish().all_text();
                assert_eq!(shown.contains('\x1b'), is_coloured, "{variables:?} {wrong:?}: {shown}");
            }
        }
    }
}

#[cfg(all(unix, not(target_vendor = "apple")))]
#[test]
fn an_empty_place_for_certificates_is_the_systems() {
    let shop = Fixture::added();
    let doctor = shop.run(&["--json", "doctor"]).env("SSL_CERT_FILE", "").env("SSL_CERT_DIR", "").finish();
    assert!(!doctor.finding_codes().iter().any(|code| code.starts_with("ca-roots")), "{}", doctor.stdout);
    assert!(!doctor.stdout.contains("chosen by"), "{}", doctor.stdout);
}
