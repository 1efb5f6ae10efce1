use super::*;

#[test]
fn locks_are_taken_app_first_and_only_for_what_goes() {
    let mailbox = |name: &str| {
        format!("[mailboxes.{name}]\napp = \"app\"\naddress = \"a@x.org\"\nincoming = {{ protocol = \"imap\" }}\n")
    };
    let keys = |text: &str| {
        let profile = crate::config::parse("config.toml".as_ref(), text).unwrap();
        Removal::plan(&profile, &"shop".parse().unwrap()).unwrap().keys().map(|key| key.to_string()).collect::<Vec<_>>()
    };
    let one = format!("[apps.app]\nprovider = \"google\"\nclient_id = \"a\"\n{}", mailbox("shop"));
    assert_eq!(keys(&one), ["app app", "mailbox shop"]);
    assert_eq!(keys(&(one + &mailbox("other"))), ["mailbox shop"]);
}
