//! Mailboxes without a person, at an OpenID provider and mail servers that are not ours: what proves the app there opens the
//! mailbox.

use std::fs;

use crate::stack::{ALICE, Stack};

const SECRET: &str = "secret-Of~a.machine-0123456789";

/// The apps: the name, the key that `new-certificate` makes, and how it signs.
const SIGNED: [(&str, &str, &str); 3] = [("rsa", "rsa", "PS256"), ("older", "rsa", "RS256"), ("curve", "ec", "ES256")];

/// Lets the app of `name` in by itself, with these settings in place of its client secret.
fn without_a_person(stack: &Stack, name: &str, settings: &str) {
    let profile = stack.fixture.config();
    let text = fs::read_to_string(&profile).unwrap();
    let section = format!("[apps.{name}]\n");
    let (before, after) = text.split_once(&section).expect("the app is in the profile");
    let after = if settings.is_empty() { after.to_owned() } else { after.replacen("credential = \"secret\"\n", "", 1) };
    fs::write(&profile, format!("{before}{section}access = \"app\"\n{settings}{after}")).unwrap();
}

/// Reads and sends as the mailbox `name`.
fn works(stack: &Stack, name: &str) {
    stack.run(&["--json", "test-mailbox", name]).code(0).passes("folder");
    stack.run(&["--json", "test-smtp", name]).code(0).passes("recipient");
}

#[test]
fn an_app_proves_itself_by_its_secret_and_by_each_kind_of_signature() {
    let Some(stack) = Stack::start() else { return };
    stack.provider.add_with_secret("machine-by-secret", ALICE, SECRET);
    stack.add_app("secret", "machine-by-secret", SECRET);
    without_a_person(&stack, "secret", "");
    works(&stack, "secret");
    for (name, key, algorithm) in SIGNED {
        let file = stack.fixture.path().join(format!("{name}.pem"));
        let out = file.display().to_string();
        stack.run(&["new-certificate", "--out", &out, "--key", key]).code(0);
        let client_id = format!("machine-by-{name}");
        stack.provider.add_certified(&client_id, ALICE, &file.with_extension("crt"), algorithm);
        stack.add_app(name, &client_id, SECRET);
        let proof = format!("certificate = {{ file = \"{out}\", algorithm = \"{algorithm}\" }}");
        without_a_person(&stack, name, &format!("credential = \"certificate\"\n{proof}\n"));
        works(&stack, name);
    }
    let answers = stack.provider.answers();
    assert!(
        answers.iter().all(|answer| *answer == ("client_credentials".to_owned(), "success".to_owned())),
        "{answers:?}"
    );
    // One each: reading and sending share a token.
    assert_eq!(answers.len(), 1 + SIGNED.len());
    // A key that the provider does not know opens nothing.
    let (first, _, _) = SIGNED[0];
    let other = stack.fixture.path().join("other.pem");
    stack.run(&["new-certificate", "--out", &other.display().to_string()]).code(0);
    fs::copy(other, stack.fixture.path().join(format!("{first}.pem"))).unwrap();
    let refused = stack.run(&["authorize", first]).says("invalid_client");
    assert_ne!(refused.code, Some(0));
}
