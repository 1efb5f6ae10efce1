//! README.md and the pages of docs/ say what the program does: their commands parse and run, their links lead somewhere, and
//! their tables are those of the code.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "readme/page.rs"]
mod page;
#[cfg(all(unix, feature = "practice"))]
#[path = "readme/run.rs"]
mod run;
#[path = "support/mod.rs"]
mod support;

use clap::{CommandFactory, Parser};
use mailgrant::cli::Cli;
use mailgrant::report::ExitCode;

use page::{Page, README, words};

#[test]
fn every_command_of_every_page_is_one() {
    let mut count = 0;
    for page in Page::all() {
        for command in page.commands().chain(page.inline_commands()) {
            let words = words(&command);
            count += 1;
            if let Err(error) = Cli::try_parse_from(&words)
                && error.use_stderr()
            {
                panic!("{}: {command}\n{error}", page.name);
            }
        }
    }
    assert!(count > 60, "only {count} commands found");
}

#[test]
fn every_link_leads_somewhere() {
    let pages = Page::all();
    let mut count = 0;
    for page in &pages {
        for link in page.links() {
            let (path, anchor) = link.split_once('#').map_or((link.as_str(), None), |(path, part)| (path, Some(part)));
            let place = if path.is_empty() { page.path() } else { page.folder().join(path) };
            assert!(place.exists(), "{} links to {link}", page.name);
            let place = place.canonicalize().expect("it exists");
            let target = pages.iter().find(|page| page.path().canonicalize().is_ok_and(|path| path == place));
            if let Some(anchor) = anchor {
                let target = target.unwrap_or_else(|| panic!("{}: {link} leads to no page", page.name));
                assert!(target.anchors().any(|known| known == anchor), "{}: no heading for {link}", page.name);
            }
            count += 1;
        }
    }
    assert!(count > 30, "only {count} links found");
}

#[test]
fn every_page_is_reached_from_the_readme() {
    let pages = Page::all();
    let readme: Vec<String> = pages.iter().filter(|page| page.name == README).flat_map(Page::links).collect();
    for page in pages.iter().filter(|page| page.name != README) {
        assert!(readme.iter().any(|link| link.split('#').next() == Some(&page.name)), "{} is not linked", page.name);
    }
}

#[test]
fn the_picture_is_text_that_can_be_read_aloud() {
    let page = Page::readme();
    assert!(page.links().iter().any(|link| link == "docs/terminal.svg"), "README shows it");
    let picture = std::fs::read_to_string(page.folder().join("docs/terminal.svg")).expect("it is there");
    for part in ["role=\"img\"", "<title", "<desc", "mailgrant test shop", "[exo-smtp-auth-disabled-tenant]", "works:"]
    {
        assert!(picture.contains(part), "cargo run --example picture: no {part}");
    }
}

#[test]
fn every_verb_is_in_the_readme() {
    let readme = Page::readme();
    for verb in Cli::command().get_subcommands().filter(|verb| !verb.is_hide_set()) {
        assert!(readme.text.contains(&format!("| `mailgrant {}", verb.get_name())), "{} is missing", verb.get_name());
    }
}

#[test]
fn the_exit_codes_are_the_same_in_code_readme_and_help() {
    let readme = Page::readme().text;
    let help = Cli::command().render_long_help().to_string();
    for (code, meaning) in ExitCode::TABLE {
        assert!(readme.contains(&format!("| {} | {meaning} |", code as u8)), "README lacks {}", code as u8);
        assert!(help.contains(&format!("{:>3}  {meaning}", code as u8)), "--help lacks {}", code as u8);
    }
    let order = ExitCode::MOST_LASTING_FIRST.map(|code| (code as u8).to_string()).join(", ");
    assert!(readme.replace('\n', " ").contains(&order), "README lacks the order {order}");
    assert!(help.split_whitespace().collect::<Vec<_>>().join(" ").contains(&order), "--help lacks the order {order}");
}

#[test]
fn the_parser_is_sound() {
    Cli::command().debug_assert();
}
