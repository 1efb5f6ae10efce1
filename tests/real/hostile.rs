//! A report in which each word of another side is hostile, on its way into what other programs read.

use practice_tenant::faults::Fault;
use serde_json::{Value, json};

use crate::support::fixture::Fixture;

/// Where a report has words that another side may have said.
const FREE: [&str; 8] = ["name", "address", "facts", "detail", "because", "cause", "text", "server_said"];

/// A mailbox's test that has failed, in which every place for words is taken.
pub(crate) struct Failed {
    home: Fixture,
    document: Value,
}

impl Failed {
    /// Tests a mailbox that cannot send.
    pub(crate) fn test() -> Self {
        let home = Fixture::authorized();
        home.sandbox().switch_on(Fault::named("smtp-auth-off-tenant"));
        let mut document = home.json(&["test", "shop"], 1).json();
        document["notes"] = json!(["a note"]);
        document["warnings"] = json!([{ "code": "text-cut", "text": "a warning" }]);
        Self { home, document }
    }

    /// The same test, as JSON, with these words in each place.
    pub(crate) fn saying(&self, words: &str) -> String {
        let mut document = self.document.clone();
        for part in ["reports", "notes", "warnings"] {
            say(&mut document[part], words, part == "notes");
        }
        document.to_string()
    }

    /// What `report merge` makes of that in this form.
    pub(crate) fn merged(&self, words: &str, format: &str) -> String {
        let merge = ["report", "merge", "-", "--format", format];
        self.home.run(&merge).stdin(&self.saying(words)).finish().code(1).stdout
    }
}

fn say(value: &mut Value, words: &str, is_free: bool) {
    match value {
        Value::String(text) if is_free => words.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| say(item, words, is_free)),
        // A step's command is a part of its text, and one line.
        Value::Object(fields) if fields.contains_key("command") => {
            let command = words.replace(['\r', '\n'], " ");
            fields["text"] = format!("Run: {command}").into();
            fields["command"] = command.into();
        }
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(name, value)| say(value, words, is_free || FREE.contains(&name.as_str())));
        }
        _ => {}
    }
}
