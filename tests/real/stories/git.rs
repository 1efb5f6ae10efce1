//! Git itself, which fetches with a token of `mailgrant credential`.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Stdio};

use practice_tenant::world::SHOP;
use serde_json::json;

use crate::certs::Certs;
use crate::parts;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::process::Run;
use crate::support::wait_until;

/// A web server that demands a bearer token, and ends with its test.
struct Server {
    process: Child,
    log: std::path::PathBuf,
}

impl Server {
    /// Serves `folder` to those who have `token`.
    fn start(home: &Fixture, certs: &Certs, folder: &Path, token: &str) -> Self {
        let config = json!({ "folder": folder, "cert": certs.cert, "key": certs.key, "token": token });
        let [file, log] = ["bearer.json", "bearer.log"].map(|name| home.path().join(name));
        fs::write(&file, config.to_string()).unwrap();
        let mut command = home.program("python3");
        let command = command.arg(parts::scripts().join("bearer.py")).arg(file).stdin(Stdio::null());
        let process = command.stdout(File::create(&log).unwrap()).spawn().unwrap();
        let server = Self { process, log };
        wait_until("the web server's port", || server.said().contains('\n'));
        server
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn port(&self) -> String {
        self.said().lines().next().unwrap().to_owned()
    }

    /// The schemes of the authorizations that it was given, in this order; `none` for requests without one.
    fn schemes(&self) -> Vec<String> {
        self.said().lines().skip(1).map(str::to_owned).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn git(shop: &Fixture, arguments: &[&str]) -> Finished {
    let run = Run::new(shop.program("git"), arguments);
    let run = run.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "true").env("GIT_CONFIG_NOSYSTEM", "1");
    let person = ["AUTHOR", "COMMITTER"]
        .into_iter()
        .fold(run, |run, who| run.env(&format!("GIT_{who}_NAME"), "Shop").env(&format!("GIT_{who}_EMAIL"), SHOP));
    person.finish()
}

#[test]
fn git_fetches_with_a_bearer_token() {
    if parts::git_that_takes_tokens().is_none() {
        return;
    }
    let shop = Fixture::new();
    shop.add_over_graph("shop", &[]).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    let token = shop.run(&["token", "shop"]).finish().code(0).stdout.trim().to_owned();
    let certs = Certs::make(&shop.path());

    git(&shop, &["init", "--quiet", "--initial-branch", "main", "work"]).code(0);
    git(&shop, &["-C", "work", "commit", "--quiet", "--allow-empty", "-m", "a beginning"]).code(0);
    let commit = git(&shop, &["-C", "work", "rev-parse", "HEAD"]).code(0).stdout.trim().to_owned();
    git(&shop, &["clone", "--quiet", "--bare", "work", "served/repository.git"]).code(0);
    let server = Server::start(&shop, &certs, &shop.path().join("served"), &token);

    // The web server stands where the mailbox's web service is.
    let profile = fs::read_to_string(shop.config()).unwrap();
    let lines = profile.lines().map(|line| match line.starts_with("api_url = ") {
        true => format!("api_url = \"https://localhost:{}\"\n", server.port()),
        false => format!("{line}\n"),
    });
    shop.write_config(&lines.collect::<String>());

    let address = format!("https://localhost:{}/repository.git", server.port());
    let ca = format!("http.sslCAInfo={}", certs.ca.display());
    let helper = format!("credential.helper=!'{}' credential", env!("CARGO_BIN_EXE_mailgrant"));
    let with_helper = ["-c", &ca, "-c", "credential.helper=", "-c", &helper];
    let listed = git(&shop, &[&with_helper[..], &["ls-remote", &address]].concat()).code(0);
    assert!(listed.stdout.contains(&format!("{commit}\trefs/heads/main")), "{}", listed.all_text());
    git(&shop, &["init", "--quiet", "copy"]).code(0);
    git(&shop, &[&["-C", "copy"], &with_helper[..], &["fetch", "--quiet", &address, "main"]].concat()).code(0);
    let fetched = git(&shop, &["-C", "copy", "rev-parse", "FETCH_HEAD"]).code(0).stdout;
    assert_eq!(fetched.trim(), commit);

    let schemes = server.schemes();
    assert!(schemes.contains(&"Bearer".to_owned()), "{schemes:?}");
    assert!(schemes.iter().all(|scheme| scheme == "none" || scheme == "Bearer"), "{schemes:?}");
    // Without the helper there is none that could.
    let refused = git(&shop, &["-c", &ca, "-c", "credential.helper=", "ls-remote", &address]);
    assert_ne!(refused.code, Some(0), "{}", refused.all_text());
}
