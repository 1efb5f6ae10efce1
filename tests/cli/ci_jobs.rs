//! The jobs of examples/, by their commands, with an environment that holds nothing but what their comments name: from the
//! token of a runner or a cluster, or from a secret that is handed over, to a mailbox that works. Nothing is written.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::world::{AppOnly, CONFIDENTIAL_CLIENT, FederatedCredential, SHOP, TENANT_DOMAIN};
use crate::support::canary::CLIENT_SECRET;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::process::Run;

const EXCHANGE: &str = "api://AzureADTokenExchange";

fn example(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)).unwrap()
}

/// The commands of mailgrant in a job's file, in their order.
fn commands(name: &str) -> Vec<String> {
    let text = example(name);
    let lines = text.lines().map(str::trim).filter_map(|line| {
        if let Some(list) = line.strip_prefix("command: [\"mailgrant\", ") {
            return Some(format!("mailgrant {}", list.trim_end_matches(']').replace(['"', ','], "")));
        }
        let line = line.strip_prefix("ExecStart=/usr/bin/").or(line.strip_prefix("- ")).unwrap_or(line);
        let line = line.strip_prefix("run: ").unwrap_or(line);
        line.starts_with("mailgrant ").then(|| line.replace("%i", "shop"))
    });
    let found: Vec<String> = lines.collect();
    assert!(!found.is_empty(), "{name} has no command");
    found
}

/// A tenant where all is set up for an app alone, and the profile of an example with the tenant's values.
struct Job {
    home: Fixture,
    profile: PathBuf,
}

impl Job {
    fn new(profile: &str, change: impl Fn(String) -> String) -> Self {
        let home = Fixture::without_key();
        let tenant = home.sandbox();
        tenant.set_up_app_only(AppOnly::for_mailboxes(&[SHOP]));
        let ports = tenant.ports();
        let app = format!(
            "client_id = \"{CONFIDENTIAL_CLIENT}\"\nauthority = \"{}\"\nca_file = \"{}\"",
            tenant.authority(),
            home.ca_file()
        );
        let server = |protocol: &str, port: u16| {
            format!("protocol = \"{protocol}\", host = \"localhost\", port = {port}, tls = ")
        };
        let text = change(profile.to_owned())
            .replace("contoso.onmicrosoft.com", TENANT_DOMAIN)
            .replace("client_id = \"11111111-2222-3333-4444-555555555555\"", &app)
            .replace("shop@contoso.com", SHOP)
            .replace("protocol = \"imap\"", &format!("{}\"implicit\"", server("imap", ports.imap_implicit)))
            .replace("protocol = \"smtp\"", &format!("{}\"starttls\"", server("smtp", ports.smtp_starttls)));
        let profile = home.path().join("mailgrant.toml");
        fs::write(&profile, text).unwrap();
        Self { home, profile }
    }

    fn trusts(&self, issuer: &str, subject: &str) {
        let [issuer, subject, audience] = [issuer, subject, EXCHANGE].map(str::to_owned);
        self.home.sandbox().trust(FederatedCredential { name: "job".to_owned(), issuer, subject, audience });
    }

    /// Runs a command of an example as its job does, with these variables and no others.
    fn run(&self, command: &str, variables: &[(&str, &str)]) -> Finished {
        let binary = Path::new(env!("CARGO_BIN_EXE_mailgrant"));
        let path = format!("{}:/usr/bin:/bin", binary.parent().unwrap().display());
        let mut program = self.home.program("sh");
        program.env_clear().env("PATH", path).env("HOME", self.home.path()).env("MAILGRANT_CONFIG", &self.profile);
        program.env("GITHUB_STEP_SUMMARY", self.home.path().join("summary.md")).envs(variables.iter().copied());
        Run::new(program, &["-ec", command]).finish()
    }

