//! A practice tenant to try `mailgrant` on, with nothing but this machine: `cargo run --example sandbox`.
//!
//! It prints the commands to paste into a second terminal and runs until Ctrl-C. `--fault NAME` lets it misbehave.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example's own output")]

#[path = "mod.rs"]
mod sandbox;

use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;

use sandbox::browser::{self, Person};
use sandbox::faults::Fault;
use sandbox::world::{ALICE, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT, SHARED, SHOP, TENANT_DOMAIN};
use sandbox::{Sandbox, SandboxConfig};

const SECOND_SECRET: &str = "practice-only-secret-number-two";

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        // For machines without a browser: BROWSER can be a script that calls this.
        ["sign-in", user, ca_file, url] => {
            let person = Person::SignsInAs((*user).to_owned());
            let page = browser::sign_in(url, Path::new(ca_file), &person).map_err(|error| error.to_string())?;
            if page.status == 200 { Ok(()) } else { Err(format!("the listener answered {}", page.status)) }
        }
        ["enter-code", user, ca_file, url, code] => {
            let person = Person::SignsInAs((*user).to_owned());
            let page =
                browser::enter_code(url, code, Path::new(ca_file), &person).map_err(|error| error.to_string())?;
            if page.status == 200 { Ok(()) } else { Err(page.body) }
        }
        [] => serve(&[]),
        ["--fault", rest @ ..] => serve(&faults(rest)?),
        _ => Err(usage()),
    }
}

fn faults(words: &[&str]) -> Result<Vec<Fault>, String> {
    let names = words.iter().filter(|word| **word != "--fault");
    names.map(|name| Fault::from_name(name).ok_or_else(usage)).collect()
}

fn usage() -> String {
    let faults: String = Fault::TABLE.iter().map(|(_, name, meaning)| format!("\n  {name:<24}{meaning}")).collect();
    format!(
        "usage: sandbox [--fault NAME]... | sandbox sign-in USER CA-FILE URL\n       sandbox enter-code USER CA-FILE URL CODE\nfaults:{faults}"
    )
}

fn serve(faults: &[Fault]) -> Result<(), String> {
    let config = SandboxConfig::default();
    let secret = config.client_secret.clone();
    let sandbox = Sandbox::start(config).map_err(|error| error.to_string())?;
    sandbox.add_client_secret(SECOND_SECRET);
    for fault in faults {
        sandbox.switch_on(*fault);
    }
    print!("{}", instructions(&sandbox, &secret));
    let (sender, receiver) = mpsc::channel();
    let end = move || {
        let _ = sender.send(());
    };
    ctrlc::set_handler(end).map_err(|error| error.to_string())?;
    receiver.recv().map_err(|error| error.to_string())?;
    for surprise in sandbox.surprises() {
        eprintln!("surprise: {surprise}");
    }
    Ok(())
}

fn instructions(sandbox: &Sandbox, secret: &str) -> String {
    let ports = sandbox.ports();
    let (authority, issuer, ca) = (sandbox.authority(), sandbox.issuer(), sandbox.ca_file().display());
    let me = std::env::current_exe().map_or_else(|_| "sandbox".to_owned(), |path| path.display().to_string());
    format!(
        r#"The practice tenant is running; Ctrl-C ends it. Nothing leaves this machine.

  accounts          {SHOP}, {ALICE}; shared mailbox {SHARED} (Alice may use it)
  client IDs        {CONFIDENTIAL_CLIENT} (with a secret)
                    {PUBLIC_CLIENT} (without: --credential none)
  client secret     {secret}
  and a second one  {SECOND_SECRET}
  sign-in           {authority}   plain OpenID: {issuer}
  IMAP              {imap_implicit} implicit, {imap_starttls} STARTTLS
  POP3              {pop3_implicit} implicit, {pop3_starttls} STARTTLS
  SMTP              {smtp_implicit} implicit, {smtp_starttls} STARTTLS
  CA certificate    {ca}

Paste into another terminal (a profile of its own, so that yours stays as it is):

export MAILGRANT_CONFIG="$(mktemp -d)/practice.toml"
export PRACTICE_SECRET={secret}
export PRACTICE_NEXT_SECRET={SECOND_SECRET}
mailgrant add practice --provider microsoft365 --tenant {TENANT_DOMAIN} --authority {authority} \
  --client-id {CONFIDENTIAL_CLIENT} --secret-env PRACTICE_SECRET --address {SHOP} \
  --incoming imap --incoming-host localhost --incoming-port {imap_implicit} \
  --outgoing smtp --outgoing-host localhost --outgoing-port {smtp_starttls} --ca-file {ca}
mailgrant authorize practice
mailgrant test-mailbox practice --latest 1
mailgrant test-smtp practice --to {SHOP} --wait-arrival
mailgrant rotate-secret practice --secret-env PRACTICE_NEXT_SECRET
mailgrant status practice
mailgrant remove practice --yes

Without an OS keyring, first: export MAILGRANT_STORE=vault; mailgrant new-vault-key

A browser will warn of the unknown certificate: that is right, accept it for the practice. Without a browser, sign in
with the URL that authorize prints:

{me} sign-in {SHOP} {ca} 'URL'

or, after `mailgrant authorize practice --device-code`:

{me} enter-code {SHOP} {ca} 'URL' CODE
"#,
        imap_implicit = ports.imap_implicit,
        imap_starttls = ports.imap_starttls,
        pop3_implicit = ports.pop3_implicit,
        pop3_starttls = ports.pop3_starttls,
        smtp_implicit = ports.smtp_implicit,
        smtp_starttls = ports.smtp_starttls,
    )
}
