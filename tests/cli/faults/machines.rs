//! Mailboxes that no person signs in for, one for each way in which an app can prove itself.

use std::fs;

use crate::sandbox::google::UNIQUE_ID;
use crate::sandbox::world::{AppOnly, FederatedCredential, SHOP};
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

/// The audience of the tokens that prove an app at Microsoft.
const TOKEN_EXCHANGE: &str = "api://AzureADTokenExchange";

/// The mailboxes, and the settings of their apps, in place of a client secret.
const PROOFS: [(&str, &str); 3] = [
    ("signed", "credential = \"certificate\"\ncertificate = { file = \"signed.pem\" }"),
    ("job", "credential = \"federated\"\nfederated = { source = \"github\" }"),
    ("machine", "credential = \"federated\"\nfederated = { source = \"managed-identity\" }"),
];

/// What a job and a machine find in their environment.
pub(super) fn prepare(shop: &mut Fixture) {
    let runner = shop.sandbox().runner();
    let (endpoint, header) = shop.sandbox().app_service();
    for (name, value) in [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", runner.request_url),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", runner.request_token),
        ("IDENTITY_ENDPOINT", endpoint),
        ("IDENTITY_HEADER", header),
    ] {
        shop.set(name, value);
    }
}

/// Sets the tenant up for them, and puts them into the profile; `add` adds one by its name and that of its app.
pub(super) fn add(shop: &Fixture, add: &dyn Fn(&str, &str)) {
    let sandbox = shop.sandbox();
    sandbox.set_up_app_only(AppOnly::for_mailboxes(&[SHOP]));
    let made = shop.run(&["--json", "new-certificate", "signed"]).finish().code(0);
    sandbox.upload_certificate("signed", &fs::read_to_string(fact(&made, "certificate_file")).unwrap());
    let [identity] = sandbox.identities().try_into().expect("there is one");
    let runner = sandbox.runner();
    for (issuer, subject) in [(runner.issuer, runner.subject), (sandbox.identity_issuer(), identity.principal_id)] {
        let (name, audience) = (subject.clone(), TOKEN_EXCHANGE.to_owned());
        sandbox.trust(FederatedCredential { name, issuer, subject, audience });
    }
    add("alone", "alone");
    PROOFS.iter().for_each(|(name, _)| add(name, name));
    let mut profile = fs::read_to_string(shop.config()).unwrap();
    profile = profile.replace("[apps.alone]\n", "[apps.alone]\naccess = \"app\"\n");
    for (name, proof) in PROOFS {
        profile = profile.replace(&format!("[apps.{name}]\n"), &format!("[apps.{name}]\naccess = \"app\"\n{proof}\n"));
    }
    shop.write_config(&format!("{profile}{}", of_google(shop)));
    let key = shop.path().join("robot.json");
    fs::write(&key, sandbox.service_account_key().expect("RSA keys are made here").to_string()).unwrap();
    shop.json(&["add", "robot", "--secret-file", &key.display().to_string()], 0);
    // What it stores is there before the first fault, and stale.
    for name in PROOFS.map(|(name, _)| name).into_iter().chain(["alone"]) {
        shop.json(&["test", name], 0);
    }
    for name in ["robot", "keyless"] {
        shop.json(&["test-mailbox", name], 0);
    }
}

/// The mailboxes at Google: with a service account's key, and with a token of a cluster in its place.
fn of_google(shop: &Fixture) -> String {
    let sandbox = shop.sandbox();
    let scopes = ["metadata", "send"].map(|name| format!("https://www.googleapis.com/auth/gmail.{name}"));
    sandbox.delegate(&scopes.each_ref().map(String::as_str));
    let pod = "system:serviceaccount:mail:checker";
    sandbox.trust_at_google(&sandbox.outside_issuer("kubernetes"), pod);
    let token = shop.path().join("subject-token");
    fs::write(&token, sandbox.outside_token("kubernetes", pod, &sandbox.google_audience(), 3_600)).unwrap();
    let external = shop.path().join("external-account.json");
    fs::write(&external, sandbox.external_account(&token).to_string()).unwrap();
    let (google, external) = (format!("{}/google", sandbox.authority()), external.display());
    let urls = format!("token_url = \"{google}/token\"");
    let section = |name: &str, settings: &str| {
        format!(
            "\n[apps.{name}]\nprovider = \"google\"\nclient_id = \"{UNIQUE_ID}\"\ncredential = \"service-account\"\n\
             api_url = \"{}\"\nca_file = \"{}\"\nservice_account = {{ {settings} }}\n\
             [mailboxes.{name}]\napp = \"{name}\"\naddress = \"{SHOP}\"\n\
             incoming = {{ protocol = \"gmail\" }}\noutgoing = {{ protocol = \"gmail\" }}\n",
            sandbox.api_base(),
            shop.ca_file()
        )
    };
    let keyless = format!(
        "{urls}, external_account = \"{external}\", token_exchange_url = \"{google}/v1/token\", signer_url = \"{google}\""
    );
    format!("{}{}", section("robot", &urls), section("keyless", &keyless))
}
