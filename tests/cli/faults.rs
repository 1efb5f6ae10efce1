//! The table of faults: whatever the practice tenant is told to do, the real binary names the finding that the fault's row
//! promises, and names it first.

mod machines;

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;

use crate::gmail;
use crate::rotate_issue::{GRAPH, OWNED_BY};
use crate::sandbox::SandboxConfig;
use crate::sandbox::browser::{self, Person};
use crate::sandbox::faults::{ApiCall, ApiRefusal, At, Fault, Row, Service, Stage, Wording, Words};
use crate::sandbox::mail_sign_in::Protocol;
use crate::sandbox::world::{ALICE, SHARED, SHOP, TENANT_ID};
use crate::support::canary::NEXT_CLIENT_SECRET;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::forms;
use crate::support::practice::ALWAYS_STALE;

/// The machine of a developer has a few cores; more workers than these only wait for each other.
const WORKERS: usize = 3;

/// The directory issues a secret. The old one stays there, so that the home can be put back to what it was.
const ISSUING: Way = Way::Run(&["rotate-secret", "contoso", "--issue", "--wait-propagation", "5", "--keep-old", "30"]);

/// How a fault is met.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// A person signs in.
    Authorize,
    /// A new client secret is stored, and then the whole is tested.
    NewSecret,
    /// The sign-in page shows it, and the page is pasted.
    ExplainPage,
    /// A command.
    Run(&'static [&'static str]),
}

/// All ways to meet a row's fault.
fn ways(row: &Row) -> Vec<Way> {
    const WHOLE: Way = Way::Run(&["test", "shop"]);
    match row.fault {
        Fault::OAuth(_) if row.name == "secret-too-new" => vec![Way::NewSecret],
        Fault::OAuth(refusal) if refusal.is_at(At::ServiceAccount) => vec![Way::Run(&["test-mailbox", "robot"])],
        Fault::OAuth(refusal) if refusal.is_at(At::Own) => match row.name.starts_with("federated-") {
            true => vec![Way::Run(&["test", "job"])],
            false => vec![Way::Run(&["test", "signed"])],
        },
        Fault::RunnerRefuses | Fault::RunnerTokenOld | Fault::IssuerKeyNotPublished => {
            vec![Way::Run(&["test", "job"])]
        }
        Fault::IdentityNotFound => vec![Way::Run(&["test", "machine"])],
        // Without a bound it is asked again for a minute.
        Fault::MetadataBusy => vec![Way::Run(&["test", "machine", "--timeout", "10"])],
        Fault::SigningDenied | Fault::PoolGone => vec![Way::Run(&["test-mailbox", "keyless"])],
        Fault::AppClaims(_) | Fault::NotSetUp(_) => vec![Way::Run(&["test", "alone"])],
        Fault::Mail(_) if row.name == "app-logon-denied" => vec![Way::Run(&["test", "alone"])],
        Fault::OAuth(refusal) => {
            // A sign-in that is stopped at the page never redeems a code.
            let gets_on = !refusal.is_at(At::Page) && !refusal.is_at(At::Account);
            let by_place = [
                (At::Page, Way::ExplainPage),
                (At::Account, Way::ExplainPage),
                (At::Back, Way::Authorize),
                (At::Code, Way::Authorize),
                (At::Refresh, WHOLE),
            ];
            let is_met = |place: &At| refusal.is_at(*place) && (gets_on || *place != At::Code);
            by_place.into_iter().filter(|(place, _)| is_met(place)).map(|(_, way)| way).collect()
        }
        Fault::OtherAccount | Fault::NoRefreshToken | Fault::SendingNotGranted | Fault::IdClaims(_) => {
            vec![Way::Authorize]
        }
        // It is noticed before a person begins.
        Fault::ClockAhead(_) => vec![Way::Run(&["authorize", "shop"])],
        Fault::Mail(Words { protocol: Protocol::Smtp, at: Stage::Message, .. }) => {
            vec![Way::Run(&["test-smtp", "shop", "--to", SHOP])]
        }
        Fault::Mail(Words { protocol: Protocol::Pop3, .. }) | Fault::Offers(Protocol::Pop3, _) => {
            vec![Way::Run(&["test", "popper"])]
        }
        Fault::NoCapa | Fault::NoSaslInCapa(_) => vec![Way::Run(&["test", "popper"])],
        Fault::MessageIdReplaced(_) => vec![
            Way::Run(&["test-smtp", "shop", "--to", SHOP, "--wait-arrival=20"]),
            Way::Run(&["test-smtp", "popper", "--to", SHOP, "--wait-arrival=20"]),
        ],
        Fault::SearchFindsNothing | Fault::SearchRefused => {
            vec![Way::Run(&["test-smtp", "shop", "--to", SHOP, "--wait-arrival=20"])]
        }
        Fault::Untagged(_) => {
            vec![
                WHOLE,
                Way::Run(&["test-mailbox", "shop", "--latest", "3"]),
                Way::Run(&["test-smtp", "shop", "--to", SHOP, "--wait-arrival=20"]),
            ]
        }
        Fault::NoDelegates => vec![Way::Run(&["test", "support"])],
        Fault::SilentImap => vec![Way::Run(&["test", "shop", "--timeout", "6"])],
        // The one refuses nothing by itself, the other is not a Microsoft tenant's: leaks.rs and authorize_by_code.rs have them.
        Fault::RefusalsEcho | Fault::NoDeviceCode => Vec::new(),
        Fault::Api(ApiRefusal { service: Service::Graph, at, .. }) => over_graph(at),
        Fault::Api(ApiRefusal { service: Service::Gmail, at, .. }) => over_gmail(at),
        // Only an administrator's reading meets them: ladder.rs has them.
        Fault::Api(ApiRefusal { service: Service::Exchange, .. }) => Vec::new(),
        Fault::ApiAnswers(_) => vec![
            Way::Run(&["test", "graph", "--timeout", "5"]),
            Way::Run(&["test-smtp", "graph", "--to", SHOP, "--timeout", "5"]),
        ],
        Fault::FromDroppedInMime | Fault::IndexDelay(_) => {
            vec![Way::Run(&["test-smtp", "graph", "--to", SHOP, "--wait-arrival=30"])]
        }
        Fault::LongestSecret(_) => vec![ISSUING],
        // rotate_issue.rs has the lag, as long as a test can wait for it, and status_ask.rs the hints.
        Fault::ReplicationLag(_) | Fault::NoHints | Fault::SameHints => Vec::new(),
        _ => vec![WHOLE],
    }
}

