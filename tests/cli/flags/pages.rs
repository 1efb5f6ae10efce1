//! The flags of what leads to the provider's pages.

use super::{Row, does};
use crate::support::practice::fact;

pub(super) const ROWS: &[Row] = &[
    does("guide", "<name>", |shop| {
        let told = shop.json(&["guide", "shop"], 0).json();
        assert_eq!(told["reports"][0]["tasks"][0]["title"], "App registration", "{told}");
        shop.json(&["guide", "no-such"], 3);
    }),
    does("guide", "--test", |shop| {
        let done =
            |flags: &[&str]| shop.json(flags, 0).json()["reports"][0]["tasks"].to_string().matches("\"done\"").count();
        assert!(done(&["guide", "shop", "--test"]) > done(&["guide", "shop"]));
    }),
    does("open", "<name>", |shop| {
        assert!(fact(&shop.json(&["open", "shop", "app"], 0), "url").starts_with("https://"));
        shop.json(&["open", "no-such", "app"], 3);
    }),
    does("open", "<page>", |shop| {
        assert!(fact(&shop.json(&["open", "shop", "secrets"], 0), "url").contains("/Credentials/"));
        shop.json(&["open", "shop", "no-such"], 2);
    }),
    does("open", "--print", |shop| {
        let url = |more: &[&str]| fact(&shop.json(&[&["open", "shop", "app"], more].concat(), 0), "url");
        assert_eq!(url(&["--print"]), url(&[]));
    }),
];
