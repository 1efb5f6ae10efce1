use mailgrant::flow::snippet::{self, Trial};

use crate::support::canary::CLIENT_SECRET;
use crate::support::fixture::Fixture;

#[test]
fn a_snippet_is_filled_in_and_names_no_secret_and_touches_no_store() {
    let mut shop = Fixture::added();
    // Neither store nor network is needed.
    shop.unset("MAILGRANT_STORE");
    shop.end_sandbox();
    let user = crate::sandbox::world::SHOP;
    for program in snippet::ALL {
        let run = shop.run(&["snippet", program.name, "shop"]).finish();
        if run.code == Some(2) {
            // The practice tenant's servers may have a way into TLS, or a protocol, that it cannot.
            assert!(run.all_text().contains("TLS") || run.all_text().contains("POP3"), "{}", run.all_text());
            continue;
        }
        let run = run.code(0).hides(CLIENT_SECRET);
        assert!(run.stdout.contains(user), "{}", run.stdout);
        assert_eq!(run.stderr, "");
        assert_eq!(shop.json(&["snippet", program.name, user], 0).json()["text"], run.stdout);
    }
}

#[test]
fn without_a_program_they_are_listed_and_one_that_is_not_known_is_refused_with_the_list() {
    let shop = Fixture::added();
    let listed = shop.run(&["snippet"]).finish().code(0).stdout;
    for program in snippet::ALL {
        assert!(listed.contains(program.name), "{listed}");
    }
    shop.run(&["snippet", "swaks", "shop"]).finish().code(2).says("msmtp");
    shop.run(&["snippet", "msmtp"]).finish().code(2).says("<NAME>");
    shop.run(&["snippet", "msmtp", "absent"]).finish().code(3).says("unknown-mailbox");
}

/// The command names this program, the profile and the store, wherever it is run.
#[test]
#[cfg(unix)]
fn the_command_in_a_snippet_prints_the_token_from_anywhere() {
    let mut shop = Fixture::authorized();
    let odd = shop.path().join("it's $HOME \"here\" `id` \\.toml");
    std::fs::copy(shop.config(), &odd).unwrap();
    let text = shop.run(&["--profile", &odd.display().to_string(), "snippet", "msmtp", "shop"]).finish().code(0).stdout;
    let command = text.lines().find_map(|line| line.strip_prefix("passwordeval ")).unwrap().to_owned();
    shop.unset("MAILGRANT_STORE");
    let output = shop.program("sh").args(["-c", &command]).current_dir("/").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        shop.sandbox().is_live_access_token(said.trim_end()),
        "{command}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// What only variables of this shell tell cannot be in the command: another program has to have them too.
#[test]
fn variables_that_lead_to_the_store_are_named_and_not_shown() {
    let mut shop = Fixture::added();
    shop.unset("MAILGRANT_VAULT_FILE");
    assert_eq!(shop.run(&["snippet", "msmtp", "shop"]).finish().code(0).stderr, "");

    let key = std::fs::read_to_string(shop.vault_key()).unwrap();
    let key = key.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap().to_owned();
    shop.set("MAILGRANT_VAULT_KEY", &key);
    shop.set("MAILGRANT_VAULT_FILE", shop.vault().into_os_string());
    let told = "MAILGRANT_VAULT_FILE and MAILGRANT_VAULT_KEY";
    let run = shop.run(&["snippet", "msmtp", "shop"]).finish().code(0).hides(&key);
    assert!(
        run.stderr.contains(told) && run.stderr.contains("msmtp") && !run.stdout.contains("VAULT"),
        "{}",
        run.stderr
    );
    let warning = &shop.json(&["snippet", "msmtp", "shop"], 0).json()["warnings"][0];
    assert_eq!(warning["code"], "variables-needed");
    // They are the vault's: another store does without.
    assert_eq!(shop.run(&["snippet", "msmtp", "shop", "--store", "keyring"]).finish().code(0).stderr, "");

    shop.set("MAILGRANT_APP_SHOP_CLIENT_SECRET", CLIENT_SECRET);
    let run = shop.run(&["snippet", "msmtp", "shop", "--store", "env"]).finish().code(0).hides(CLIENT_SECRET);
    assert!(run.stderr.contains("MAILGRANT_APP_SHOP_CLIENT_SECRET"), "{}", run.stderr);
    assert!(!run.stderr.contains("REFRESH_TOKEN"), "{}", run.stderr);
}

#[test]
fn a_mailbox_over_a_web_service_is_told_what_takes_its_token() {
    let shop = Fixture::new();
    shop.add_over_graph("shop", &[]).finish().code(0);
    for program in snippet::ALL {
        let run = shop.run(&["snippet", program.name, "shop"]).finish().code(2);
        run.says("Microsoft Graph").says("mailgrant token shop --as header");
    }
}

#[test]
fn the_page_on_other_programs_tells_of_each_and_of_the_version_that_was_run() {
    let page = include_str!("../../docs/other-programs.md");
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), snippet::ALL.len());
    for program in snippet::ALL {
        let row = rows.iter().find(|row| row.starts_with(&format!("| `{}` |", program.name)));
        let row = row.unwrap_or_else(|| panic!("no row of {}", program.name));
        let run = match program.tried {
            Trial::ByTests(version) => format!("| {version}"),
            Trial::ByHand(version) => format!("| by hand: {version}"),
        };
        assert!(row.contains(&run), "{row}");
    }
}
