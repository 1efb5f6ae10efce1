use std::path::PathBuf;

use super::*;
use crate::config;
use crate::profile::Protocol;

/// A mailbox of a profile with these lines.
fn mailbox(lines: &str) -> Mailbox {
    let app = "[apps.contoso]\nprovider = \"microsoft365\"\nclient_id = \"11111111-2222-4333-8444-555555555555\"\n";
    let text = format!("{app}tenant = \"contoso.onmicrosoft.com\"\n[mailboxes.shop]\napp = \"contoso\"\n{lines}");
    let profile = config::parse("config.toml".as_ref(), &text).unwrap();
    profile.mailboxes.values().next().unwrap().clone()
}

const BOTH: &str =
    "address = \"shop@contoso.com\"\nincoming = { protocol = \"imap\" }\noutgoing = { protocol = \"smtp\" }\n";

/// A mailbox that `program` can use.
fn usual(program: &Program) -> Mailbox {
    let is_usual = program.protocols.iter().any(|protocol| matches!(protocol, Protocol::Imap | Protocol::Smtp));
    mailbox(&if is_usual { BOTH.to_owned() } else { BOTH.replace("imap", "pop3") })
}

fn own() -> OwnCommand {
    OwnCommand::from_words(&["/opt/it's here/mailgrant", "--profile", "/home/a \"b\" $c `d`\\e/config.toml"])
}

fn refused(program: &Program, mailbox: &Mailbox, own: &OwnCommand) -> String {
    write(program, mailbox, own).unwrap_err().finding().cause.to_string()
}

#[test]
fn each_program_has_a_name_of_its_own_and_says_what_it_is_for() {
    for program in ALL {
        assert!(std::ptr::eq(named(program.name).unwrap(), program), "{} twice", program.name);
        assert!(!program.about.is_empty() && !program.protocols.is_empty(), "{}", program.name);
        assert!(list().lines().any(|line| line.starts_with(&format!("{} ", program.name))), "{}", program.name);
    }
    assert_eq!(list().lines().count(), ALL.len());
}

#[test]
fn each_snippet_names_server_user_and_command_and_begins_with_a_comment() {
    for program in ALL {
        let text = write(program, &usual(program), &own()).unwrap();
        let head = format!("{} {} ", program.comment, program.name);
        assert!(text[program.opening.len()..].starts_with(&head), "{text}");
        let by_itself = text.contains("office365.com") && text.contains("/mailgrant") && text.contains("--profile");
        assert!(by_itself || text.contains("msmtp --account shop"), "{text}");
        let names_user = text.contains("shop@contoso.com") && text.ends_with('\n');
        assert!(names_user, "{text}");
    }
}

#[test]
fn the_words_fit_a_terminal() {
    for program in ALL {
        let text = write(program, &usual(program), &own()).unwrap();
        for line in text.lines().filter(|line| line.starts_with(program.comment)) {
            assert!(line.len() <= 80, "{line}");
        }
    }
}

#[test]
fn a_mailbox_without_a_server_is_refused_with_the_token_for_http() {
    let mailbox = mailbox(
        "address = \"shop@contoso.com\"\nincoming = { protocol = \"graph\" }\noutgoing = { protocol = \"graph\" }\n",
    );
    for program in ALL {
        let error = write(program, &mailbox, &own()).unwrap_err();
        let finding = error.finding();
        assert!(finding.cause.as_str().contains("has Microsoft Graph"), "{}", finding.cause);
        assert!(format!("{:?}", finding.fix).contains("mailgrant token shop --as header"), "{:?}", finding.fix);
    }
}

#[test]
fn a_side_that_the_mailbox_lacks_is_named() {
    let reading = mailbox("address = \"shop@contoso.com\"\nincoming = { protocol = \"imap\" }\n");
    assert!(refused(&msmtp::PROGRAM, &reading, &own()).contains("msmtp speaks SMTP, and mailbox 'shop' has IMAP"));
    let text = write(&neomutt::PROGRAM, &reading, &own()).unwrap();
    assert!(text.contains("neomutt reads as shop@contoso.com") && !text.contains("smtp_url"), "{text}");
}

#[test]
fn what_a_configuration_cannot_hold_is_refused() {
    let mut shop = mailbox(BOTH);
    for program in ALL {
        let split = OwnCommand::from_words(&["mailgrant", "--profile", "/a\nb"]);
        assert!(refused(program, &usual(program), &split).contains("control character"), "{}", program.name);
    }
    let sending = mailbox("address = \"shop@contoso.com\"\noutgoing = { protocol = \"smtp\" }\n");
    assert!(refused(&aerc::PROGRAM, &sending, &own()).contains("only sends"));
    let named = OwnCommand::from_words(&["mailgrant", "--profile", "/a%(b"]);
    assert!(refused(&aerc::PROGRAM, &shop, &named).contains("another value"));
    shop.ca_file = Some(PathBuf::from("/a\rb"));
    assert!(refused(&msmtp::PROGRAM, &shop, &own()).contains("control character"));
    let pattern = mailbox(&BOTH.replace("shop@", "sh%H@"));
    assert!(refused(&msmtp::PROGRAM, &pattern, &own()).contains("pattern"));
}
