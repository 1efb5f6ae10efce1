//! What can come next on a command line. Neither store nor network is touched, and what goes wrong is silent: a person is
//! typing.

use std::any::TypeId;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::builder::ValueParser;
use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, complete};

use crate::config;
use crate::profile::{Profile, Reference};

/// Where a name can be an app's, as verb and argument: it need not be one, or is parsed as something else than a [`Reference`].
const APPS: [(&str, &str); 4] =
    [("add", "app"), ("new-certificate", "name"), ("remove", "name"), ("rotate-secret", "name")];

/// A command line that is being typed.
pub(super) struct Line {
    /// Its words, the program's name first.
    pub(super) words: Vec<OsString>,
    /// Which of them is completed.
    pub(super) index: usize,
}

/// Which names of the profile fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    Mailboxes,
    Apps,
    Both,
}

impl Line {
    /// What the word can be, a line for each: the word, and behind a tab what it is.
    pub(super) fn candidates(mut self, command: Command, profile: &Path) -> String {
        let profile = self.profile().unwrap_or_else(|| profile.to_owned());
        // Some shells cannot hand over a word that is empty.
        self.words.resize(self.words.len().max(self.index + 1), OsString::new());
        let word = self.words.get(self.index).cloned().unwrap_or_default();
        let mut command = with_names(command, &profile);
        let mut found = complete(&mut command, self.words, self.index, Some(Path::new("."))).unwrap_or_default();
        let is_flag = |candidate: &CompletionCandidate| candidate.get_value().as_encoded_bytes().starts_with(b"-");
        // Flags are for those who begin one, or where there is nothing else.
        if word.is_empty() && !found.iter().all(is_flag) {
            found.retain(|candidate| !is_flag(candidate));
        }
        found.iter().filter_map(|candidate| told(candidate, &word)).collect()
    }

    /// The profile that the command line names.
    fn profile(&self) -> Option<PathBuf> {
        const FLAGS: [&str; 2] = ["--profile", "--config"];
        let mut words = self.words.iter().take(self.index);
        while let Some(word) = words.next() {
            let text = word.to_string_lossy();
            if FLAGS.contains(&text.as_ref()) {
                return words.next().map(PathBuf::from);
            }
            if let Some((flag, path)) = text.split_once('=')
                && FLAGS.contains(&flag)
            {
                return Some(PathBuf::from(path));
            }
        }
        None
    }
}

/// A line; none for a word that is not text, or that a terminal would obey.
fn told(candidate: &CompletionCandidate, begun: &OsStr) -> Option<String> {
    let word = candidate.get_value().to_str().filter(|word| !word.contains(char::is_control))?;
    // Of a verb's names the engine has only the first in the alphabet.
    let verb = candidate.get_id().and_then(|id| id.strip_prefix("command::"));
    let word = verb.filter(|verb| begun.to_str().is_some_and(|begun| verb.starts_with(begun))).unwrap_or(word);
    let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
    Some(format!("{word}\t{}\n", help.lines().next().unwrap_or_default()))
}

/// `command` with the names of the profile wherever one can stand.
fn with_names(mut command: Command, profile: &Path) -> Command {
    // Until then the verbs have no arguments.
    command.build();
    command.mut_subcommands(|verb| {
        let name = verb.get_name().to_owned();
        verb.mut_args(|argument| match names_for(&name, &argument) {
            Some(names) => {
                let profile = profile.to_owned();
                argument.add(ArgValueCompleter::new(move |begun: &OsStr| names.like(begun, &profile)))
            }
            None => argument,
        })
    })
}

fn names_for(verb: &str, argument: &Arg) -> Option<Names> {
    let is_reference = ValueParser::type_id(argument.get_value_parser()) == TypeId::of::<Reference>();
    match (is_reference, APPS.contains(&(verb, argument.get_id().as_str()))) {
        (true, true) => Some(Names::Both),
        (true, false) => Some(Names::Mailboxes),
        (false, true) => Some(Names::Apps),
        (false, false) => None,
    }
}

impl Names {
    /// The names that begin like this; addresses where no name does.
    fn like(self, begun: &OsStr, profile: &Path) -> Vec<CompletionCandidate> {
        let (Some(begun), Ok(profile)) = (begun.to_str(), config::load(profile)) else { return Vec::new() };
        let found = self.names(&profile, begun);
        if found.is_empty() && self != Self::Apps { addresses(&profile, begun) } else { found }
    }

    fn names(self, profile: &Profile, begun: &str) -> Vec<CompletionCandidate> {
        let mailboxes = profile.mailboxes.values().filter(|_| self != Self::Apps);
        let mailboxes = mailboxes.map(|mailbox| (mailbox.name.as_str(), mailbox.address.to_string()));
        let apps = profile.apps.values().filter(|_| self != Self::Mailboxes);
        let apps = apps
            .filter(|app| self == Self::Apps || !profile.mailboxes.contains_key(&app.name))
            .map(|app| (app.name.as_str(), "app".to_owned()));
        let found = mailboxes.chain(apps).filter(|(name, _)| name.starts_with(begun));
        found.map(|(name, help)| CompletionCandidate::new(name).help(Some(help.into()))).collect()
    }
}

