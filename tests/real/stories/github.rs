//! The jobs of examples/ci at GitHub Actions, as `act` runs them on this machine: what becomes an annotation, and the job's summary.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use practice_tenant::faults::Fault;
use practice_tenant::world::FederatedCredential;
use serde_json::Value;

use crate::hostile::Failed;
use crate::parts;
use crate::support::canary::CLIENT_SECRET;
use crate::support::fixture::Fixture;
use crate::support::process::Run;

/// Where the examples have mailgrant from.
const REPOSITORY: &str = "https://code.example/mailgrant";
const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

/// A checkout of a repository with the example and its profiles in it, and a runner.
struct Checkout {
    home: Fixture,
    act: PathBuf,
}

impl Checkout {
    /// What the example's second step runs is there afterwards, and not before.
    fn new(act: PathBuf) -> Self {
        let home = Fixture::without_key();
        let checkout = Self { home, act };
        let tenant = checkout.home.sandbox();
        let runner = tenant.runner();
        checkout.write(".github/workflows/mailbox.yml", &example("github-actions.yml"));
        for profile in ["mailgrant.toml", "with-secret.toml"] {
            checkout.write(profile, &checkout.home.profile_of_job(&example(profile)));
        }
        checkout.write("secrets", &format!("NIGHTLY_CLIENT_SECRET={CLIENT_SECRET}\n"));
        let (url, token) = (&runner.request_url, &runner.request_token);
        // act reads no further once a step has failed, and may lose what it has said last: its shell goes on for a moment.
        let linger = checkout.home.path().join("linger.sh");
        fs::write(&linger, "trap 'sleep 0.5' EXIT\n").unwrap();
        let variables = format!(
            "BASH_ENV={}\nACTIONS_ID_TOKEN_REQUEST_URL={url}\nACTIONS_ID_TOKEN_REQUEST_TOKEN={token}\n",
            linger.display()
        );
        checkout.write("runner.env", &variables);
        checkout.write("variables", &format!("MAILGRANT_REPOSITORY={REPOSITORY}\nMAILGRANT_REVISION={REVISION}\n"));
        let install = format!(
            "#!/bin/sh\n[ \"$*\" = 'install --locked --git {REPOSITORY} --rev {REVISION} mailgrant' ] || exit 64\n\
             exec ln -sf '{}' \"$HOME/bin/mailgrant\"\n",
            env!("CARGO_BIN_EXE_mailgrant")
        );
        let bin = checkout.home.path().join("bin");
        fs::create_dir(&bin).unwrap();
        fs::write(bin.join("cargo"), install).unwrap();
        fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o700)).unwrap();
        checkout
    }

    /// The folder of the repository, which the runner copies: its own folders are not in it.
    fn folder(&self) -> PathBuf {
        self.home.path().join("repository")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Microsoft Entra takes the runner's word.
    fn trust(&self) {
        let tenant = self.home.sandbox();
        let runner = tenant.runner();
        let audience = "api://AzureADTokenExchange".to_owned();
        let (issuer, subject) = (runner.issuer, runner.subject);
        tenant.trust(FederatedCredential { name: "job".to_owned(), issuer, subject, audience });
    }

    /// The last step of the jobs does this instead.
    fn runs_instead(&self, change: impl Fn(&str) -> String) {
        let text = example("github-actions.yml");
        let (before, command) = text.rsplit_once("run: ").unwrap();
        self.write(".github/workflows/mailbox.yml", &format!("{before}run: {}\n", change(command.trim())));
    }

    /// Runs one of its jobs.
    fn job(&self, name: &str) -> Told {
        let bin = self.home.path().join("bin");
        let mut act = self.home.program(&self.act);
        act.env_clear()
            .current_dir(self.folder())
            .env("HOME", self.home.path())
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
        let files = ["--secret-file", "secrets", "--env-file", "runner.env", "--var-file", "variables"];
        // This machine is the runner; there is no Docker, and nothing to fetch.
        let here = ["-P", "ubuntu-24.04=-self-hosted", "--no-cache-server", "--container-daemon-socket", "-"];
        let run = ["workflow_dispatch", "--json", "--strict", "--job", name];
        let ended = Run::new(act, &[&run[..], &files, &here].concat()).finish().hides(CLIENT_SECRET);
        let log: Vec<Value> = ended.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let succeeded = ended.code == Some(0);
        let told = Told { log, succeeded };
        assert_eq!(told.result(), if succeeded { "success" } else { "failure" }, "{}", ended.all_text());
        told
    }
}

fn example(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ci").join(name)).unwrap()
}

/// What the runner has made of a job.
struct Told {
    log: Vec<Value>,
    succeeded: bool,
}

impl Told {
    fn result(&self) -> &str {
        self.log.iter().rev().find_map(|entry| entry["jobResult"].as_str()).unwrap_or_default()
    }

