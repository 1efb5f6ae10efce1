//! A playbook: Ansible applies the list of examples/ansible, its check mode is a dry run, and the second run changes nothing.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use practice_tenant::world::{ALICE, CONFIDENTIAL_CLIENT, SHOP, TENANT_DOMAIN};
use serde_json::json;

use crate::parts;
use crate::support::canary::CLIENT_SECRET;
use crate::support::fixture::Fixture;
use crate::support::process::Run;

/// Ansible starts a Python for each task.
const PATIENCE: Duration = Duration::from_secs(240);

/// The playbook in a home of its own, with a list of the practice tenant's mailboxes.
struct Playbook {
    shop: Fixture,
    ansible: PathBuf,
}

impl Playbook {
    fn new(ansible: PathBuf) -> Self {
        let mut shop = Fixture::new();
        let program = Path::new(env!("CARGO_BIN_EXE_mailgrant")).parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(program).chain(std::env::split_paths(&path));
        shop.set("PATH", std::env::join_paths(folders).unwrap());
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ansible/mailboxes.yml");
        fs::copy(example, shop.path().join("mailboxes.yml")).unwrap();
        let playbook = Self { shop, ansible };
        playbook.lists(&[("shop", SHOP), ("alice", ALICE)]);
        playbook.without(&[]);
        playbook
    }

    /// The list names these mailboxes.
    fn lists(&self, mailboxes: &[(&str, &str)]) {
        let (sandbox, ca_file) = (self.shop.sandbox(), self.shop.ca_file());
        let (authority, ports) = (sandbox.authority(), sandbox.ports());
        let (imap, smtp) = (ports.imap_implicit, ports.smtp_starttls);
        let row = |(name, address): &(&str, &str)| {
            format!(
                "{name},{address},contoso,microsoft365,{TENANT_DOMAIN},{authority},{CONFIDENTIAL_CLIENT},imap,localhost,{imap},\
                 smtp,localhost,{smtp},{ca_file}\n"
            )
        };
        let header = "name,address,app,provider,tenant,authority,client_id,incoming,incoming_host,incoming_port,outgoing,\
                      outgoing_host,outgoing_port,ca_file\n";
        let list = header.to_owned() + &mailboxes.iter().map(row).collect::<String>();
        fs::write(self.shop.path().join("mailboxes.csv"), list).unwrap();
    }

    /// These mailboxes are to be gone.
    fn without(&self, absent: &[&str]) {
        let variables = json!({
            "ansible_python_interpreter": self.ansible.with_file_name("python"),
            "mailgrant_secrets": { "contoso": "CONTOSO_SECRET" },
            "mailgrant_environment": { "CONTOSO_SECRET": CLIENT_SECRET },
            "mailgrant_absent": absent,
        });
        fs::write(self.shop.path().join("variables.json"), variables.to_string()).unwrap();
    }

    /// Runs it, and insists on how many of its tasks changed something.
    #[track_caller]
    fn changes(&self, more: &[&str], count: usize) {
        let words = ["-i", "localhost,", "-c", "local", "-e", "@variables.json", "mailboxes.yml"];
        let run = Run::new(self.shop.program(&self.ansible), &[&words, more].concat());
        // Its locale must be UTF-8.
        let ended = run.patience(PATIENCE).env("LC_ALL", "C.UTF-8").finish().code(0).hides(CLIENT_SECRET);
        assert!(ended.stdout.contains(&format!("changed={count} ")), "{more:?}: {}", ended.all_text());
    }

    fn profile(&self) -> Option<String> {
        fs::read_to_string(self.shop.config()).ok()
    }
}

#[test]
fn the_second_run_of_a_playbook_changes_nothing_and_neither_does_its_check_mode() {
    let Some(ansible) = parts::python_program("ansible-playbook") else { return };
    let playbook = Playbook::new(ansible);
    playbook.changes(&["--check", "--diff"], 1);
    assert_eq!(playbook.profile(), None, "check mode writes nothing");
    playbook.changes(&[], 1);
    let first = playbook.profile();
    assert!(first.as_ref().is_some_and(|profile| profile.contains("[mailboxes.alice]")), "{first:?}");
    playbook.changes(&[], 0);
    playbook.changes(&["--check"], 0);
    assert_eq!(playbook.profile(), first);
    playbook.shop.authorize_as("shop", SHOP).code(0);
    playbook.shop.json(&["test", "shop"], 0);

    playbook.lists(&[("shop", SHOP)]);
    playbook.without(&["alice"]);
    playbook.changes(&["--check"], 1);
    assert_eq!(playbook.profile(), first);
    playbook.changes(&[], 1);
    playbook.shop.json(&["show", "alice"], 3);
    playbook.changes(&[], 0);
}
