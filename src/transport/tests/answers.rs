//! What servers answer has one meaning: the finding is the same where mailgrant hears it and where it is pasted.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::kit::*;
use crate::config;
use crate::diagnosis::catalogue::Hint;
use crate::diagnosis::explain::explain;
use crate::diagnosis::{self, FailureContext};
use crate::profile::{Profile, Protocol, TlsMode};
use crate::sasl::SaslMechanism::Xoauth2;
use crate::transport::Task;

#[derive(Deserialize)]
struct Table {
    answers: Vec<Group>,
}

/// Answers to one command.
#[derive(Deserialize)]
struct Group {
    protocol: String,
    /// The phase of the conversation.
    at: String,
    provider: String,
    /// Each with its finding.
    said: Vec<(String, String)>,
}

/// The conversation up to the command that is answered with `words`.
fn script(protocol: Protocol, at: &str, words: &str) -> Vec<Step> {
    let steps: Vec<(&str, Step)> = match protocol {
        Protocol::Smtp => vec![
            ("connect", say("220 ready")),
            ("", hear("EHLO [127.0.0.1]")),
            ("hello", say("250-mail\r\n250 AUTH XOAUTH2")),
            ("", hear_response("AUTH XOAUTH2 ", Xoauth2)),
            ("sign-in", say("235 2.7.0 welcome")),
            ("", hear("MAIL FROM:<shop@contoso.com>")),
            ("mail", say("250 ok")),
            ("", hear("RCPT TO:<desk@contoso.com>")),
            ("rcpt", say("250 ok")),
            ("", hear("DATA")),
            ("data", say("354 go on")),
        ],
        Protocol::Imap => vec![
            ("connect", say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2] ready")),
            ("", hear_response("a1 AUTHENTICATE XOAUTH2 ", Xoauth2)),
            ("sign-in", say("a1 OK welcome")),
            ("", hear("a2 EXAMINE \"INBOX\"")),
            ("folder", say("a2 OK done")),
        ],
        Protocol::Pop3 => vec![
            ("connect", say("+OK ready")),
            ("", hear("CAPA")),
            ("hello", say("+OK\r\nSASL XOAUTH2\r\n.")),
            ("", hear("AUTH XOAUTH2")),
            ("", say("+ ")),
            ("", hear_response("", Xoauth2)),
            ("sign-in", say("+OK Logged in.")),
            ("", hear("STAT")),
            ("folder", say("+OK 12 34567")),
        ],
        Protocol::Graph | Protocol::Gmail => panic!("{protocol} is not spoken here"),
    };
    let tag = if at == "folder" { "a2" } else { "a1" };
    let answered = steps.iter().position(|(phase, _)| *phase == at).unwrap_or_else(|| panic!("{protocol} has no {at}"));
    let before = steps.into_iter().take(answered).map(|(_, step)| step);
    let answer = [say(&words.replace("{tag}", tag)), Step::HangUp];
    std::iter::once(Step::Tls).chain(before).chain(answer).collect()
}

fn profile(provider: &str) -> Profile {
    let app = match provider {
        "oidc" => "issuer = \"https://id.contoso.com\"\nscopes = [\"mail\"]\nclient_id = \"mailgrant\"",
        "google" => "client_id = \"1234-office.apps.googleusercontent.com\"",
        _ => "tenant = \"contoso.com\"\nclient_id = \"11111111-2222-3333-4444-555555555555\"",
    };
    let side = "{ protocol = \"imap\", host = \"localhost\" }";
    let text = format!(
        "[apps.own]\nprovider = \"{provider}\"\n{app}\n[mailboxes.shop]\napp = \"own\"\naddress = \"{USER}\"\nincoming = {side}\n"
    );
    config::parse("config.toml".as_ref(), &text).unwrap()
}

/// The code of the finding that a real conversation with these words leads to.
fn heard(pki: &Pki, profile: &Profile, protocol: Protocol, at: &str, words: &str) -> String {
    let server = Server::start(pki, vec![script(protocol, at, words)]);
    let client = Client::new(server.port, TlsMode::Implicit);
    let recipient = "desk@contoso.com".parse().unwrap();
    let task = match protocol {
        Protocol::Smtp => Task::Send { recipient: &recipient, message: Some(b"Subject: x\r\n\r\n") },
        _ => client.usual_task(protocol),
    };
    let log = client.exercise(pki, protocol, &task);
    let failure = log.observations.last().expect("there are observations").result.clone().expect_err(words);
    let mailbox = profile.mailboxes.values().next().unwrap();
    let about = FailureContext::of_mailbox(profile.app_of(mailbox), mailbox).over(protocol);
    diagnosis::finding(&failure, about).code.to_string()
}

#[test]
fn an_answer_means_the_same_where_it_is_heard_and_where_it_is_pasted() {
    let table: Table = toml::from_str(include_str!("answers.toml")).unwrap();
    let pki = Pki::new(Flaw::None);
    let (mut count, mut wrong) = (BTreeSet::new(), Vec::new());
    for Group { protocol, at, provider, said } in &table.answers {
        let profile = profile(provider);
        let protocol = &Protocol::ALL.into_iter().find(|known| known.key() == protocol).expect("a protocol's key");
        let family = profile.apps.values().next().unwrap().provider.family;
        for (words, code) in said {
            count.insert((protocol.key(), at, provider, words));
            let live = heard(&pki, &profile, *protocol, at, words);
            let hint = Hint { family: Some(family), origin: Some((*protocol).into()), ..Hint::default() };
            let pasted = explain(&words.replace("{tag}", "a1"), hint)[0].finding.code.to_string();
            if (&live, &pasted) != (code, code) {
                wrong.push(format!("{words} at {at}: heard {live}, pasted {pasted}, expected {code}"));
            }
        }
    }
    assert!(count.len() >= 120, "only {} answers", count.len());
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), count.len());
}
