//! The person at the browser, played: what `BROWSER` names during the practice.

use std::path::Path;

use practice_tenant::browser::{self, Person};
use practice_tenant::world::SHOP;
use url::Url;

use super::lines::{CA_FILE, DECLINES, SIGNS_IN_AS};
use crate::{environment, profile};

/// Opens `url` and answers its page as [`SIGNS_IN_AS`] says; with `code`, enters that first.
pub(super) fn sign_in(url: &Url, code: Option<&str>) -> Result<(), String> {
    // Whatever opens a browser meanwhile, the network is left alone.
    if !profile::is_loopback(url) {
        return Err(format!("{url} is not a page of the practice tenant"));
    }
    let ca_file = environment::raw(CA_FILE).ok_or_else(|| format!("{CA_FILE} is not set: no practice is running"))?;
    let person = match environment::text(SIGNS_IN_AS).as_deref() {
        Some(DECLINES) => Person::Declines,
        person => Person::SignsInAs(person.unwrap_or(SHOP).to_owned()),
    };
    let page = match code {
        Some(code) => browser::enter_code(url.as_str(), code, Path::new(&ca_file), &person),
        None => browser::sign_in(url.as_str(), Path::new(&ca_file), &person),
    };
    // A browser has done its part with whichever page it shows.
    page.map(drop).map_err(|error| error.to_string())
}
