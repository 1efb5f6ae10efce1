use super::*;
use crate::config::parse;

const ID: &str = "aaaaaaaa-2222-3333-4444-555555555555";

fn read(source: &str) -> Result<Wanted, Vec<ConfigError>> {
    Wanted::read("list".as_ref(), source, &Profile::default())
}

/// What is wrong with `source`, an error a line.
fn wrong(source: &str) -> Vec<String> {
    let errors = read(source).expect_err("it is refused");
    errors.iter().map(|error| error.to_string().replace("\n ", " ")).collect()
}

/// The file as the profile would have it.
fn written(source: &str) -> String {
    let wanted = read(source).unwrap_or_else(|errors| panic!("{errors:?}"));
    let apps = wanted.apps.iter().map(|item| format!("{}: {}\n", item.name, item.over(None).to_table()));
    let mailboxes = wanted.mailboxes.iter().map(|item| format!("{}: {}\n", item.name, item.over(None).to_table()));
    apps.chain(mailboxes).collect()
}

const TOML: &str = r#"
[apps.shop]
provider = "microsoft365"
tenant = "contoso.example"
client_id = "11111111-2222-3333-4444-555555555555"
scopes = ["one", "two"]

[mailboxes.sales]
app = "shop"
address = "sales@contoso.example"
incoming = { protocol = "imap", host = "mail.contoso.example", port = 993 }
enabled = false
"#;

const JSON: &str = r#"{
  "apps": {"shop": {"provider": "microsoft365", "tenant": "contoso.example", "cloud": null,
    "client_id": "11111111-2222-3333-4444-555555555555", "scopes": ["one", "two"]}},
  "mailboxes": {"sales": {"app": "shop", "address": "s\u0061les@contoso.example", "enabled": false,
    "incoming": {"protocol": "imap", "host": "mail.contoso.example", "port": 993}}}
}"#;

