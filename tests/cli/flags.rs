//! Every flag of every verb does its work or is refused with the reason: clap's own tree gives the list, and a flag without
//! a row in the tables below fails the walk. Each row is run against the practice tenant.

mod adding;
mod alerts;
mod certificate;
pub(crate) mod everywhere;
mod federated;
mod issuing;
mod many;
mod own;
mod pages;
mod programs;
mod shells;
mod unlisted;

use std::collections::BTreeSet;

use clap::CommandFactory;
use mailgrant::cli::Cli;

use crate::support::fixture::Fixture;

/// One flag of one verb, and what is looked at: its effect, or the refusal where it can have none.
pub(crate) struct Row {
    pub(crate) verb: &'static str,
    /// As it is typed: `--all`, or `<names>` for what comes without a flag.
    pub(crate) flag: &'static str,
    /// The shop is shared by the rows of a table: what changes its mailbox takes a shop of its own.
    pub(crate) look: fn(&Fixture),
}

pub(crate) const fn does(verb: &'static str, flag: &'static str, look: fn(&Fixture)) -> Row {
    Row { verb, flag, look }
}

impl Row {
    #[expect(clippy::print_stdout, reason = "where the walk stopped is shown with a failure")]
    fn run(&self, shop: &Fixture) {
        println!("{} {}", self.verb, self.flag);
        (self.look)(shop);
    }
}

/// All flags of all verbs, as clap has them: verb, and flag as it is typed.
fn flags() -> BTreeSet<(String, String)> {
    let mut root = Cli::command();
    root.build();
    let mut found = BTreeSet::new();
    for verb in root.get_subcommands().filter(|verb| verb.get_name() != "help") {
        for argument in verb.get_arguments() {
            let flag =
                argument.get_long().map_or_else(|| format!("<{}>", argument.get_id()), |long| format!("--{long}"));
            found.insert((verb.get_name().to_owned(), flag));
        }
    }
    assert!(found.len() > 150, "only {} flags were found", found.len());
    found
}

#[test]
fn every_flag_of_every_verb_has_a_row() {
    let own = own::ROWS
        .iter()
        .chain(adding::ROWS)
        .chain(alerts::ROWS)
        .chain(certificate::ROWS)
        .chain(federated::ROWS)
        .chain(issuing::ROWS)
        .chain(many::ROWS)
        .chain(many::COMPARED)
        .chain(pages::ROWS)
        .chain(programs::ROWS)
        .chain(shells::ROWS);
    let own = own.chain(unlisted::ROWS);
    let own = own.map(|row| (row.verb.to_owned(), row.flag.to_owned()));
    let flags = flags();
    let verbs: BTreeSet<&str> = flags.iter().map(|(verb, _)| verb.as_str()).collect();
    let everywhere =
        everywhere::ROWS.iter().flat_map(|(flag, _)| verbs.iter().map(|verb| ((*verb).to_owned(), (*flag).to_owned())));
    let rows: BTreeSet<(String, String)> = own.chain(everywhere).collect();
    let without: Vec<_> = flags.difference(&rows).collect();
    assert!(without.is_empty(), "flags without a row: {without:?}");
    let idle: Vec<_> = rows.difference(&flags).collect();
    assert!(idle.is_empty(), "rows without a flag: {idle:?}");
    let knows: BTreeSet<&str> = everywhere::VERBS.iter().map(|verb| verb.name).collect();
    assert_eq!(knows, verbs, "each verb says how it is run");
}

#[test]
fn the_flags_of_add_do_what_they_say() {
    let shop = Fixture::added();
    adding::ROWS.iter().chain(certificate::ROWS).chain(federated::ROWS).for_each(|row| row.run(&shop));
}

#[test]
fn the_flags_of_the_other_verbs_do_what_they_say() {
    let shop = Fixture::authorized();
    let rows = own::ROWS
        .iter()
        .chain(alerts::ROWS)
        .chain(pages::ROWS)
        .chain(programs::ROWS)
        .chain(shells::ROWS)
        .chain(many::ROWS)
        .chain(many::COMPARED);
    rows.for_each(|row| row.run(&shop));
    shop.json(&["test", "shop"], 0);
}

#[test]
fn the_flags_of_a_mailbox_without_a_profile_do_what_they_say() {
    let shop = Fixture::without_key();
    unlisted::ROWS.iter().for_each(|row| row.run(&shop));
}

#[test]
fn the_flags_of_issuing_do_what_they_say() {
    let shop = Fixture::authorized();
    issuing::ROWS.iter().for_each(|row| row.run(&shop));
}

#[test]
fn the_flags_of_all_verbs_do_what_they_say_at_each() {
    let shop = Fixture::authorized();
    for (flag, look) in everywhere::ROWS {
        for verb in everywhere::VERBS {
            println!("{} {flag}", verb.name);
            look(&shop, verb);
        }
    }
}