/// The ways to meet what Graph refuses at some of its requests.
fn over_graph(call: ApiCall) -> Vec<Way> {
    const WHOLE: Way = Way::Run(&["test", "graph"]);
    const READING: Way = Way::Run(&["test-mailbox", "graph", "--latest", "3"]);
    const TRYING: Way = Way::Run(&["test-smtp", "graph"]);
    const SENDING: Way = Way::Run(&["test-smtp", "graph", "--to", SHOP]);
    match call {
        ApiCall::Any => vec![WHOLE, READING, TRYING, SENDING],
        ApiCall::Read => vec![WHOLE, READING],
        ApiCall::Send => vec![WHOLE, TRYING, SENDING],
        ApiCall::Directory | ApiCall::AddPassword => vec![ISSUING],
        // rotate_own_key.rs has them.
        ApiCall::AddKey | ApiCall::RemoveKey => Vec::new(),
    }
}

/// The same for Gmail.
fn over_gmail(call: ApiCall) -> Vec<Way> {
    const READING: Way = Way::Run(&["test-mailbox", "gmail", "--latest", "3"]);
    const TRYING: Way = Way::Run(&["test-smtp", "gmail"]);
    const SENDING: Way = Way::Run(&["test-smtp", "gmail", "--to", SHOP]);
    match call {
        ApiCall::Any => vec![READING, TRYING, SENDING],
        ApiCall::Read => vec![READING],
        ApiCall::Send => vec![TRYING, SENDING],
        ApiCall::Directory | ApiCall::AddPassword | ApiCall::AddKey | ApiCall::RemoveKey => Vec::new(),
    }
}

/// A tenant, and a home whose mailboxes are all authorized and whose access tokens are all stale.
pub(crate) struct Practice {
    pub(crate) shop: Fixture,
    authorization_url: String,
    files_as_they_were: Vec<(PathBuf, Vec<u8>)>,
}

