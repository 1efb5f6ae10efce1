//! The flags of what other programs are set up with.

use super::{Row, does};
use crate::support::fixture::Fixture;

pub(super) const ROWS: &[Row] = &[
    does("snippet", "<program>", |shop| {
        let [msmtp, python] = ["msmtp", "python"].map(|program| printed(shop, &["snippet", program, "shop"]));
        assert!(msmtp.contains("auth xoauth2") && python.contains("smtplib"), "{msmtp}{python}");
    }),
    does("snippet", "<name>", |shop| {
        let [name, address] =
            ["shop", crate::sandbox::world::SHOP].map(|name| printed(shop, &["snippet", "msmtp", name]));
        assert_eq!(name, address);
        shop.run(&["snippet", "msmtp", "absent"]).finish().code(3);
    }),
    does("credential", "<operation>", |shop| {
        assert!(asked(shop, &["get"]).contains("\npassword="));
        for operation in ["store", "erase", "of-a-later-git"] {
            assert_eq!(asked(shop, &[operation]), "");
        }
        shop.run(&["credential"]).finish().code(2);
    }),
    does("credential", "--for", |shop| {
        assert!(asked(shop, &["--for", "shop", "get"]).contains("\npassword="));
        shop.run(&["credential", "--for", "absent", "get"]).stdin(REQUEST).finish().code(3);
    }),
];

fn printed(shop: &Fixture, arguments: &[&str]) -> String {
    shop.run(arguments).finish().code(0).stdout
}

/// What Git asks for.
const REQUEST: &str = "protocol=smtp\nhost=localhost\n\n";

fn asked(shop: &Fixture, arguments: &[&str]) -> String {
    shop.run(&[&["credential"], arguments].concat()).stdin(REQUEST).finish().code(0).stdout
}
