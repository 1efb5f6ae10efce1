//! The help of the real binary, and what leads from another program's words to ours.

use crate::support::fixture::Fixture;

#[test]
fn a_verb_has_a_second_name_and_other_programs_words_lead_to_ours() {
    let shop = Fixture::added();
    assert_eq!(shop.json(&["ls"], 0).json()["command"], "list");
    let version = |words: &[&str]| shop.run(words).finish().code(0).stdout;
    assert_eq!(version(&["version"]), version(&["--version"]));
    let in_full = version(&["--version", "-v"]);
    assert!(in_full.starts_with(&version(&["-V"])) && in_full.contains("\nTLS: "), "{in_full}");
    assert_eq!(version(&["version", "-v"]), in_full);
    let refused = shop.json(&["rm", "nosuch"], 3);
    assert_eq!(refused.json()["command"], "remove");
    let refused = shop.json(&["login", "nosuch"], 3);
    assert_eq!(refused.json()["command"], "authorize");
    let hinted = shop.run(&["init"]).finish().code(2);
    assert!(hinted.stderr.contains("tip: Start with: `mailgrant add`"), "{}", hinted.stderr);
    let hinted = shop.json(&["init"], 2).json();
    assert!(hinted["error"]["fix"][0].to_string().contains("mailgrant add"), "{hinted}");
}

#[test]
fn the_verb_is_named_where_its_flags_do_not_parse() {
    let shop = Fixture::added();
    for (words, verb) in [(&["test", "--nonsense"][..], "test"), (&["rm"], "remove"), (&["--nonsense"], "")] {
        let refused = shop.json(words, 2).json();
        assert_eq!(refused["command"], verb, "{refused}");
    }
}

#[test]
fn the_verbs_are_in_groups_and_the_global_options_are_told_once() {
    let home = Fixture::without_key();
    let help = |words: &[&str]| home.run(words).finish().code(0).stdout;
    for words in [&["-h"][..], &["--help"], &["help"]] {
        let root = help(words);
        let places: Vec<usize> = ["Set up:\n", "Check:\n", "Use and keep:\n", "Look up:\n", "Global options:\n"]
            .iter()
            .map(|title| root.find(title).unwrap_or_else(|| panic!("no {title} in {root}")))
            .collect();
        assert!(places.is_sorted(), "{root}");
    }
    for words in [&["test", "-h"][..], &["test", "--help"], &["help", "test"]] {
        let verb = help(words);
        assert!(verb.contains("Examples:\n  mailgrant test shop\n") && !verb.contains("--color"), "{verb}");
    }
}