#[test]
fn the_three_forms_say_the_same() {
    let header = "name,app,address,incoming,incoming_host,incoming-port,enabled,provider,Tenant,client id,scopes";
    let row = "sales,shop,sales@contoso.example,imap,mail.contoso.example,\"993\",FALSE,microsoft365,contoso.example,\
               11111111-2222-3333-4444-555555555555,\"one two\"";
    let csv = format!("{header}\n{row}\n");
    for source in [
        JSON.to_owned(),
        csv.clone(),
        format!("\u{feff}{csv}"),
        csv.replace('\n', "\r\n"),
        csv.replace(',', ";"),
        csv.replace(',', "\t"),
        format!("\n{csv}\n,,,,,,,,,,\n"),
        csv.trim_end().to_owned(),
    ] {
        assert_eq!(written(&source), written(TOML), "{source}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_with_its_place() {
    let told = wrong(&TOML.replace("tenant", "tenent").replace("incoming", "incomming"));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("list:4:1: unknown key 'tenent'") && told[0].contains("did you mean tenant?"),
        "{told:?}"
    );
    assert!(told[1].starts_with("list:11:1:") && told[1].contains("did you mean incoming?"), "{told:?}");

    let told = wrong(&JSON.replace("tenant", "tenent").replace("993", "\"imaps\""));
    assert!(told[0].starts_with("list:2:49: unknown key 'tenent'"), "{told:?}");
    assert!(told[1].starts_with("list:5:78: port: this is of type string"), "{told:?}");

    let told = wrong("address;adress;incomming\na@x.org;b@x.org;imap\n");
    assert!(
        told[0].starts_with("list:1:9: unknown key 'adress'") && told[0].contains("did you mean address?"),
        "{told:?}"
    );
    assert!(told[1].starts_with("list:1:16: unknown key 'incomming'"), "{told:?}");
    let told =
        wrong("name,address,incoming,incoming_port\none,a@x.org,imap,x\ntwo,b@x.org,imap,,\nthree,c@x.org,imap4,\n");
    let starts = ["list:2:18: port:", "list:3:1: this row has 5 cells, and the header 4", "list:4:15: protocol:"];
    for start in starts {
        assert!(told.iter().any(|told| told.starts_with(start)), "{start}: {told:#?}");
    }
}

#[test]
fn what_is_not_the_form_is_told_with_its_place() {
    for (source, start) in [
        ("{\"apps\": {\n  \"shop\": nonsense}}", "list:2:1"),
        ("{\"apps\": {}, \"apps\": {}}", "list:1:14: 'apps' is here twice"),
        ("[apps.shop\n", "list:1:"),
        ("name,address\n\"one,a@x.org\n", "list:2:1: a quote begins here"),
        ("name,address\n\"one\"two,a@x.org\n", "list:2:6: there is text behind"),
        ("name,mailbox\none,two\n", "list:1:6: another column says the same"),
        ("name,address\n,\n,b\n", "list:3:2: address:"),
        ("name,app\n ,shop\n", "list:2:1: this row has neither a name nor an address"),
        ("", "list:1:1: this names neither"),
        ("[secrets]\nstore = \"vault\"\n", "list:1:2: secrets: apply changes no store"),
    ] {
        let told = wrong(source);
        assert!(told[0].starts_with(start), "{start}: {told:?}");
    }
}

#[test]
fn a_secret_in_the_file_is_refused_and_never_shown() {
    for source in [
        format!("[apps.shop]\nclient_id = \"{ID}\"\nclient_secret = \"CANARY\"\n"),
        "{\"apps\": {\"shop\": {\"client_secret\": \"CANARY\"}}}".to_owned(),
        "name,client-secret\nshop,CANARY\n".to_owned(),
        "{\"apps\": {\"shop\": {\"credential\": \"CANARY\"}}}".to_owned(),
        "name,credential\nshop,CANARY\n".to_owned(),
        "{\"apps\": {\"shop\": {\"access\": \"CANARY\", }}".to_owned(),
    ] {
        let told = wrong(&source).join("\n");
        assert!(!told.contains("CANARY"), "{told}");
        assert!(!source.contains("secret") || told.contains("--secret-env APP=VAR"), "{told}");
    }
}

#[test]
fn rows_of_one_client_id_have_one_app() {
    let csv = format!(
        "address,provider,tenant,client_id\na@x.org,microsoft365,t.example,{ID}\nb@x.org,microsoft365,t.example,{}\n\
         a@y.org,google,,other\n",
        ID.to_uppercase()
    );
    let names = |wanted: &Wanted| {
        let apps = wanted.mailboxes.iter().filter_map(|item| item.file.app.as_ref().map(|app| app.get_ref().clone()));
        (wanted.mailboxes.iter().map(|item| item.name.to_string()).collect::<Vec<_>>(), apps.collect::<Vec<_>>())
    };
    // One that spells the ID otherwise has the same app, and another tenant is another value of it.
    let other = csv.replacen("t.example", "u.example", 1);
    assert!(wrong(&other)[0].starts_with("list:3:22: app 'a' has another tenant"), "{:?}", wrong(&other));
    let (mailboxes, apps) = names(&read(&csv).unwrap());
    assert_eq!(
        (mailboxes, apps),
        (vec!["a".into(), "b".into(), "a-y.org".into()], vec!["a".into(), "a".into(), "a-y.org".into()])
    );
    // An app of the profile that has the ID is used.
    let profile = format!(
        "[apps.known]\nprovider = \"microsoft365\"\ntenant = \"t.example\"\nclient_id = \"{ID}\"\n\
         [mailboxes.first]\napp = \"known\"\naddress = \"A@x.org\"\nincoming = {{ protocol = \"imap\" }}\n"
    );
    let profile = parse("config.toml".as_ref(), &profile).unwrap();
    let (mailboxes, apps) = names(&Wanted::read("list".as_ref(), &csv, &profile).unwrap());
    assert_eq!(
        (mailboxes, apps),
        (vec!["first".into(), "b".into(), "a".into()], vec!["known".into(), "known".into(), "a".into()])
    );
}

#[test]
fn settings_that_one_kind_of_credential_has_tell_the_kind() {
    for (columns, values, kind) in [
        ("certificate,key_file", "app.pem,app.key", "certificate"),
        ("federated_source", "github", "federated"),
        ("service_account_account,federated_source", "a@b.iam.gserviceaccount.com,github", "service-account"),
        ("federated_source,service_account", "github,a@b.iam.gserviceaccount.com", "service-account"),
        ("credential,federated_source", "certificate,github", "certificate"),
    ] {
        let said = written(&format!("address,provider,client_id,{columns}\na@x.org,google,{ID},{values}\n"));
        assert!(said.contains(&format!("credential = \"{kind}\"")), "{columns}: {said}");
    }
}

#[test]
fn what_the_file_does_not_say_stays_and_another_protocol_takes_no_server_over() {
    let old: MailboxFile = {
        let wanted = read(TOML).unwrap();
        wanted.mailboxes[0].over(None)
    };
    let merged = |source: &str| read(source).unwrap().mailboxes[0].over(Some(old.clone())).to_table().to_string();
    let same = merged("name,incoming\nsales,imap\n");
    assert!(same.contains("mail.contoso.example") && same.contains("enabled = false"), "{same}");
    let other = merged("name,incoming,outgoing\nsales,pop3,smtp\n");
    assert!(other.contains("pop3") && !other.contains("mail.contoso.example") && other.contains("smtp"), "{other}");
    let none = merged("name,incoming,outgoing\nsales,none,smtp\n");
    assert!(!none.contains("incoming"), "{none}");
}
