//! A practice tenant to try `mailgrant` on, with nothing but this machine: `cargo run --example sandbox`.
//!
//! It prints the commands to paste into a second terminal and runs until Ctrl-C. `--fault NAME` lets it misbehave,
//! `--list-faults` shows how.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example's own output")]

use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use practice_tenant::browser::{self, Person};
use practice_tenant::faults::{Fault, Row, Stage, Words};
use practice_tenant::world::{ALICE, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT, SHARED, SHOP, TENANT_ID};
use practice_tenant::{Sandbox, SandboxConfig};

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
        ["--list-faults"] => {
            print!("{}", list_faults());
            Ok(())
        }
        [] => serve(&[]),
        ["--fault", rest @ ..] => serve(&faults(rest)?),
        _ => Err(USAGE.to_owned()),
    }
}

/// A fault, and for how long it lasts where it heals by itself.
type Chosen = (&'static Row, Option<Duration>);

fn faults(words: &[&str]) -> Result<Vec<Chosen>, String> {
    let names = words.iter().filter(|word| **word != "--fault");
    names.map(|name| fault(name)).collect()
}

fn fault(word: &str) -> Result<Chosen, String> {
    let (name, seconds) = word.split_once('=').map_or((word, None), |(name, seconds)| (name, Some(seconds)));
    let row = Fault::row(name).ok_or_else(|| format!("there is no fault '{name}'; --list-faults shows them all"))?;
    let time = seconds.map(|text| text.parse().map(Duration::from_secs));
    Ok((row, time.transpose().map_err(|_| format!("'{word}': the time is a number of seconds"))?))
}

const USAGE: &str = "usage: sandbox [--fault NAME[=SECONDS]]...   misbehaves as told, with =SECONDS only so long
       sandbox --list-faults                 the names
       sandbox sign-in USER CA-FILE URL      signs in like a person at a browser
       sandbox enter-code USER CA-FILE URL CODE   enters a device code like one";

/// The table of all faults.
fn list_faults() -> String {
    let mut text = String::from(
        "Faults of the practice tenant, for --fault NAME. `wording` says where the words come from: seen (no words
are played), documented, reported by users, or composed: put together from the words by which documents or
reports name the answer, because no whole one is known. No live server of Microsoft's was seen.\n\n",
    );
    let mut line = |name: &str, place: &str, finding: &str, wording: &str, meaning: &str| {
        text.push_str(&format!("{name:<26}{place:<14}{finding:<38}{wording:<12}{meaning}\n"));
    };
    line("NAME", "WHERE", "FINDING", "WORDING", "WHAT");
    for row in Fault::rows() {
        let wording = format!("{:?}", row.wording).to_lowercase();
        line(row.name, row.fault.place(), row.finding, &wording, row.meaning);
    }
    text
}

fn serve(faults: &[Chosen]) -> Result<(), String> {
    let config = SandboxConfig::default();
    let secret = config.client_secret.clone();
    let sandbox = Sandbox::start(config).map_err(|error| error.to_string())?;
    sandbox.add_client_secret(SECOND_SECRET);
    print!("{}", instructions(&sandbox, &secret));
    for (row, time) in faults {
        match time {
            Some(time) => sandbox.switch_on_for(row.fault, *time),
            None => sandbox.switch_on(row.fault),
        }
        let for_a_while = time.map_or(String::new(), |time| format!(" for {} seconds", time.as_secs()));
        println!("It misbehaves{for_a_while}: {} ({}; {})", row.name, row.fault.place(), row.meaning);
        print!("{}", hint(row.fault, &sandbox));
    }
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

/// What else is needed to meet a fault.
fn hint(fault: Fault, sandbox: &Sandbox) -> String {
    match fault {
        Fault::NoDelegates => {
            format!("  (with --address {SHARED} --sign-in-as {ALICE} in the command that adds the mailbox)\n")
        }
        _ if fault.place() == "POP3" => {
            let port = sandbox.ports().pop3_implicit;
            format!("  (with --incoming pop3 --incoming-port {port} in the command that adds the mailbox)\n")
        }
        _ if fault.place().starts_with("Graph") => "  (shows with the mailbox over Graph)\n".to_owned(),
        _ if fault.place() == "directory" => {
            "  (shows with: mailgrant rotate-secret practice --issue, mailgrant status practice --ask)\n".to_owned()
        }
        Fault::Mail(Words { at: Stage::Message, .. }) => {
            format!("  (shows with: mailgrant test-smtp practice --to {SHOP})\n")
        }
        _ if fault.place() == "sign-in page" => {
            "  (the page shows it; paste its text into: mailgrant explain)\n".to_owned()
        }
        _ => String::new(),
    }
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
  Graph, Gmail API  {api}
  CA certificate    {ca}

Paste into another terminal (a profile of its own, so that yours stays as it is):

export MAILGRANT_CONFIG="$(mktemp -d)/practice.toml"
export PRACTICE_SECRET={secret}
export PRACTICE_NEXT_SECRET={SECOND_SECRET}
mailgrant add practice --provider microsoft365 --tenant {TENANT_ID} --authority {authority} \
  --client-id {CONFIDENTIAL_CLIENT} --secret-env PRACTICE_SECRET --address {SHOP} \
  --incoming imap --incoming-host localhost --incoming-port {imap_implicit} \
  --outgoing smtp --outgoing-host localhost --outgoing-port {smtp_starttls} \
  --api-url {api} --ca-file {ca}
mailgrant authorize practice
mailgrant test practice
mailgrant test-mailbox practice --latest 1
mailgrant test-smtp practice --to {SHOP} --wait-arrival
mailgrant rotate-secret practice --secret-env PRACTICE_NEXT_SECRET
mailgrant status practice
mailgrant remove practice --yes

A mailbox over Graph, of the same app, before that is removed (alice signs in):

mailgrant add practice-graph --client-id {CONFIDENTIAL_CLIENT} --address {ALICE} \
  --incoming graph --outgoing graph
mailgrant authorize practice-graph
mailgrant test practice-graph
mailgrant test-smtp practice-graph --to {ALICE} --wait-arrival

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
        api = sandbox.api_base(),
    )
}
