//! The jobs of examples/, by their commands, with an environment that holds nothing but what their comments name: from the
//! token of a runner or a cluster, or from a secret that is handed over, to a mailbox that works. Nothing is written.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sandbox::world::FederatedCredential;
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
        let text = home.profile_of_job(&change(profile.to_owned()));
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

/// The mailboxes that a job of several runs goes through.
const BOXES: usize = 12;

/// A profile of so many mailboxes, of which each run of a job tests a share.
fn many(profile: &str) -> String {
    let (head, shop) = profile.split_once("[mailboxes.shop]").unwrap();
    let boxes = (0..BOXES).map(|number| format!("[mailboxes.box{number}]{shop}\n"));
    format!("{head}{}", boxes.collect::<String>())
}

/// Runs `test` once for each of `runs` at the same time, as the engine does, and hands over what each has printed.
fn side_by_side(job: &Job, test: &str, runs: &[Vec<(&str, String)>]) -> Vec<String> {
    std::thread::scope(|scope| {
        let run = |variables: &Vec<(&str, String)>| {
            let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
            job.run(test, &variables).code(0).stdout
        };
        let started: Vec<_> = runs.iter().map(|variables| scope.spawn(move || run(variables))).collect();
        started.into_iter().map(|run| run.join().unwrap()).collect()
    })
}

/// Insists that every mailbox is in the report exactly once.
fn has_each_once(text: &str) {
    for number in 0..BOXES {
        let (is_name, name) = (|c: char| c.is_ascii_digit(), format!("box{number}"));
        let count = text.match_indices(&name).filter(|(at, _)| !text[at + name.len()..].starts_with(is_name)).count();
        assert_eq!(count, 1, "{name} in {text}");
    }
}

#[test]
fn the_matrix_of_github_tests_each_mailbox_in_one_job_and_one_report_is_made() {
    let jobs = commands("ci/github-matrix.yml");
    let [test, merge] = jobs.as_slice() else { panic!("{jobs:?}") };
    let text = example("ci/github-matrix.yml");
    let shares = text.split("share: [").nth(1).unwrap().split(']').next().unwrap();
    let shares: Vec<&str> = shares.split(", ").collect();
    let job = Job::new(&example("ci/mailgrant.toml"), |text| many(&text));
    let runner = job.home.sandbox().runner();
    job.trusts(&runner.issuer, &runner.subject);
    let run = |share: &&str| {
        vec![
            ("SHARE", (*share).to_owned()),
            ("SHARES", shares.len().to_string()),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", runner.request_url.clone()),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", runner.request_token.clone()),
        ]
    };
    side_by_side(&job, test, &shares.iter().map(run).collect::<Vec<_>>());
    job.run(merge, &[]).code(0);
    let summary = fs::read_to_string(job.home.path().join("summary.md")).unwrap();
    has_each_once(&summary.lines().filter(|line| line.starts_with("## ")).collect::<String>());
    fs::remove_file(job.home.path().join("share-2.json")).unwrap();
    job.run(merge, &[]).code(1).says("Shard 2 of 4 is not among the files");
}

#[test]
fn the_parallel_jobs_of_gitlab_test_each_mailbox_once_and_one_report_is_made() {
    let jobs = commands("ci/gitlab-parallel.yml");
    let [test, merge] = jobs.as_slice() else { panic!("{jobs:?}") };
    let text = example("ci/gitlab-parallel.yml");
    let count: usize = text.split("parallel: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    let source = "{ source = \"gitlab\", variable = \"MAIL_ID_TOKEN\" }";
    let job = Job::new(&example("ci/mailgrant.toml"), |text| many(&text.replace("{ source = \"github\" }", source)));
    let subject = "project_path:contoso/mail:ref_type:branch:ref:main";
    job.trusts(&job.home.sandbox().outside_issuer("gitlab"), subject);
    let token = job.home.sandbox().outside_token("gitlab", subject, EXCHANGE, 600);
    let run = |index: usize| {
        let [index, total] = [index, count].map(|number| number.to_string());
        vec![("CI_NODE_INDEX", index), ("CI_NODE_TOTAL", total), ("MAIL_ID_TOKEN", token.clone())]
    };
    side_by_side(&job, test, &(1..=count).map(run).collect::<Vec<_>>());
    job.run(merge, &[]).code(0);
    let junit = fs::read_to_string(job.home.path().join("mailboxes.xml")).unwrap();
    has_each_once(&junit.lines().filter(|line| line.starts_with("<testsuite ")).collect::<String>());
}

#[test]
fn the_indexed_job_of_kubernetes_tests_each_mailbox_once_and_its_logs_are_one_report() {
    let text = example("kubernetes/test-all.yaml");
    let profile = text.split("mailgrant.toml: |\n").nth(1).and_then(|rest| rest.split("---").next()).unwrap();
    let profile = profile.replace("\n    ", "\n").replacen("    ", "", 1);
    let count: usize = text.split("completions: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
    assert!(text.contains(&format!("name: JOB_COMPLETION_COUNT\n              value: \"{count}\"")));
    let job = Job::new(&profile, |text| many(&text));
    let token = job.home.sandbox().outside_token("cluster", "system:serviceaccount:default:mailgrant", EXCHANGE, 600);
    let file = job.home.path().join("azure-identity-token");
    fs::write(&file, token).unwrap();
    job.trusts(&job.home.sandbox().outside_issuer("cluster"), "system:serviceaccount:default:mailgrant");
    let [test] = commands("kubernetes/test-all.yaml").try_into().unwrap();
    let run = |index: usize| {
        let [index, total] = [index, count].map(|number| number.to_string());
        let file = file.to_str().unwrap().to_owned();
        vec![("JOB_COMPLETION_INDEX", index), ("JOB_COMPLETION_COUNT", total), ("AZURE_FEDERATED_TOKEN_FILE", file)]
    };
    let logs = side_by_side(&job, &test, &(0..count).map(run).collect::<Vec<_>>()).concat();
    // What is behind the pipe of the comment, which the logs go through.
    let merge = text.lines().find_map(|line| line.split_once(" | mailgrant ")).unwrap().1;
    let words: Vec<&str> = merge.split(' ').chain(["--json"]).collect();
    let merged = job.home.run(&words).stdin(&logs).finish().code(0).json();
    let names: Vec<&str> =
        merged["reports"].as_array().unwrap().iter().map(|report| report["name"].as_str().unwrap()).collect();
    has_each_once(&names.join(" "));
    assert_eq!(merged["shards"].as_array().unwrap().len(), count, "{merged}");
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
