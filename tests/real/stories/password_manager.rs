//! A password manager as the store: pass, by its script in examples/stores.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::parts;
use crate::support::canary::CLIENT_SECRET;
use crate::support::fixture::Fixture;

/// A key and a store of pass's own in the home; the agent that holds the key ends with it.
struct Pass<'a> {
    shop: &'a Fixture,
    keys: PathBuf,
}

impl<'a> Pass<'a> {
    fn start(shop: &'a Fixture, keys: PathBuf) -> Self {
        std::fs::create_dir(&keys).unwrap();
        std::fs::set_permissions(&keys, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let pass = Self { shop, keys };
        let name = "practice@host.example";
        pass.run(
            "gpg",
            &[
                "--batch",
                "--pinentry-mode",
                "loopback",
                "--passphrase",
                "",
                "--quick-generate-key",
                name,
                "default",
                "default",
                "never",
            ],
        );
        pass.run("pass", &["init", name]);
        pass
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.shop.program(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").arg("--homedir").arg(&self.keys).args(["--kill", "gpg-agent"]).status();
    }
}

#[test]
fn records_live_in_pass_and_a_store_that_does_not_open_is_not_an_empty_one() {
    let Some(()) = parts::programs(&["pass", "gpg", "gpgconf"]) else { return };
    let mut shop = Fixture::authorized();
    let keys = shop.path().join("gnupg");
    shop.set("GNUPGHOME", &keys);
    shop.set("PASSWORD_STORE_DIR", shop.path().join("passwords"));
    shop.unset("MAILGRANT_STORE");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/stores/pass.sh").display().to_string();
    let command = |verb: &str| format!("{verb} = [\"{script}\", \"{verb}\", \"{{key}}\"]\n");
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    let commands = ["get", "put", "delete"].map(command).concat();
    shop.write_config(&format!(
        "{profile}\n[secrets]\nstore = \"vault\"\n[secrets.command]\n{commands}list = [\"{script}\", \"list\"]\n"
    ));
    let pass = Pass::start(&shop, keys.clone());

    shop.json(&["store", "migrate", "vault", "command"], 0).hides(CLIENT_SECRET);
    assert!(shop.files_with(CLIENT_SECRET).is_empty(), "it is in a file");
    assert!(shop.path().join("passwords/mailgrant/mailbox:shop.gpg").exists());
    // A new token is written, and a random value comes and goes.
    shop.json(&["test", "shop"], 0);
    shop.json(&["doctor"], 0).says("an entry was written, read back and removed");
    let listed = shop.json(&["store", "list"], 0).json();
    assert_eq!(listed["reports"].to_string().matches("\"stored\"").count(), 2, "{listed}");

    let key = keys.join("private-keys-v1.d");
    std::fs::rename(&key, keys.join("elsewhere")).unwrap();
    pass.run("gpgconf", &["--kill", "gpg-agent"]);
    for verb in ["token", "test-mailbox"] {
        shop.json(&[verb, "shop"], 5).says("store-command-failed");
    }
    std::fs::rename(keys.join("elsewhere"), &key).unwrap();
    pass.run("gpgconf", &["--kill", "gpg-agent"]);
    shop.json(&["store", "migrate", "command", "vault"], 0);
    assert!(!shop.path().join("passwords/mailgrant/mailbox:shop.gpg").exists());
    shop.json(&["test-mailbox", "shop"], 0);
}