    /// The commands that the runner has found in the output, each with its properties and its words.
    fn commands(&self) -> Vec<[String; 3]> {
        let of_step = self.log.iter().filter(|entry| entry["raw"].is_string());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        of_step.map(|entry| [text(&entry["command"]), entry["kvPairs"].to_string(), text(&entry["arg"])]).collect()
    }

    /// The titles and words of the annotations of a kind.
    fn annotations(&self, kind: &str) -> Vec<(String, String)> {
        let of_kind = self.commands().into_iter().filter(|[name, ..]| name == kind);
        let title = |properties: &str| {
            let properties: Value = serde_json::from_str(properties).unwrap();
            assert_eq!(properties.as_object().map(serde_json::Map::len), Some(1), "{properties}");
            properties["title"].as_str().unwrap_or_default().to_owned()
        };
        of_kind.map(|[_, properties, words]| (title(&properties), words)).collect()
    }

    fn summary(&self) -> &str {
        let of_step = self.log.iter().find(|entry| entry["command"] == "summary");
        of_step.and_then(|entry| entry["content"].as_str()).unwrap_or_default()
    }
}

#[test]
fn the_jobs_of_the_example_run_and_a_failure_is_an_annotation_and_a_summary() {
    let Some(act) = parts::python_program("act") else { return };
    let checkout = Checkout::new(act);
    let refused = checkout.job("without-secret");
    assert!(!refused.succeeded);
    let annotations = refused.annotations("error");
    let [(title, words)] = annotations.as_slice() else { panic!("{annotations:?}") };
    assert!(title.starts_with("shop@contoso.example does not work: "), "{title}");
    assert!(
        words.contains("\naz ad app federated-credential create") || words.contains("federated-credential"),
        "{words}"
    );
    assert!(refused.summary().contains("**Do this first**"), "{}", refused.summary());
    checkout.trust();
    for job in ["without-secret", "with-secret"] {
        let well = checkout.job(job);
        assert!(well.succeeded && well.commands().is_empty(), "{job}: {:?}", well.commands());
        assert!(well.summary().starts_with("# mailgrant test\n"), "{job}: {}", well.summary());
        assert!(well.summary().contains("| ok | SMTP authentication |"), "{job}: {}", well.summary());
    }
}

#[test]
fn of_twelve_mailboxes_that_fail_ten_are_annotations_and_all_are_in_the_summary() {
    let Some(act) = parts::python_program("act") else { return };
    let checkout = Checkout::new(act);
    let profile = checkout.home.profile_of_job(&example("with-secret.toml"));
    let (head, shop) = profile.split_once("[mailboxes.shop]").unwrap();
    let boxes: String = (0..12).map(|number| format!("[mailboxes.box{number}]{shop}\n")).collect();
    checkout.write("with-secret.toml", &format!("{head}{boxes}"));
    checkout.runs_instead(|command| command.replace("test shop", "test --all"));
    checkout.home.sandbox().switch_on(Fault::named("smtp-auth-off-tenant"));
    let told = checkout.job("with-secret");
    assert!(!told.succeeded);
    let annotations = told.annotations("error");
    assert_eq!(annotations.len(), 10, "{annotations:?}");
    assert!(annotations[0].1.ends_with("\n[exo-smtp-auth-disabled-tenant]"), "{annotations:?}");
    assert!(annotations[0].1.contains("Set-TransportConfig"), "{annotations:?}");
    assert!(annotations[9].0 == "3 more" && annotations[9].1.lines().count() == 3, "{annotations:?}");
    assert_eq!(told.summary().matches("\n## box").count(), 12, "{}", told.summary());
}

#[test]
fn words_of_strangers_never_become_commands_to_the_runner() {
    let Some(act) = parts::python_program("act") else { return };
    let checkout = Checkout::new(act);
    let failed = Failed::test();
    checkout.runs_instead(|_| "mailgrant report merge failed.json --format github".to_owned());
    let told = |words: &str| {
        checkout.write("failed.json", &failed.saying(words));
        checkout.job("with-secret").commands()
    };
    let kinds = |commands: &[[String; 3]]| commands.iter().map(|[kind, ..]| kind.clone()).collect::<Vec<_>>();
    let plain = told("plain words");
    assert_eq!(kinds(&plain), ["error", "warning"], "{plain:?}");
    for words in [
        "::add-mask::words",
        "words\n::stop-commands::words",
        "words\r\n::error::words",
        "##[set-env name=PATH]words",
        "words\n##[error]words",
        "a,title=b:c::words",
        "100%0A::error::words",
    ] {
        let hostile = told(words);
        assert_eq!(kinds(&hostile), kinds(&plain), "{words:?}: {hostile:?}");
        // What is behind the first `::` is the text to GitHub, what is behind the last one to act.
        assert!(hostile.iter().all(|[_, properties, said]| format!("{properties}{said}").contains("words")));
    }
}
