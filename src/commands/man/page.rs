//! One page, in the order of man-pages(7).

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::report::ExitCode;

/// The variables that the program reads, as docs/profile.md has them.
const ENVIRONMENT: [(&str, &str); 8] = [
    ("MAILGRANT_CONFIG", "The profile; --profile overrides it."),
    ("MAILGRANT_STORE", "Where secrets are stored; --store, which has the words for it, overrides it."),
    ("MAILGRANT_VAULT_FILE, MAILGRANT_VAULT_KEY", "The vault, and its key."),
    ("MAILGRANT_VAULT", "A whole vault, read only."),
    ("MAILGRANT_APP_..., MAILGRANT_MAILBOX_...", "The secrets themselves, where the store is env."),
    ("BROWSER", "The programs that open addresses, as PATH lists folders; %s in one is the address."),
    ("https_proxy, all_proxy, no_proxy", "The proxies, and what is reached without them; also in capitals."),
    ("NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE", "Colours off, or on where the output is not a terminal."),
];

/// Where the program's files are by default.
const FILES: [(&str, &str); 4] = [
    ("~/.config/mailgrant/config.toml", "The profile. It holds no secrets. ($XDG_CONFIG_HOME; on Windows %APPDATA%)"),
    ("~/.config/mailgrant/vault.key", "The key of the vault."),
    ("~/.local/share/mailgrant/vault.age", "The vault. ($XDG_DATA_HOME)"),
    ("~/.local/state/mailgrant", "Locks. ($XDG_STATE_HOME)"),
];

/// The page's name: "mailgrant-rotate-secret".
pub(super) fn name(path: &[&Command]) -> String {
    path.iter().map(|command| command.get_name()).collect::<Vec<_>>().join("-")
}

/// The page of the command at the end of `path`, which begins with `root`.
pub(super) fn of(root: &Command, path: &[&Command]) -> String {
    let Some(command) = path.last() else { return String::new() };
    let is_root = path.len() == 1;
    let globals: Vec<&str> = root.get_arguments().filter(|known| known.is_global_set()).map(id).collect();
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let own = (*command).clone().mut_args(|argument| match !is_root && globals.contains(&id(&argument)) {
        true => argument.hide(true),
        false => argument,
    });
    let man = Man::new(own.display_name(name(path)))
        .title(name(path))
        // An argument of nothing would be lost, and the next one take its place.
        .date(" ")
        .source(format!("mailgrant {}", env!("CARGO_PKG_VERSION")))
        .manual("mailgrant");
    let mut page = Vec::new();
    // Writing to memory does not fail.
    let _ = man.render_title(&mut page);
    let _ = man.render_name_section(&mut page);
    let _ = man.render_synopsis_section(&mut page);
    let _ = man.render_description_section(&mut page);
    let _ = man.render_options_section(&mut page);
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut page);
    }
    let _ = rest(root, path, &help).to_writer(&mut page);
    once(&String::from_utf8_lossy(&page))
}

fn id(argument: &clap::Arg) -> &str {
    argument.get_id().as_str()
}

/// The sections that clap knows nothing of.
fn rest(root: &Command, path: &[&Command], help: &str) -> Roff {
    let mut roff = Roff::new();
    let is_root = path.len() == 1;
    section(&mut roff, "EXIT STATUS");
    for (code, meaning) in ExitCode::TABLE {
        entry(&mut roff, &(code as u8).to_string(), meaning);
    }
    if is_root {
        section(&mut roff, "ENVIRONMENT");
        ENVIRONMENT.iter().for_each(|(name, words)| entry(&mut roff, name, words));
        section(&mut roff, "FILES");
        FILES.iter().for_each(|(name, words)| entry(&mut roff, name, words));
    }
    if let Some((_, examples)) = help.split_once("Examples:\n") {
        section(&mut roff, "EXAMPLES");
        roff.control("nf", []);
        examples.lines().take_while(|line| !line.is_empty()).for_each(|line| {
            roff.text([roman(line.trim_start())]);
        });
        roff.control("fi", []);
    }
    section(&mut roff, "SEE ALSO");
    let others: Vec<String> = match path {
        [_] => verbs(root).map(|verb| format!("mailgrant-{verb}")).collect(),
        [above @ .., _] => (1..=above.len()).map(|count| name(&above[..count])).collect(),
        [] => Vec::new(),
    };
    for (index, other) in others.iter().enumerate() {
        let behind = if index + 1 == others.len() { "(1)" } else { "(1)," };
        roff.text([bold(other.as_str()), roman(behind)]);
    }
    roff
}

fn verbs(root: &Command) -> impl Iterator<Item = &str> {
    root.get_subcommands().filter(|verb| !verb.is_hide_set()).map(Command::get_name).filter(|verb| *verb != "help")
}

fn section(roff: &mut Roff, title: &str) {
    roff.control("SH", [title]);
}

fn entry(roff: &mut Roff, name: &str, words: &str) {
    roff.control("TP", []);
    roff.text([bold(name)]);
    roff.text([roman(words)]);
}

/// `page` with the definition of the apostrophe once: each section is written with one.
fn once(page: &str) -> String {
    const APOSTROPHE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";
    format!("{APOSTROPHE}{}", page.replace(APOSTROPHE, ""))
}

#[cfg(test)]
mod tests {
    use clap::Subcommand as _;

    use super::*;
    use crate::commands;

    fn root() -> Command {
        let mut root = commands::Command::augment_subcommands(Command::new("mailgrant").about("Sets up mailboxes"))
            .arg(clap::Arg::new("profile").long("profile").global(true).help("The profile"));
        root.build();
        root
    }

    #[test]
    fn a_page_has_the_sections_of_the_manual_in_their_order() {
        let root = root();
        let whole = of(&root, &[&root]);
        let sections: Vec<&str> = whole.lines().filter_map(|line| line.strip_prefix(".SH ")).collect();
        let all =
            ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SUBCOMMANDS", "\"EXIT STATUS\"", "ENVIRONMENT", "FILES"];
        assert!(sections.starts_with(&all) && sections.last() == Some(&"\"SEE ALSO\""), "{sections:?}");
        let test = root.find_subcommand("test").unwrap();
        let page = of(&root, &[&root, test]);
        assert!(page.contains(".SH EXAMPLES\n.nf\nmailgrant test shop"), "{page}");
        assert!(page.contains("\n\\fBmailgrant\\fR(1)\n") && page.contains("mailgrant\\-test \\- "), "{page}");
        assert!(page.contains("\\-\\-mechanism") && !page.contains("\\-\\-profile"), "{page}");
        assert_eq!(page.matches(".ds Aq").count(), 2, "{page}");
    }

    #[test]
    fn the_environment_is_that_of_the_documents() {
        let documents = include_str!("../../../docs/profile.md");
        let (_, table) = documents.split_once("## Variables\n").unwrap();
        let (table, _) = table.split_once("## Proxies").unwrap();
        let names = table.lines().filter(|line| line.starts_with("| `"));
        let names = names.flat_map(|line| line.split('|').nth(1).unwrap_or_default().split(','));
        let known: Vec<String> = ENVIRONMENT.iter().map(|(name, _)| name.replace("...", "…")).collect();
        for name in names.map(|name| name.trim().trim_matches('`')) {
            assert!(known.iter().any(|known| known.contains(name)), "{name} is not on the page");
        }
    }
}