fn addresses(profile: &Profile, begun: &str) -> Vec<CompletionCandidate> {
    let all = profile.mailboxes.values().map(|mailbox| (mailbox.address.to_string(), &mailbox.name));
    let found = all.filter(|(address, _)| address.starts_with(begun));
    found.map(|(address, name)| CompletionCandidate::new(address).help(Some(name.to_string().into()))).collect()
}

#[cfg(test)]
mod tests {
    use clap::Subcommand as _;

    use super::*;
    use crate::commands;

    const PROFILE: &str = r#"
[apps.contoso]
provider = "microsoft365"
client_id = "11111111-2222-4333-8444-555555555555"
tenant = "contoso.onmicrosoft.com"

[mailboxes.shop]
app = "contoso"
address = "shop@contoso.com"
incoming = { protocol = "imap" }

[mailboxes.office]
app = "contoso"
address = "o'neil@contoso.com"
incoming = { protocol = "imap" }
"#;

    fn verbs() -> Command {
        commands::Command::augment_subcommands(Command::new("mailgrant"))
    }

    /// The words that can follow, the last of `line` being begun.
    fn next(line: &str, profile: &str) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), profile).unwrap();
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let index = words.len() - 1;
        let found = Line { words, index }.candidates(verbs(), file.path());
        found.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn a_name_is_a_mailbox_of_the_profile_and_an_app_where_one_can_stand() {
        assert_eq!(next("mailgrant test ", PROFILE), ["office", "shop"]);
        assert_eq!(next("mailgrant test shop of", PROFILE), ["office"]);
        assert_eq!(next("mailgrant explain --for s", PROFILE), ["shop"]);
        assert_eq!(next("mailgrant rotate-secret ", PROFILE), ["office", "shop", "contoso"]);
        assert_eq!(next("mailgrant add new --app c", PROFILE), ["contoso"]);
        assert_eq!(next("mailgrant add ", PROFILE).iter().filter(|word| !word.starts_with('-')).count(), 0);
    }

    #[test]
    fn an_address_is_completed_where_no_name_begins_so() {
        assert_eq!(next("mailgrant test shop@", PROFILE), ["shop@contoso.com"]);
        assert_eq!(next("mailgrant test o'", PROFILE), ["o'neil@contoso.com"]);
        assert_eq!(next("mailgrant test sh", PROFILE), ["shop"]);
    }

    #[test]
    fn verbs_flags_and_their_values_are_known_and_flags_are_for_those_who_begin_one() {
        assert_eq!(next("mailgrant rot", PROFILE), ["rotate-secret"]);
        assert_eq!(next("mailgrant test-", PROFILE), ["test-mailbox", "test-smtp"]);
        assert_eq!(next("mailgrant test-s", PROFILE), ["test-smtp"]);
        assert_eq!(next("mailgrant logi", PROFILE), ["login"]);
        assert!(next("mailgrant test shop --mech", PROFILE) == ["--mechanism"]);
        assert_eq!(next("mailgrant test shop --mechanism o", PROFILE), ["oauthbearer"]);
        assert!(next("mailgrant test -", PROFILE).contains(&"--all".to_owned()));
        assert!(next("mailgrant ", PROFILE).iter().all(|word| !word.starts_with('-')));
    }

    #[test]
    fn without_a_profile_or_with_a_broken_one_it_is_silent() {
        assert!(next("mailgrant test s", "nonsense").is_empty());
        let words = ["mailgrant", "test", ""].map(OsString::from).to_vec();
        let nothing = Line { words, index: 2 }.candidates(verbs(), Path::new("/no/such/profile.toml"));
        assert!(nothing.lines().all(|line| line.starts_with('-')), "{nothing}");
        assert_eq!(next("", PROFILE), [""; 0]);
    }

    #[test]
    fn the_line_may_name_another_profile_and_lack_an_empty_word() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), PROFILE).unwrap();
        let path = file.path().display();
        for line in [format!("mailgrant test --profile {path}"), format!("mailgrant --config={path} test")] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let index = words.len();
            let line = Line { words, index };
            assert_eq!(line.profile().as_deref(), Some(file.path()));
        }
    }

    #[test]
    fn every_place_for_an_app_is_an_argument() {
        for (verb, argument) in APPS {
            let mut verbs = verbs();
            verbs.build();
            let verb = verbs.find_subcommand(verb).unwrap();
            assert!(verb.get_arguments().any(|known| known.get_id() == argument), "{} {argument}", verb.get_name());
        }
    }
}
