//! Apps without a person: Microsoft's and Google's own libraries at the practice tenant, with the files that
//! `mailgrant` makes and uses. What they are given, `mailgrant` is given too.

use std::collections::BTreeSet;
use std::fs;

use practice_tenant::world::{AppOnly, CONFIDENTIAL_CLIENT, EXCHANGE, FederatedCredential, SHOP, TENANT_ID};
use serde_json::{Value, json};

use crate::libraries::Libraries;
use crate::support::canary::CLIENT_SECRET;

const TOKEN_EXCHANGE: &str = "api://AzureADTokenExchange";
const GMAIL: &str = "https://mail.google.com/";
const POD: &str = "system:serviceaccount:mail:checker";

/// Trusts tokens of this issuer and subject.
fn trust(libraries: &Libraries, issuer: &str, subject: &str) {
    let [name, issuer, subject, audience] = [subject, issuer, subject, TOKEN_EXCHANGE].map(str::to_owned);
    libraries.fixture.sandbox().trust(FederatedCredential { name, issuer, subject, audience });
}

/// The kinds of credential for which a live token came back.
fn kinds(libraries: &Libraries, tokens: &Value) -> BTreeSet<String> {
    let tokens = tokens.as_object().expect("an object of tokens");
    let is_live = |token: &Value| libraries.fixture.sandbox().is_live_access_token(token.as_str().unwrap_or_default());
    tokens.iter().filter(|(_, token)| is_live(token)).map(|(kind, _)| kind.clone()).collect()
}

/// An app's own token by each of these settings of an app: the same files and machines as the libraries'.
fn mailgrant_is_given_them_too(libraries: &Libraries, apps: &[(&str, String)]) {
    let (fixture, sandbox) = (&libraries.fixture, libraries.fixture.sandbox());
    fixture.run(&["new-vault-key"]).finish().code(0);
    for (name, settings) in apps {
        fixture.add(name, &[("--app", Some(name))]).finish().code(0);
        let profile = fs::read_to_string(fixture.config()).unwrap();
        let section = format!("[apps.{name}]\n");
        fixture.write_config(&profile.replace(&section, &format!("{section}access = \"app\"\n{settings}\n")));
        let [token, _] = ["token", "test"].map(|verb| {
            // No machine's own metadata service is asked.
            let run = fixture.run(&[verb, name]).env("AZURE_POD_IDENTITY_AUTHORITY_HOST", &sandbox.metadata_base());
            run.finish().code(0).stdout
        });
        assert!(sandbox.is_live_access_token(token.trim_end()), "{name}");
    }
}

#[test]
fn microsofts_own_libraries_get_an_apps_own_tokens_by_each_credential() {
    let Some(libraries) = Libraries::start() else { return };
    let (fixture, sandbox) = (&libraries.fixture, libraries.fixture.sandbox());
    let both = fixture.path().join("mail.pem");
    fixture.run(&["new-certificate", "--out", &both.display().to_string()]).finish().code(0);
    let certificate = both.with_extension("crt");
    sandbox.upload_certificate("mail", &fs::read_to_string(&certificate).unwrap());
    let issuer = sandbox.outside_issuer("kubernetes");
    let token_file = fixture.path().join("token");
    fs::write(&token_file, sandbox.outside_token("kubernetes", POD, TOKEN_EXCHANGE, 600)).unwrap();
    let [identity] = sandbox.identities().try_into().expect("there is one");
    trust(&libraries, &issuer, POD);
    trust(&libraries, &sandbox.identity_issuer(), &identity.principal_id);
    sandbox.set_up_app_only(AppOnly::for_mailboxes(&[SHOP]));
    let config = json!({
        "authority": sandbox.authority(), "tenant": TENANT_ID, "ca": sandbox.ca_file(), "client_id": CONFIDENTIAL_CLIENT,
        "secret": CLIENT_SECRET, "key": both, "certificate": certificate, "both": both, "token_file": token_file,
        "scope": format!("{EXCHANGE}/.default"),
        "identity": {
            "client_id": identity.client_id, "metadata": sandbox.metadata_base(), "app_service": sandbox.app_service(),
            "machine_learning": sandbox.machine_learning(),
        },
    });
    let by_python = libraries.python("credentials.py", &config);
    let expected = [
        "azure-app-service",
        "azure-certificate",
        "azure-imds",
        "azure-imds-only-one",
        "azure-machine-learning",
        "azure-secret",
        "azure-workload",
        "msal-assertion",
        "msal-ps256",
        "msal-rs256",
    ];
    assert_eq!(kinds(&libraries, &by_python), expected.map(str::to_owned).into(), "{by_python}");
    mailgrant_is_given_them_too(
        &libraries,
        &[
            ("certificate", format!("credential = \"certificate\"\ncertificate = {{ file = \"{}\" }}", both.display())),
            (
                "file",
                format!(
                    "credential = \"federated\"\nfederated = {{ source = \"file\", file = \"{}\" }}",
                    token_file.display()
                ),
            ),
            ("identity", "credential = \"federated\"\nfederated = { source = \"managed-identity\" }".to_owned()),
            ("secret", String::new()),
        ],
    );
    let by_node = libraries.judge("credentials.mjs", config);
    let expected = ["node-assertion", "node-ps256", "node-rs256", "node-secret"];
    assert_eq!(kinds(&libraries, &by_node), expected.map(str::to_owned).into(), "{by_node}");
    fixture.insist_on_manners();
}

#[test]
fn googles_own_library_gets_tokens_as_a_service_account_with_a_key_and_without() {
    let Some(libraries) = Libraries::start() else { return };
    let (fixture, sandbox) = (&libraries.fixture, libraries.fixture.sandbox());
    let subject_token = fixture.path().join("subject-token");
    let audience = sandbox.google_audience();
    fs::write(&subject_token, sandbox.outside_token("kubernetes", POD, &audience, 600)).unwrap();
    sandbox.trust_at_google(&sandbox.outside_issuer("kubernetes"), POD);
    sandbox.delegate(&[GMAIL]);
    let write = |name: &str, content: &Value| {
        let path = fixture.path().join(name);
        fs::write(&path, content.to_string()).unwrap();
        path
    };
    let key = sandbox.service_account_key().expect("RSA keys are made here");
    let config = json!({
        "ca": sandbox.ca_file(), "subject": SHOP, "scope": GMAIL, "google": format!("{}/google", sandbox.authority()),
        "key_file": write("key.json", &key),
        "external_account": write("external-account.json", &sandbox.external_account(&subject_token)),
    });
    let tokens = libraries.python("service_accounts.py", &config);
    let expected = ["external-account", "service-account"];
    assert_eq!(kinds(&libraries, &tokens), expected.map(str::to_owned).into(), "{tokens}");
    fixture.insist_on_manners();
}
