//! The flags that raise an alert by the days that are left.

use jiff::Span;
use jiff::tz::TimeZone;
use mailgrant::clock::Clock;

use super::own::{shows, shows_not};
use super::{Row, does};
use crate::sandbox::world::SHOP;
use crate::support::fixture::Fixture;

pub(crate) const ROWS: &[Row] = &[
    does("test", "--warning", |_| warning("test")),
    does("test", "--critical", |_| critical("test")),
    does("status", "--warning", |_| warning("status")),
    does("status", "--critical", |_| {
        critical("status");
        Fixture::added().json(&["status", "--critical", "7:", "--fail-within=7"], 2);
    }),
];

/// An authorized mailbox whose app's secret ends in so many days.
fn ending_in(days: i32) -> Fixture {
    let shop = Fixture::new();
    let today = Clock::system().now().to_zoned(TimeZone::UTC).date();
    let day = (today + Span::new().days(days)).to_string();
    shop.add("shop", &[("--expires", Some(&day))]).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    shop
}

fn warning(verb: &str) {
    let shop = ending_in(50);
    shows_not(&shop, &[verb, "shop"], 0, "expires-soon");
    shows(&shop, &[verb, "shop", "--warning", "60:"], 0, "expires-soon");
    shows_not(&shop, &[verb, "shop", "-w", "40:"], 0, "expires-soon");
    shows(&shop, &[verb, "shop", "--warning", "@40:60"], 0, "expires-soon");
    shop.json(&[verb, "shop", "--warning", "60:40"], 2);
}

fn critical(verb: &str) {
    let shop = ending_in(5);
    shop.json(&[verb, "shop", "--critical", "3:"], 0);
    shows(&shop, &[verb, "shop", "--critical", "7:"], 1, "secret-expires-soon");
    shows(&Fixture::authorized(), &[verb, "shop", "-c", "7:"], 1, "secret-expiry-unknown");
    shop.json(&[verb, "shop", "--critical", "soon"], 2);
}
