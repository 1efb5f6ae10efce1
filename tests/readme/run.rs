//! The commands of every page, run in their order against a practice tenant: with its addresses in place of the examples'.

use std::io::Write as _;
use std::process::{Command, Stdio};

use practice_tenant::world::{CONFIDENTIAL_CLIENT, PUBLIC_CLIENT, SHOP, TENANT_DOMAIN};

use crate::page::{Page, piped, words};
use crate::support::canary;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;

#[test]
fn the_commands_of_every_page_run() {
    let mut count = 0;
    for page in Page::all() {
        let home = Home::new();
        if !page.commands().any(|command| command.starts_with("mailgrant add ")) {
            home.run("mailgrant add shop --expires 2027-05-20");
            home.run("mailgrant authorize shop");
        }
        for block in page.blocks().into_iter().filter(|block| block.not_run.is_none()) {
            for line in block.lines.iter().filter(|line| line.starts_with("mailgrant ")) {
                let (command, rest) = piped(line);
                let ended = home.run(command);
                let expected: &[i32] = match words(command)[1].as_str() {
                    // The machine that the tests run on need not be in order.
                    "doctor" => &[0, 1, 6],
                    _ => &[0],
                };
                assert!(
                    ended.code.is_some_and(|code| expected.contains(&code)),
                    "{}: {line}\n{}",
                    page.name,
                    ended.all_text()
                );
                if let Some(rest) = rest.filter(|rest| rest.starts_with("jq ")) {
                    filter(rest, &ended.stdout);
                }
                count += 1;
            }
        }
        home.fixture.insist_on_manners();
    }
    assert!(count > 20, "only {count} commands were run");
}

#[test]
fn every_block_that_is_not_run_says_why() {
    for page in Page::all() {
        for reason in page.blocks().into_iter().filter_map(|block| block.not_run) {
            assert!(reason.len() > 20, "{}: {reason}", page.name);
        }
    }
}

/// Runs what a document is piped into, where the program is there.
fn filter(line: &str, input: &str) {
    let program = line.split(' ').next().unwrap_or_default();
    if Command::new(program).arg("--version").output().is_err() {
        return;
    }
    let mut child = Command::new("sh").args(["-c", line]).stdin(Stdio::piped()).spawn().expect("there is a shell");
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    assert!(child.wait().expect("it ends").success(), "{line}");
}

/// A home with a practice tenant, in which the program itself plays the browser.
struct Home {
    fixture: Fixture,
}

impl Home {
    fn new() -> Self {
        let mut fixture = Fixture::new();
        fixture.set("BROWSER", concat!(env!("CARGO_BIN_EXE_mailgrant"), " practice --sign-in"));
        fixture.set("PRACTICE_CA_FILE", fixture.ca_file());
        fixture.sandbox().add_client_secret(canary::NEXT_CLIENT_SECRET);
        Self { fixture }
    }

    /// Runs a command of a page.
    fn run(&self, line: &str) -> Finished {
        let mut words: Vec<String> = words(line).into_iter().skip(1).map(|word| self.at_home(&word)).collect();
        let mut input = "";
        match words[0].as_str() {
            "add" => {
                self.complete(&mut words);
                input = canary::CLIENT_SECRET;
            }
            "rotate-secret"
                if !words.iter().any(|word| matches!(word.as_str(), "--discard-previous" | "--rollback")) =>
            {
                words.push("--secret-stdin".to_owned());
                input = canary::NEXT_CLIENT_SECRET;
            }
            _ => {}
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.fixture.run(&words).stdin(input).finish()
    }

    /// The practice tenant's value in place of an example's.
    fn at_home(&self, word: &str) -> String {
        let sandbox = self.fixture.sandbox();
        match word {
            "11111111-2222-3333-4444-555555555555" => CONFIDENTIAL_CLIENT.to_owned(),
            "contoso.onmicrosoft.com" => TENANT_DOMAIN.to_owned(),
            "mailgrant" => PUBLIC_CLIENT.to_owned(),
            "https://login.example.org/realms/mail" => sandbox.issuer(),
            "mail.example.org" => "localhost".to_owned(),
            "993" => sandbox.ports().imap_implicit.to_string(),
            "587" => sandbox.ports().smtp_starttls.to_string(),
            "shop@contoso.com" | "office@example.org" => SHOP.to_owned(),
            word if word.ends_with("@contoso.com") => word.replace("contoso.com", TENANT_DOMAIN),
            // The date of an example passes.
            word if word.starts_with("2027-") => next_year(),
            word => word.to_owned(),
        }
    }

    /// Adds to an `add` what the practice tenant needs beside what the page says, and what the page lets it ask for.
    fn complete(&self, words: &mut Vec<String>) {
        let sandbox = self.fixture.sandbox();
        let is_given = |flag: &str| words.iter().any(|word| word == flag);
        let value = |flag: &str| words.iter().skip_while(|word| *word != flag).nth(1).map(String::as_str);
        let mut flags: Vec<(&str, String)> = Vec::new();
        if is_given("--provider") || !is_given("--client-id") {
            flags.push(("--ca-file", self.fixture.ca_file()));
            if value("--provider") != Some("oidc") {
                flags.push(("--provider", "microsoft365".to_owned()));
                flags.push(("--tenant", TENANT_DOMAIN.to_owned()));
                flags.push(("--authority", sandbox.authority().to_owned()));
                flags.push(("--api-url", sandbox.api_base()));
                flags.push(("--client-id", CONFIDENTIAL_CLIENT.to_owned()));
            }
            flags.push(("--address", SHOP.to_owned()));
        }
        let asks = flags.iter().any(|(flag, _)| *flag == "--client-id") && !is_given("--credential");
        if value("--incoming").is_none_or(|protocol| protocol == "imap") {
            flags.push(("--incoming-host", "localhost".to_owned()));
            flags.push(("--incoming-port", sandbox.ports().imap_implicit.to_string()));
        }
        if value("--outgoing").is_none_or(|protocol| protocol == "smtp") {
            flags.push(("--outgoing-host", "localhost".to_owned()));
            flags.push(("--outgoing-port", sandbox.ports().smtp_starttls.to_string()));
        }
        flags.retain(|(flag, _)| !is_given(flag));
        words.extend(flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]));
        if asks {
            if !words.iter().any(|word| word == "--expires") {
                words.extend(["--expires".to_owned(), next_year()]);
            }
            words.push("--secret-stdin".to_owned());
        }
    }
}

/// The day a year from now.
fn next_year() -> String {
    let today = practice_tenant::world::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.saturating_add(jiff::Span::new().years(1)).to_string()
}
