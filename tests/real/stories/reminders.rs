//! The calendar of `status --ics`, as a library reads it that calendar servers use.

use practice_tenant::world::SHOP;
use serde_json::{Value, json};

use crate::libraries::Libraries;

#[test]
fn a_calendar_is_read_by_others_and_a_later_one_moves_its_events() {
    let Some(libraries) = Libraries::start() else { return };
    let home = &libraries.fixture;
    home.run(&["new-vault-key"]).finish().code(0);
    home.add("shop", &[("--expires", Some("2031-05-20"))]).finish().code(0);
    let profile = std::fs::read_to_string(home.config()).expect("it was written");
    let long = "a-name-of-a-mailbox-that-fills-most-of-a-line-and-is-folded";
    let more = format!(
        "\n[mailboxes.{long}]\napp = \"shop\"\naddress = \"größe@ärztehaus-größenwahn-straßenbahn.de\"\n\
         incoming = {{ protocol = \"imap\" }}\nenabled = false\n\
         [mailboxes.other]\napp = \"other\"\naddress = \"info@müller.de\"\nincoming = {{ protocol = \"imap\" }}\n\
         [apps.other]\nprovider = \"google\"\nclient_id = \"1-abc.apps.googleusercontent.com\"\n\
         secret_expires = 2032-02-29\n"
    );
    home.write_config(&format!("{profile}{more}"));
    let first = events(&libraries, "first.ics");
    assert_eq!(first.len(), 2, "{first:?}");
    let event = |events: &[Value], app: &str| -> Value {
        let named = |event: &&Value| event["summary"] == json!(format!("The client secret of app '{app}' expires"));
        events.iter().find(named).expect("each app has its event").clone()
    };
    let (shop, other) = (event(&first, "shop"), event(&first, "other"));
    assert_eq!((&shop["day"], &shop["last"]), (&json!("2031-05-20"), &json!("2031-05-20")), "one whole day");
    assert_eq!((&other["day"], &other["last"]), (&json!("2032-02-29"), &json!("2032-02-29")));
    assert_eq!(shop["alarms"], json!([30, 14, 7]));
    let description = shop["description"].as_str().unwrap_or_default();
    assert!(description.contains(long) && description.contains(SHOP), "{description}");
    assert!(description.contains("größe@ärztehaus-größenwahn-straßenbahn.de"), "{description}");
    assert!(description.lines().count() > 2, "{description}");
    assert_ne!(shop["uid"], other["uid"]);

    let profile = std::fs::read_to_string(home.config()).expect("it was written");
    home.write_config(&profile.replace("2031-05-20", "2033-01-31"));
    let second = events(&libraries, "second.ics");
    let moved = event(&second, "shop");
    assert_eq!((&moved["uid"], &moved["day"]), (&shop["uid"], &json!("2033-01-31")));
    assert!(moved["revision"].as_u64() >= shop["revision"].as_u64(), "{moved} after {shop}");
}

/// The events of a calendar that `status` writes now.
fn events(libraries: &Libraries, name: &str) -> Vec<Value> {
    let file = libraries.fixture.path().join(name);
    let written = libraries.fixture.run(&["status", "--ics", name]).finish();
    assert!(file.exists(), "{}", written.all_text());
    let events = libraries.python("reminders.py", &json!({ "calendar": file }));
    events.as_array().expect("it is a list").clone()
}