    /// The same, and insists that the mailbox works and nothing but the job's report was written.
    fn works(&self, command: &str, variables: &[(&str, &str)]) {
        let reports = ["summary.md", "mailbox.html", "mailbox.xml"];
        let tree = || {
            let files = self.home.files();
            files.into_iter().filter(|(path, _)| !reports.iter().any(|name| path.ends_with(name))).collect::<Vec<_>>()
        };
        let before = tree();
        let said = self.run(command, variables).code(0);
        let words = ["reads over IMAP, may send over SMTP", "\"works\""];
        assert!(words.iter().any(|words| said.stdout.contains(words)), "{command}: {}", said.stdout);
        assert_eq!(tree(), before, "{command}");
        for (name, value) in variables.iter().filter(|(name, _)| !name.ends_with("_URL") && !name.ends_with("_FILE")) {
            assert!(!said.all_text().contains(value), "{command} shows {name}");
            assert_eq!(self.home.files_with(value), Vec::<PathBuf>::new(), "{command} writes {name}");
        }
    }

    fn with_secret(command: &str) {
        let job = Self::new(&example("ci/with-secret.toml"), |text| text);
        job.works(command, &[("MAILGRANT_APP_NIGHTLY_CLIENT_SECRET", CLIENT_SECRET)]);
    }
}

#[test]
fn the_jobs_of_github_actions_test_a_mailbox_with_no_stored_secret_and_with_one() {
    let jobs = commands("ci/github-actions.yml");
    let [federated, secret] = jobs.as_slice() else { panic!("{jobs:?}") };
    let job = Job::new(&example("ci/mailgrant.toml"), |text| text);
    let runner = job.home.sandbox().runner();
    let (url, token) = (runner.request_url.as_str(), runner.request_token.as_str());
    let variables = [("ACTIONS_ID_TOKEN_REQUEST_URL", url), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token)];
    job.run(federated, &variables).code(1).says("az ad app federated-credential create");
    job.trusts(&runner.issuer, &runner.subject);
    job.works(federated, &variables);
    Job::with_secret(secret);
}

#[test]
fn the_jobs_of_gitlab_test_a_mailbox_with_no_stored_secret_and_with_one() {
    let jobs = commands("ci/gitlab-ci.yml");
    let [federated, secret] = jobs.as_slice() else { panic!("{jobs:?}") };
    let source = "{ source = \"gitlab\", variable = \"MAIL_ID_TOKEN\" }";
    assert!(example("ci/gitlab-ci.yml").contains(source), "the comment says which source");
    let job = Job::new(&example("ci/mailgrant.toml"), |text| text.replace("{ source = \"github\" }", source));
    let subject = "project_path:contoso/mail:ref_type:branch:ref:main";
    let token = job.home.sandbox().outside_token("gitlab", subject, EXCHANGE, 600);
    job.trusts(&job.home.sandbox().outside_issuer("gitlab"), subject);
    job.works(federated, &[("MAIL_ID_TOKEN", &token)]);
    Job::with_secret(secret);
}

#[test]
fn the_cron_job_of_kubernetes_tests_a_mailbox_with_the_token_of_its_service_account() {
    let text = example("kubernetes/test-mailbox.yaml");
    let profile = text.split("mailgrant.toml: |\n").nth(1).and_then(|rest| rest.split("---").next()).unwrap();
    let job = Job::new(&profile.replace("\n    ", "\n").replacen("    ", "", 1), |text| text);
    let subject = "system:serviceaccount:default:mailgrant";
    assert!(text.contains(subject));
    let token = job.home.sandbox().outside_token("cluster", subject, EXCHANGE, 600);
    let file = job.home.path().join("azure-identity-token");
    fs::write(&file, token).unwrap();
    job.trusts(&job.home.sandbox().outside_issuer("cluster"), subject);
    let [command] = commands("kubernetes/test-mailbox.yaml").try_into().unwrap();
    job.works(&command, &[("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap())]);
}

#[test]
fn the_service_of_systemd_tests_a_mailbox_with_a_key_that_it_is_handed() {
    let shop = Fixture::authorized();
    let [command] = commands("systemd/mailgrant-test@.service").try_into().unwrap();
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let credentials = shop.path().join("credentials");
    fs::create_dir(&credentials).unwrap();
    fs::rename(shop.vault_key(), credentials.join("mailgrant-vault-key")).unwrap();
    let run = || shop.run(&words);
    run().finish().code(5);
    run().env("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap()).finish().code(0);
}
