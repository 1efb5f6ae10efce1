//! Words that people type because other programs have them, and what to type here.

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What to type instead of a verb that there is not.
fn instead(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "init" | "setup" | "create" | "new" => "Start with: `mailgrant add`",
        "config" | "configure" | "edit" => {
            "The profile is a file: `mailgrant doctor` says where it is, and `mailgrant show NAME` what it means"
        }
        "auth" | "signin" | "sign-in" => "Sign in with: `mailgrant authorize NAME`",
        "logout" | "revoke" | "delete" => "Remove a mailbox and its tokens with: `mailgrant remove NAME`",
        "check" | "verify" | "run" => "Test a mailbox with: `mailgrant test NAME`",
        "send" => "Send a test mail with: `mailgrant test-smtp NAME --to ADDRESS`",
        "rotate" | "renew" => "Replace a client secret with: `mailgrant rotate-secret NAME`",
        "refresh" => "Print an access token, refreshed where it must be, with: `mailgrant token NAME`",
        "completion" => "Print them with: `mailgrant completions bash`",
        "manual" => "Print a page with: `mailgrant man`",
        _ => return None,
    })
}

/// What a POP3 server's -ERR is taken for: it is pasted behind `explain`.
const NEGATIVE: &str = "-E";

/// `error` with a hint, where it is about a verb that there is not, or about an answer that begins like a flag.
pub(super) fn told(mut error: clap::Error) -> clap::Error {
    let is_negative =
        matches!(error.get(ContextKind::InvalidArg), Some(ContextValue::String(flag)) if flag == NEGATIVE);
    if error.kind() == ErrorKind::UnknownArgument && is_negative {
        let hint = "Put two hyphens before an answer that begins with one: `mailgrant explain -- '-ERR ...'`";
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(hint)]));
        return error;
    }
    if error.kind() != ErrorKind::InvalidSubcommand {
        return error;
    }
    let verb = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(verb)) => verb.clone(),
        _ => return error,
    };
    if let Some(hint) = instead(&verb) {
        // What only sounds alike would mislead.
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(hint)]));
    }
    error
}

/// The hint in `error`.
#[must_use]
pub fn of(error: &clap::Error) -> Option<&'static str> {
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(verb)) => instead(verb),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_verb_that_others_have_leads_to_ours() {
        for (verb, word) in [("init", "mailgrant add"), ("config", "mailgrant doctor"), ("logout", "mailgrant remove")]
        {
            let error = told(Cli::try_parse_from(["mailgrant", verb]).unwrap_err());
            assert!(error.to_string().contains(&format!("tip: {}", of(&error).unwrap())), "{error}");
            assert!(of(&error).unwrap().contains(word), "{error}");
        }
        let similar = told(Cli::try_parse_from(["mailgrant", "tets"]).unwrap_err());
        assert!(of(&similar).is_none() && similar.to_string().contains("'test'"), "{similar}");
    }

    #[test]
    fn an_answer_that_begins_like_a_flag_is_told_from_one() {
        let parsed = |words: &[&str]| Cli::try_parse_from([&["mailgrant", "explain"], words].concat()).map_err(told);
        let error = parsed(&["-ERR Server Unavailable. 21"]).unwrap_err().to_string();
        assert!(error.contains("explain -- '-ERR ...'"), "{error}");
        assert!(!parsed(&["--lst"]).unwrap_err().to_string().contains("two hyphens"));
        parsed(&["--", "-ERR Server Unavailable. 21"]).unwrap();
    }

    #[test]
    fn no_verb_of_ours_is_taken_for_one_that_there_is_not() {
        for verb in Cli::command().get_subcommands() {
            assert!(
                verb.get_name_and_visible_aliases().iter().all(|name| instead(name).is_none()),
                "{}",
                verb.get_name()
            );
        }
    }
}
