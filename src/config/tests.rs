use std::path::Path;

use super::*;
use crate::profile::{Channel, Credential, EndpointSource, Name, Protocol, Side};

const GOOD: &str = r#"
[apps.contoso]
provider = "microsoft365"
tenant = "contoso.onmicrosoft.com"
client_id = "11111111-2222-3333-4444-555555555555"
secret_expires = 2027-05-20

[mailboxes.shop]
app = "contoso"
address = "shop@contoso.com"
incoming = { protocol = "imap" }
outgoing = { protocol = "smtp" }
"#;

fn wrong(source: &str) -> String {
    parse(Path::new("config.toml"), source).expect_err(source).to_string()
}

#[test]
fn what_a_credential_must_be_told_is_a_table_of_the_apps() {
    let told: Vec<&str> = Credential::ALL.into_iter().filter_map(Credential::settings).collect();
    assert_eq!(file::CREDENTIALS.map(|(table, _)| table).to_vec(), told);
}

#[test]
fn where_a_credential_lets_no_app_in_the_ones_that_do_are_named() {
    let text = GOOD.replace("tenant = \"contoso.onmicrosoft.com\"", "access = \"app\"");
    for (provider, instead) in [
        ("google", "write credential = \"service-account\", or access = \"user\""),
        ("outlook", "write access = \"user\", or remove it"),
    ] {
        let said = wrong(&text.replace("microsoft365", provider));
        assert!(said.contains(instead), "{said}");
    }
}

#[test]
fn presets_fill_what_the_profile_leaves_out() {
    let profile = parse(Path::new("config.toml"), GOOD).unwrap();
    let mailbox = &profile.mailboxes[&"shop".parse::<Name>().unwrap()];
    let incoming = mailbox.incoming.as_ref().unwrap();
    assert_eq!(incoming.endpoint.to_string(), "outlook.office365.com:993 (implicit TLS)");
    assert_eq!(mailbox.outgoing.as_ref().unwrap().endpoint.to_string(), "smtp.office365.com:587 (STARTTLS)");
    let EndpointSource::Known { token, .. } = &profile.app_of(mailbox).sign_in else {
        panic!("Microsoft's endpoints are known")
    };
    assert_eq!(token.to_string(), "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token");
}

#[test]
fn a_cloud_moves_sign_in_mail_hosts_and_scopes_together() {
    let profile = parse(Path::new("c"), &GOOD.replace("tenant =", "cloud = \"gcc-high\"\ntenant =")).unwrap();
    let mailbox = profile.mailboxes.values().next().unwrap();
    let app = profile.app_of(mailbox);
    let EndpointSource::Known { token, device_authorization, .. } = &app.sign_in else {
        panic!("Microsoft's are known")
    };
    assert!(token.to_string().contains("microsoftonline.us"));
    let device = device_authorization.as_ref().unwrap().to_string();
    assert!(device.contains("microsoftonline.us") && device.ends_with("/oauth2/v2.0/devicecode"), "{device}");
    assert!(mailbox.incoming.as_ref().unwrap().endpoint.host().ends_with("office365.us"));
    assert!(
        app.scopes.of(Channel::own(Protocol::Imap, Side::Incoming))[0]
            .as_str()
            .starts_with("https://outlook.office365.us/")
    );
}

#[test]
fn an_unknown_key_is_refused_with_its_line_and_the_nearest_known_key() {
    let message = wrong(&GOOD.replace("client_id", "clientid"));
    assert!(message.contains("config.toml:5:1"), "{message}");
    assert!(message.contains("did you mean client_id?"), "{message}");
}

