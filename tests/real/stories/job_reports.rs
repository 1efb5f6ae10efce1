//! The reports of jobs, as the libraries read them that CI systems and their tools are made of.

use std::collections::BTreeSet;
use std::fs;

use practice_tenant::faults::Fault;
use serde_json::{Value, json};

use crate::libraries::Libraries;

/// What both forms say of the mailbox whose SMTP is off.
fn reports(libraries: &Libraries) -> Value {
    let shop = &libraries.fixture;
    shop.run(&["test", "shop", "--report", "junit=mail.xml", "--report", "tap=mail.tap"]).finish();
    let file = |name: &str| shop.path().join(name);
    libraries.python("job_reports.py", &json!({ "junit": file("mail.xml"), "tap": file("mail.tap") }))
}

#[test]
fn junit_and_tap_are_read_by_others_with_every_check_and_every_word() {
    let Some(libraries) = Libraries::start() else { return };
    let shop = &libraries.fixture;
    shop.run(&["new-vault-key"]).finish().code(0);
    shop.add("shop", &[]).finish().code(0);
    shop.authorize_as("shop", practice_tenant::world::SHOP).code(0);
    let well = reports(&libraries);
    assert_eq!((&well["junit"]["failures"], &well["junit"]["errors"]), (&json!(0), &json!(0)), "{well}");
    assert_eq!(well["tap"]["failed"], json!([]), "{well}");
    assert!(well["junit"]["cases"].as_array().is_some_and(|cases| cases.len() > 10), "{well}");
    assert!(well["tap"]["passed"].as_u64().is_some_and(|passed| passed > 9), "{well}");

    shop.sandbox().switch_on(Fault::named("smtp-auth-off-tenant"));
    let refused = reports(&libraries);
    let failure = &refused["junit"]["failed"][0];
    assert_eq!(failure["type"], "exo-smtp-auth-disabled-tenant", "{refused}");
    assert!(failure["class"] == "mailgrant.shop.smtp" && failure["text"].to_string().contains("Set-TransportConfig"));
    assert_eq!(refused["tap"]["codes"], json!(["exo-smtp-auth-disabled-tenant"]), "{refused}");
    jenkins_and_gitlab_take(&fs::read_to_string(shop.path().join("mail.xml")).expect("it was written"), &refused);
}

/// What Jenkins' schema and GitLab's parser insist on.
fn jenkins_and_gitlab_take(xml: &str, read: &Value) {
    // junit-10.xsd of Jenkins' xUnit plugin: the root has no `skipped`, and nothing has `skips`.
    let root = xml.lines().find(|line| line.starts_with("<testsuites ")).unwrap_or_default();
    assert!(!root.is_empty() && !root.contains("skipped") && !xml.contains("skips="), "{root}");
    // GitLab drops a case whose class and name another one has, and a file of more than 30 MB.
    let cases: Vec<String> = read["junit"]["cases"].as_array().into_iter().flatten().map(Value::to_string).collect();
    assert_eq!(cases.iter().collect::<BTreeSet<_>>().len(), cases.len(), "{cases:?}");
    assert!(xml.len() < 1_000_000);
}