impl Practice {
    pub(crate) fn new() -> Self {
        let mut shop = Fixture::new();
        machines::prepare(&mut shop);
        // As Microsoft does: so a home can be put back to what it was.
        shop.sandbox().allow_refresh_reuse();
        shop.sandbox().set_access_lifetime(ALWAYS_STALE);
        shop.sandbox().add_client_secret(NEXT_CLIENT_SECRET);
        shop.sandbox().consent(GRAPH, OWNED_BY);
        let pop3 = shop.sandbox().ports().pop3_implicit.to_string();
        let api = shop.sandbox().api_base();
        // By its ID, so that another tenant's tokens are told from ours.
        let own = |name: &str, change: &[(&str, &str)]| {
            let mut flags = vec![("--tenant", Some(TENANT_ID))];
            flags.extend((!change.iter().any(|(flag, _)| *flag == "--app")).then_some(("--app", Some("contoso"))));
            flags.push(("--api-url", Some(&api)));
            // Two hosts: one alone with an unknown CA is not inspected.
            flags.push(("--outgoing-host", Some("127.0.0.1")));
            flags.extend(change.iter().map(|(flag, value)| (*flag, Some(*value))));
            shop.add(name, &flags).finish().code(0);
        };
        own("shop", &[]);
        own("popper", &[("--incoming", "pop3"), ("--incoming-port", &pop3)]);
        own("support", &[("--address", SHARED), ("--sign-in-as", ALICE)]);
        shop.add_over_graph("graph", &[("--app", Some("contoso")), ("--tenant", Some(TENANT_ID))]).finish().code(0);
        machines::add(&shop, &|name, app| own(name, &[("--app", app)]));
        for (name, user) in [("shop", SHOP), ("popper", SHOP), ("support", ALICE), ("graph", SHOP)] {
            shop.authorize_as(name, user).code(0);
        }
        let authorization_url = shop.run(&["authorize", "shop"]).start().authorization_url();
        shop.sandbox().set_access_lifetime(SandboxConfig::default().access_lifetime);
        gmail::add(&shop, "gmail", &["metadata", "send"]);
        let files_as_they_were = shop.files();
        Self { shop, authorization_url, files_as_they_were }
    }

    /// Puts profile and store back to what they were.
    pub(crate) fn restore(&self) {
        for (path, bytes) in &self.files_as_they_were {
            std::fs::write(path, bytes).unwrap();
        }
    }

    /// What is wrong about the row, if anything.
    fn practise(&self, row: &Row) -> Vec<String> {
        let mut wrong = Vec::new();
        for way in ways(row) {
            self.shop.sandbox().switch_on(row.fault);
            let Met { code: found, said } = self.meet(way);
            self.shop.sandbox().switch_off(row.fault);
            self.restore();
            // What is lawful has no finding.
            let expected = if row.finding == "-" { "nothing" } else { row.finding };
            if found != expected {
                wrong.push(format!("{}: {way:?} came to {found}, not {}", row.name, row.finding));
            }
            let is_page = matches!(way, Way::ExplainPage);
            if let Some(words) = words(row.fault).filter(|words| !is_page && !said.contains(words.as_str())) {
                wrong.push(format!("{}: {way:?} does not repeat '{words}', but says '{said}'", row.name));
            }
        }
        wrong
    }

    fn meet(&self, way: Way) -> Met {
        match way {
            Way::Authorize => first(&self.shop.authorize_as("shop", SHOP)),
            Way::Run(arguments) => first(&forms::run(&self.shop, arguments)),
            Way::NewSecret => {
                let ours = [("--app", Some("contoso")), ("--tenant", Some(TENANT_ID)), ("--force", Some(""))];
                self.shop.add("shop", &ours).stdin(NEXT_CLIENT_SECRET).finish().code(0);
                first(&self.shop.run(&["--json", "test", "shop"]).finish())
            }
            Way::ExplainPage => {
                let person = Person::SignsInAs(SHOP.to_owned());
                let page = browser::obtain_redirect(&self.authorization_url, self.shop.sandbox().ca_file(), &person);
                let page = page.expect_err("the sign-in page should have refused").to_string();
                let explained = self.shop.run(&["--json", "explain"]).stdin(&page).finish().json();
                let first = &explained["explanations"][0];
                Met { code: text(&first["code"]), said: text(&first["server_said"]) }
            }
        }
    }
}

