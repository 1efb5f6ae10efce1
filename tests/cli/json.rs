//! The JSON that programs read: its schema, the layout of before, and values beside the words.

use std::path::Path;

use crate::sandbox::faults::Fault;
use crate::support::finished::SCHEMA;
use crate::support::fixture::Fixture;

#[test]
fn the_schema_in_docs_is_what_the_program_prints() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mailgrant.schema.json");
    let printed = Fixture::new().run(&["schema"]).finish().code(0).stdout;
    if std::env::var_os("MAILGRANT_UPDATE_SCHEMA").is_some() {
        std::fs::write(&file, &printed).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == printed, "it has changed: MAILGRANT_UPDATE_SCHEMA=1 cargo test --test cli json:: takes it again");
}

#[test]
fn the_schema_refuses_what_the_program_never_prints() {
    let document = Fixture::added().json(&["status"], 4).json();
    assert!(SCHEMA.is_valid(&document), "{document}");
    let wrong = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut document = document.clone();
        change(&mut document);
        assert!(!SCHEMA.is_valid(&document), "{document}");
    };
    wrong(&|document| document["schema"] = 1.into());
    wrong(&|document| document["ok"] = "no".into());
    wrong(&|document| document["time"] = "yesterday".into());
    wrong(&|document| document["reports"][0]["kind"] = "letterbox".into());
    wrong(&|document| document["reports"][0]["values"]["state"] = "perhaps".into());
    wrong(&|document| document["reports"][0]["verdict"]["fix"][0]["kind"] = "magic".into());
    wrong(&|document| _ = document.as_object_mut().unwrap().remove("summary"));
    wrong(&|document| document["more"] = true.into());
}

#[test]
fn the_layout_of_before_is_printed_where_it_is_asked_for() {
    let shop = Fixture::authorized();
    let before = shop.run(&["--json=1", "test", "shop"]).finish().code(0).json();
    assert_eq!(before["schema"], 1);
    assert_eq!(before["reports"][0]["mailbox"], "shop");
    assert!(before.get("summary").is_none() && before["reports"][0].get("kind").is_none(), "{before}");
    let token = shop.run(&["--json=1", "token", "shop"]).finish().code(0).json();
    assert!(token["expires"].is_string() && token["access_token"].is_string());
    let wrong = shop.run(&["--json=1", "test", "--nonsense"]).finish().code(2).json();
    assert_eq!(wrong["schema"], 1);
    assert!(wrong["error"]["fix"][0].is_string(), "{wrong}");
    shop.run(&["--json=3", "test", "shop"]).finish().code(2);
}

#[test]
fn a_document_counts_what_it_holds_and_says_the_exit_code() {
    let shop = Fixture::authorized();
    let well = shop.json(&["test", "shop"], 0).json();
    assert_eq!((&well["ok"], &well["exit_code"]), (&true.into(), &0.into()));
    assert_eq!(well["summary"]["reports"], serde_json::json!({"total": 1, "ok": 1, "failed": 0}));
    let checks = well["reports"][0]["checks"].as_array().unwrap().len();
    assert_eq!(well["summary"]["checks"]["passed"], checks);
    assert_eq!(well["version"], env!("CARGO_PKG_VERSION"));
    shop.sandbox().switch_on(Fault::named("imap-off"));
    for command in ["test", "test-mailbox"] {
        let ill = shop.json(&[command, "shop"], 1).json();
        let report = &ill["reports"][0];
        assert_eq!((&ill["ok"], &ill["exit_code"], &report["ok"]), (&false.into(), &1.into(), &false.into()));
        assert!(report["verdict"]["code"].is_string(), "{command} has a verdict too: {ill}");
    }
    let wrong = shop.json(&["test", "nosuch"], 3).json();
    assert_eq!(wrong["exit_code"], 3);
    assert!(wrong["error"].is_object() || wrong["reports"][0]["verdict"].is_object(), "{wrong}");
}

#[test]
fn what_is_told_in_words_is_there_as_values() {
    let shop = Fixture::authorized();
    let status = shop.json(&["status"], 0).json();
    let values = &status["reports"][0]["values"];
    assert_eq!((&values["state"], &values["signed_in_as"]), (&"authorized".into(), &"shop@contoso.example".into()));
    assert_eq!(values["client_secret"]["stored"], true);
    assert!(values["scopes"].as_array().unwrap().len() > 1, "{values}");
    let test = shop.json(&["test", "shop"], 0).json();
    let checks = test["reports"][0]["checks"].as_array().unwrap();
    let of = |stage: &str| checks.iter().find(|check| check["stage"] == stage).unwrap();
    assert!(of("dns")["addresses"][0].is_string(), "{test}");
    let tls = &of("tls")["tls"];
    assert!(tls["not_after"].as_str().unwrap().ends_with('Z') && tls["issuer"].is_string(), "{tls}");
    assert!(of("folder")["messages"].is_u64(), "{test}");
    let shown = shop.json(&["show", "shop"], 0).json();
    let incoming = &shown["reports"][0]["values"]["incoming"];
    assert_eq!(
        (&incoming["protocol"], &incoming["host"], &incoming["tls"]),
        (&"imap".into(), &"localhost".into(), &"implicit".into())
    );
    assert!(incoming["port"].is_u64());
}

#[test]
fn a_step_says_how_it_is_done() {
    let shop = Fixture::authorized();
    shop.sandbox().switch_on(Fault::named("smtp-auth-off-mailbox"));
    let verdict = shop.json(&["test", "shop"], 1).json()["reports"][0]["verdict"].clone();
    let steps = verdict["fix"].as_array().unwrap();
    let powershell = steps.iter().find(|step| step["kind"] == "powershell").unwrap_or_else(|| panic!("{verdict}"));
    assert!(powershell["command"].as_str().unwrap().contains("Set-CASMailbox"), "{powershell}");
    assert_eq!(powershell["by"], "exchange-administrator");
    let added = Fixture::new().add("shop", &[]).finish().code(0).json();
    let next = added["next"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&next["kind"], &next["command"]), (&"mailgrant".into(), &"mailgrant authorize shop".into()));
}