#[test]
fn a_message_holds_nothing_that_a_terminal_obeys_whatever_is_in_the_file() {
    // Found by fuzzing: the TOML library quotes values as they are.
    for value in ["imap4\\u001b[2J", "imap\\u202e", "imap\\u0000\\n", "imap\\u009b"] {
        let message = wrong(&GOOD.replace("\"imap\"", &format!("\"{value}\"")));
        let problem = message.lines().next().unwrap();
        assert!(problem.contains("\\u{") || problem.contains("\\x"), "{message}");
        assert!(!message.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{message:?}");
    }
    let message = wrong(&GOOD.replace("tenant = \"contoso", "tenant = 7 # \u{202e}"));
    assert!(message.contains("tenant = 7") && !message.contains('\u{202e}'), "{message:?}");
}

#[test]
fn a_secret_in_the_file_is_refused_and_never_shown() {
    for line in
        ["client_secret = \"canary-7Q\"", "secret = 'canary-7Q'", "password = canary-7Q", "refresh_token = \"canary-7Q"]
    {
        let message = wrong(&GOOD.replace("secret_expires = 2027-05-20", line));
        assert!(!message.contains("canary"), "{message}");
        assert!(message.contains("config.toml:6"), "{message}");
    }
    let message = wrong(&GOOD.replace("secret_expires = 2027-05-20", "client_secret = \"canary-7Q\""));
    assert!(message.contains("this file never holds secrets"), "{message}");
}

#[test]
fn no_form_of_a_pasted_secret_is_shown() {
    const CLIENT: &str = "client_id = \"11111111-2222-3333-4444-555555555555\"";
    for (from, to) in [
        ("[apps.contoso]", "[apps]\ncontoso = { provider = \"microsoft365\", client_secret = \"CANARY\" }\n[x]"),
        ("[apps.contoso]", "[apps]\nfabrikam.client_secret = \"CANARY\"\n[apps.contoso]"),
        ("[apps.contoso]", "[apps]\nfabrikam = \"CANARY\"\n[apps.contoso]"),
        ("[apps.contoso]", "apps = \"CANARY\"\n[x]"),
        (CLIENT, "credential = \"CANARY\""),
        (CLIENT, "credential = [\"CANARY\"]"),
        (CLIENT, "credential = \"CANARY, expected CANARY\""),
        (CLIENT, "client_secret = \"\"\"\nCANARY\\q\n\"\"\""),
        (CLIENT, "client_secret = \"\"\"\nissuer = CANARY\\q\n\"\"\""),
        (CLIENT, "client_id = { client_secret = \"CANARY\" }"),
        (CLIENT, "client_id = \"a\", client_secret = \"CANARY\""),
        ("incoming = { protocol = \"imap\" }", "incoming = { protocol = \"imap\", password = \"CANARY\" }"),
        ("incoming = { protocol = \"imap\" }", "incoming = { protocol = \"CANARY-a-secret-in-a-wrong-place\" }"),
        ("2027-05-20", "\"CANARY-a-secret-in-a-wrong-place\""),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let message = wrong(&GOOD.replace(from, to));
        assert!(!message.contains("CANARY"), "{to}: {message}");
        assert!(message.starts_with("config.toml:"), "{message}");
    }
    let message = wrong(&GOOD.replace(CLIENT, "credential = \"CANARY\""));
    assert!(message.contains("neither \"secret\"") && message.contains("rotate-secret"), "{message}");
}

#[test]
fn wrong_values_are_refused_with_what_to_write() {
    for (from, to, expected) in [
        ("\"11111111-2222-3333-4444-555555555555\"", "\"YOUR_CLIENT_ID\"", "placeholder"),
        ("\"11111111-2222-3333-4444-555555555555\"", "5", "expected a string"),
        ("\"shop@contoso.com\"", "\"shop\"", "has no @"),
        ("\"shop@contoso.com\"", "\"shop@conto\\u0007so.com\"", "U+0007"),
        ("2027-05-20", "\"soon\"", "not a date"),
        ("\"microsoft365\"", "\"exchange\"", "microsoft365"),
        ("protocol = \"imap\"", "protocol = \"smtp\"", "`smtp`, expected `imap` or `pop3`"),
        ("protocol = \"imap\"", "protocol = \"imap\", port = 99999", "99999"),
        ("protocol = \"imap\"", "protocol = \"imap\", port = 0", "port 0"),
        ("protocol = \"imap\"", "protocol = \"imap\", host = \"imap.example.org:993\"", "port = 993"),
        ("app = \"contoso\"", "app = \"contso\"", "no [apps.contso]"),
        ("tenant = \"contoso.onmicrosoft.com\"", "", "tenant is missing"),
        ("tenant =", "issuer = \"https://x.example\"\ntenant =", "provider oidc only"),
    ] {
        let message = wrong(&GOOD.replace(from, to));
        assert!(message.contains(expected), "{to}: {message}");
        assert!(message.starts_with("config.toml:"), "{message}");
    }
}

#[test]
fn every_control_character_is_refused_in_every_field_and_not_repeated() {
    const FULL: &str = r#"
[apps.contoso]
provider = "microsoft365"
tenant = "contoso@TENANT@.onmicrosoft.com"
authority = "https://login.example/@AUTHORITY@"
client_id = "11111111-2222@CLIENT@-3333-4444-555555555555"
redirect_uri = "http://localhost/@REDIRECT@cb"
scopes = ["mail@SCOPE@.read"]

[apps.other]
provider = "oidc"
issuer = "https://id.example/@ISSUER@realm"
client_id = "abc"
scopes = { imap = ["mail@SCOPES@.read"], smtp = ["x"] }

[mailboxes.shop]
app = "contoso"
address = "sh@LOCAL@op@con@DOMAIN@toso.com"
sign_in_as = "al@SIGNER@ice@contoso.com"
incoming = { protocol = "imap", host = "imap@IN@.contoso.com" }
outgoing = { protocol = "smtp", host = "smtp@OUT@.contoso.com" }
"#;
    const FIELDS: [&str; 12] = [
        "TENANT",
        "AUTHORITY",
        "CLIENT",
        "REDIRECT",
        "SCOPE",
        "ISSUER",
        "SCOPES",
        "LOCAL",
        "DOMAIN",
        "SIGNER",
        "IN",
        "OUT",
    ];
    let only = |field: &str, text: &str| {
        let put =
            |source: String, name: &&str| source.replace(&format!("@{name}@"), if *name == field { text } else { "" });
        FIELDS.iter().fold(FULL.to_owned(), put)
    };
    parse(Path::new("c"), &only("none", "")).unwrap();
    for code in (0..0x20).chain(0x7f..0xa0).chain([0x61c, 0x200b, 0x200f, 0x202e, 0x2028, 0x2066, 0xfeff]) {
        let c = char::from_u32(code).unwrap();
        for field in FIELDS {
            let message = wrong(&only(field, &format!("\\u{code:04x}")));
            assert!(
                message.contains(&format!("U+{code:04X}")) && !message.replace('\n', "").contains(c),
                "{field}: {message}"
            );
        }
        for key in ["apps.contoso", "mailboxes.shop"] {
            let source =
                only("none", "").replace(&format!("[{key}]"), &format!("[{}\\u{code:04x}\"]", key.replace('.', ".\"")));
            let message = wrong(&source);
            assert!(!message.replace('\n', "").contains(c), "{key}: {message:?}");
        }
        validate_client_secret(&format!("practice{c}value.of_40.characters-long")).unwrap_err();
    }
}

#[test]
fn a_secret_may_hold_every_character_of_the_standard() {
    // RFC 6749 appendix A.2: VSCHAR.
    let all: String = (' '..='~').collect();
    for good in [all.as_str(), "two words", " ", "xxxx", "geheim-ü"] {
        validate_client_secret(good).unwrap_or_else(|invalid| panic!("{good:?}: {invalid}"));
    }
    for bad in ["", "line\nbreak", "tab\tstop", "hidden\u{200b}", "no\u{a0}break", &"x".repeat(4097)] {
        validate_client_secret(bad).unwrap_err();
    }
}

#[test]
fn a_name_for_ehlo_is_a_host_name_and_belongs_to_smtp() {
    let with = |side: &str, value: &str| {
        let service = format!("protocol = \"{side}\", ehlo_name = \"{value}\"");
        GOOD.replace(&format!("protocol = \"{side}\""), &service)
    };
    let profile = parse(Path::new("c"), &with("smtp", "pc.example.org")).unwrap();
    let mailbox = profile.mailboxes.values().next().unwrap();
    let server = mailbox.outgoing.as_ref().unwrap().endpoint.server().unwrap();
    assert_eq!(server.ehlo_name.as_ref().unwrap().as_str(), "pc.example.org");
    assert_eq!(server.to_string(), "smtp.office365.com:587 (STARTTLS)", "the preset's server all the same");
    let message = wrong(&with("imap", "pc.example.org"));
    assert!(message.contains("ehlo_name") && message.contains("IMAP"), "{message}");
    wrong(&with("smtp", "not a name"));
    wrong(&with("smtp", ""));
}

#[test]
fn the_example_profile_is_one() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.toml"));
    let profile = load(path).unwrap();
    assert_eq!(profile.mailboxes.len(), 6);
    // Every key of the format is explained in it, as a value or in a comment.
    let text = std::fs::read_to_string(path).unwrap();
    for key in [
        "store",
        "vault_file",
        "key_file",
        "provider",
        "cloud",
        "tenant",
        "authority",
        "api_url",
        "issuer",
        "scopes",
        "client_id",
        "object_id",
        "credential",
        "secret_expires",
        "redirect_uri",
        "ca_file",
        "app",
        "address",
        "sign_in_as",
        "access",
        "certificate",
        "key_file",
        "algorithm",
        "federated",
        "source",
        "audience",
        "variable",
        "command",
        "identity",
        "service_connection",
        "service_account",
        "external_account",
        "incoming",
        "outgoing",
        "enabled",
        "protocol",
        "host",
        "port",
        "tls",
        "ehlo_name",
    ] {
        assert!(text.contains(&format!("{key} =")), "{key} is not explained");
    }
}