/// What a command says is to be done first.
struct Met {
    code: String,
    /// The server's words beside it.
    said: String,
}

/// The one thing that is to be done first.
fn first(finished: &Finished) -> Met {
    let document = finished.json();
    let report = &document["reports"][0];
    let checks = report["checks"].as_array().cloned().unwrap_or_default();
    let of_a_check = checks.into_iter().map(|check| check["finding"].clone()).find(Value::is_object);
    let of_the_command = Some(document["error"].clone()).filter(Value::is_object);
    let verdict = Some(report["verdict"].clone()).filter(Value::is_object);
    let verdict = verdict.or(of_a_check).or(of_the_command).unwrap_or_default();
    Met { code: text(&verdict["code"]), said: text(&verdict["server_said"]) }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("nothing").to_owned()
}

/// The server's words that must be beside the finding: what was said is half of what an administrator needs.
fn words(fault: Fault) -> Option<String> {
    match fault {
        Fault::OAuth(refusal) => Some(refusal.words()),
        Fault::Mail(words) => Some(words.spoken("").lines().next()?.trim_start_matches("* ").trim().to_owned()),
        _ => None,
    }
}

#[test]
fn each_fault_is_named_first_by_the_finding_of_its_row() {
    let rows = Mutex::new(Fault::rows());
    let wrong = Mutex::new(Vec::new());
    let practised = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let practice = Practice::new();
                loop {
                    let Some(row) = rows.lock().unwrap().next() else { break };
                    let of_row = practice.practise(row);
                    wrong.lock().unwrap().extend(of_row);
                    *practised.lock().unwrap() += usize::from(!ways(row).is_empty());
                }
                // A fault is the tenant's doing; nothing that the client does in return may surprise it.
                practice.shop.insist_on_manners();
            });
        }
    });
    let (wrong, practised) = (wrong.into_inner().unwrap(), practised.into_inner().unwrap());
    assert!(wrong.is_empty(), "{} of {practised} faults: {wrong:#?}", wrong.len());
    assert!(practised >= 120, "only {practised} faults were practised");
}

#[test]
fn every_fault_has_a_name_of_its_own_and_claims_no_more_than_the_catalogue() {
    use mailgrant::diagnosis::catalogue::{Evidence, entry};
    use mailgrant::report::FindingCode;

    let mut names = std::collections::BTreeSet::new();
    for row in Fault::rows() {
        assert!(names.insert(row.name), "{} is listed twice", row.name);
        assert!(row.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit()));
        // What several checks mean together is our own inference, whatever the words were.
        let code = FindingCode::find(row.finding);
        let Some(entry) = code.and_then(entry).filter(|entry| !entry.judged) else {
            continue;
        };
        let words_are_played = matches!(row.fault, Fault::OAuth(_) | Fault::Mail(_));
        assert!(!words_are_played || row.wording != Wording::Seen, "{}: that was not seen", row.name);
        if entry.evidence != Evidence::Documented {
            assert_ne!(row.wording, Wording::Documented, "{}: the catalogue knows no document", row.name);
        }
    }
}

#[test]
fn a_fault_with_a_time_heals_by_itself_and_several_are_on_together() {
    let practice = Practice::new();
    let sandbox = practice.shop.sandbox();
    sandbox.switch_on(Fault::named("smtp-auth-off-tenant"));
    sandbox.switch_on_for(Fault::named("secret-removed"), Duration::from_secs(3_600));
    assert_eq!(first(&practice.shop.json(&["test", "shop"], 1)).code, "secret-removed");
    sandbox.switch_on_for(Fault::named("secret-removed"), Duration::from_millis(700));
    // Only after that is the other heard; a program that waits for a secret to be known everywhere waits like this.
    let started = std::time::Instant::now();
    let healed = loop {
        let found = first(&practice.shop.json(&["test", "shop"], 1)).code;
        if found != "secret-removed" || started.elapsed() > Duration::from_secs(60) {
            break found;
        }
    };
    assert_eq!(healed, "exo-smtp-auth-disabled-tenant");
    practice.shop.json(&["test-mailbox", "shop"], 0);
    sandbox.switch_off(Fault::named("smtp-auth-off-tenant"));
    practice.shop.json(&["test", "shop"], 0);
    practice.shop.insist_on_manners();
}
