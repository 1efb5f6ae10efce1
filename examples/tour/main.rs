//! The whole job in a minute, with nothing but this machine: `cargo run --example tour`.
//!
//! It builds the real `mailgrant`, starts the practice tenant beside it, and does what an administrator does: add,
//! authorize, test, rotate the client secret, remove, for a mailbox over IMAP and SMTP and for one over Microsoft Graph. Each
//! step insists on its exit code and on a telling fact.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example's own output")]

mod build;
mod workspace;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use practice_tenant::browser::{self, Person};
use practice_tenant::world::{ALICE, CONFIDENTIAL_CLIENT, SHOP, TENANT_DOMAIN};
use practice_tenant::{Sandbox, SandboxConfig};
use workspace::{Outcome, Workspace};

const NEW_SECRET: &str = "practice-only-secret-number-two";

fn main() -> ExitCode {
    // mailgrant starts $BROWSER, which is this very program: then it is the person at the sign-in page.
    if let Some((person, ca_file)) = workspace::browser_role() {
        let url = std::env::args().next_back().unwrap_or_default();
        let landed = browser::sign_in(&url, Path::new(&ca_file), &Person::SignsInAs(person));
        return if landed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    match tour() {
        Ok(steps) => {
            println!("\n{steps} steps, all passed");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("\ntour: {error}");
            ExitCode::FAILURE
        }
    }
}

fn tour() -> Result<u32, String> {
    let binary = build::mailgrant()?;
    // Every step must fetch its access token, so every step shows what the client secret is worth.
    let config = SandboxConfig { access_lifetime: Duration::ZERO, ..SandboxConfig::default() };
    let old_secret = config.client_secret.clone();
    let sandbox = Sandbox::start(config).map_err(|error| error.to_string())?;
    let mut workspace = Workspace::new(binary, sandbox.ca_file())?;
    workspace.sign_in_as(SHOP);
    workspace.set("PRACTICE_SECRET", &old_secret);

    set_up(&mut workspace, &sandbox)?;
    prove(&mut workspace, &sandbox)?;
    add_one_over_graph(&mut workspace, &sandbox)?;
    rotate(&mut workspace, &sandbox, &old_secret)?;
    rotate_without_a_portal(&mut workspace, &sandbox)?;
    hand_out_a_token(&mut workspace, &sandbox)?;
    refuse_the_wrong_account(&mut workspace)?;
    workspace
        .step("Remove a mailbox and its tokens; the app stays, for the other.", &["remove", "alice", "--yes"], "")?
        .code(0)?;
    workspace
        .step("Remove the last one, its tokens, its app and the client secret.", &["remove", "shop", "--yes"], "")?
        .code(0)?;
    workspace.step("Nothing is left.", &["list"], "")?.code(0)?.lacks(SHOP)?;
    let surprises = sandbox.surprises();
    if !surprises.is_empty() {
        return Err(format!("the practice tenant was surprised: {}", surprises.join("; ")));
    }
    Ok(workspace.steps())
}

fn set_up(workspace: &mut Workspace, sandbox: &Sandbox) -> Result<(), String> {
    let ports = sandbox.ports();
    let (imap, smtp) = (ports.imap_implicit.to_string(), ports.smtp_starttls.to_string());
    let ca_file = sandbox.ca_file().display().to_string();
    let api = sandbox.api_base();
    workspace
        .step("A key for the encrypted vault, since this machine may have no keyring.", &["new-vault-key"], "")?
        .code(0)?
        .says("vault.key")?;
    let app =
        ["--authority", sandbox.authority(), "--client-id", CONFIDENTIAL_CLIENT, "--secret-env", "PRACTICE_SECRET"];
    let incoming = ["--incoming", "imap", "--incoming-host", "localhost", "--incoming-port", &imap];
    let outgoing = ["--outgoing", "smtp", "--outgoing-host", "localhost", "--outgoing-port", &smtp];
    let mut add = vec!["add", "shop", "--provider", "microsoft365", "--tenant", TENANT_DOMAIN];
    add.extend(app.into_iter().chain(["--address", SHOP]).chain(incoming).chain(outgoing));
    add.extend(["--api-url", &api, "--ca-file", &ca_file]);
    workspace
        .step("Add the mailbox; what to register at the provider is printed.", &add, "")?
        .code(0)?
        .says("redirect URI http://localhost")?;
    workspace
        .step("There is no sign-in yet: exit code 4 says so.", &["status", "shop"], "")?
        .code(4)?
        .says("not authorized")?;
    workspace
        .step("Sign in. The tour itself plays the person at the browser.", &["authorize", "shop"], "")?
        .code(0)?
        .says(&format!("{SHOP} signed in"))?;
    expect(sandbox.counters().sign_ins == 1, "exactly one person signs in")
}

fn prove(workspace: &mut Workspace, sandbox: &Sandbox) -> Result<(), String> {
    let send = ["test-smtp", "shop", "--to", SHOP, "--wait-arrival"];
    workspace.step("Send a real mail, and see it arrive.", &send, "")?.code(0)?;
    let sent = sandbox.sent();
    expect(sent.len() == 1 && sent[0].recipients == [SHOP], "exactly one mail is sent, to the shop")?;
    workspace
        .step("Open the mailbox and show the newest mail.", &["test-mailbox", "shop", "--latest", "1"], "")?
        .code(0)?
        .says("mailgrant test mail")
}

/// A second mailbox of the same app, over Graph both ways.
fn add_one_over_graph(workspace: &mut Workspace, sandbox: &Sandbox) -> Result<(), String> {
    let add = ["add", "alice", "--client-id", CONFIDENTIAL_CLIENT, "--address", ALICE];
    let add = [&add[..], &["--incoming", "graph", "--outgoing", "graph"]].concat();
    workspace
        .step("Add a mailbox over Microsoft Graph. Its app has a secret already.", &add, "")?
        .code(0)?
        .says("Mail.ReadBasic, Mail.Send")?;
    workspace.sign_in_as(ALICE);
    workspace
        .step("Sign in as its user.", &["authorize", "alice"], "")?
        .code(0)?
        .says(&format!("{ALICE} signed in"))?;
    workspace.sign_in_as(SHOP);
    let send = ["test-smtp", "alice", "--to", ALICE, "--wait-arrival"];
    workspace.step("Send a mail over Graph, and see it arrive.", &send, "")?.code(0)?.says("the message arrived")?;
    let sent = sandbox.sent();
    expect(sent.len() == 2 && sent[1].recipients == [ALICE], "one more mail is sent, to Alice")?;
    workspace
        .step("Test both sides of it: one connection is enough.", &["test", "alice"], "")?
        .code(0)?
        .says(&format!("{ALICE} works"))
}

fn rotate(workspace: &mut Workspace, sandbox: &Sandbox, old_secret: &str) -> Result<(), String> {
    sandbox.add_client_secret(NEW_SECRET);
    sandbox.expire_client_secret(old_secret);
    workspace.remark("At the provider, a new client secret has been issued, and the old one has expired.");
    workspace
        .step("The mailbox has stopped working, and the reason is named.", &["test-mailbox", "shop"], "")?
        .code(1)?
        .says("AADSTS7000222")?;
    let rotate = ["rotate-secret", "shop", "--secret-stdin", "--expires", &next_year()];
    workspace
        .step("Rotate: the new secret is proven with both mailboxes before it is used.", &rotate, NEW_SECRET)?
        .code(0)?
        .says("the new one is in use")?;
    workspace.step("The mailbox works again, without a new sign-in.", &["test-mailbox", "shop"], "")?.code(0)?;
    workspace.step("So does the one over Graph.", &["test", "alice"], "")?.code(0)?;
    expect(sandbox.counters().sign_ins == 2, "each mailbox has been signed in for once")?;
    workspace
        .step("Forget the old secret.", &["rotate-secret", "shop", "--discard-previous"], "")?
        .code(0)?
        .says("forgotten")?;
    workspace.step("What is authorized, as whom, until when.", &["status", "shop"], "")?.code(0)?.says(&next_year())
}

fn rotate_without_a_portal(workspace: &mut Workspace, sandbox: &Sandbox) -> Result<(), String> {
    sandbox.consent("https://graph.microsoft.com", "Application.ReadWrite.OwnedBy");
    workspace.remark("At the provider, an administrator lets the app issue secrets of its own.");
    let issue = ["rotate-secret", "alice", "--issue", "--keep-old", "0"];
    workspace
        .step("Rotate again: the directory issues the new secret and removes the old one.", &issue, "")?
        .code(0)?
        .says("the new one is in use")?;
    let is_gone = !sandbox.client_secrets().iter().any(|(_, _, value)| value == NEW_SECRET);
    expect(is_gone, "the directory has removed the secret of before")?;
    workspace.step("The mailbox over Graph works with it.", &["test", "alice"], "")?.code(0).map(|_: Outcome| ())
}

fn hand_out_a_token(workspace: &mut Workspace, sandbox: &Sandbox) -> Result<(), String> {
    let token = workspace
        .silent_step("A valid access token for another program; only its length is shown.", &["token", "shop"])?;
    let token = token.code(0)?.text.trim_end().to_owned();
    workspace.remark(&format!("({} characters)", token.len()));
    expect(sandbox.is_live_access_token(&token), "the token is one that the mail servers take")
}

fn refuse_the_wrong_account(workspace: &mut Workspace) -> Result<(), String> {
    workspace.sign_in_as(ALICE);
    let refused =
        workspace.step("The usual mistake: another account signs in. It is refused.", &["authorize", "shop"], "")?;
    expect(refused.code != Some(0), "the wrong account is refused")?;
    refused.says(ALICE)?;
    workspace
        .step("The grant of the right account is untouched.", &["test-mailbox", "shop"], "")?
        .code(0)
        .map(|_: Outcome| ())
}

fn next_year() -> String {
    let today = practice_tenant::world::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.saturating_add(jiff::Span::new().years(1)).to_string()
}

fn expect(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("it should be so: {what}")) }
}
