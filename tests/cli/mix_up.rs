//! Answers that come twice, from elsewhere, or for another account (SECURITY.md A1, A2).

use std::thread;
use std::time::Duration;

use url::Url;

use crate::authorize_elsewhere::oidc_shop;
use crate::sandbox::browser::{self, Person};
use crate::sandbox::world::SHOP;
use crate::support::fixture::Fixture;

fn person() -> Person {
    Person::SignsInAs(SHOP.to_owned())
}

/// `address` without its parameter `name`, or with another value of it.
fn with(address: &str, name: &str, value: Option<&str>) -> String {
    let mut changed = Url::parse(address).unwrap();
    let pairs: Vec<(String, String)> = changed.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    changed.query_pairs_mut().clear().extend_pairs(pairs).extend_pairs(value.map(|value| (name, value)));
    changed.into()
}

#[test]
fn an_answer_counts_once_and_only_in_its_own_sign_in() {
    let shop = Fixture::added();
    let ca_file = shop.sandbox().ca_file();
    shop.sandbox().set_token_delay(Duration::from_secs(1));
    let mut running = shop.run(&["--json", "authorize", "shop"]).start();
    let callback = browser::obtain_redirect(&running.authorization_url(), ca_file, &person()).unwrap();
    // The same answer from eight tabs at once, while the code is being exchanged.
    let pages: Vec<_> = thread::scope(|scope| {
        let tabs: Vec<_> = (0..8).map(|_| scope.spawn(|| browser::get(&callback, ca_file))).collect();
        tabs.into_iter().map(|tab| tab.join().unwrap()).collect()
    });
    let good = pages.iter().filter(|page| page.as_ref().is_ok_and(|page| page.status == 200)).count();
    assert_eq!(good, 1, "{pages:?}");
    running.finish().code(0);
    assert!(browser::get(&callback, ca_file).is_err(), "the port is closed");
    assert_eq!(shop.sandbox().counters().token_requests, 1);

    // The next sign-in has another state, and takes neither the old answer nor the old state with a new code.
    let mut again = shop.run(&["--json", "authorize", "shop"]).start();
    let own = browser::obtain_redirect(&again.authorization_url(), ca_file, &person()).unwrap();
    let port = Url::parse(&own).unwrap().port();
    let mut old = Url::parse(&callback).unwrap();
    old.set_port(port).unwrap();
    let state = old.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    for replay in [old.to_string(), with(&own, "state", Some(&state)), with(&own, "state", None)] {
        assert_eq!(browser::get(&replay, ca_file).unwrap().status, 400, "{replay}");
    }
    assert_eq!(shop.sandbox().counters().token_requests, 1);
    assert_eq!(browser::get(&own, ca_file).unwrap().status, 200);
    again.finish().code(0);
    shop.insist_on_manners();
}

/// The mix-up attack (RFC 9207 section 1): the user wants to sign in at one provider, whose server, being hostile, sends
/// the browser on to an honest one. The honest code must not be carried to the hostile one's token endpoint.
#[test]
fn a_code_of_one_provider_is_never_carried_to_another() {
    let hostile = oidc_shop();
    let honest = oidc_shop();
    let ca_file = honest.sandbox().ca_file();
    for announces_itself in [true, false] {
        let mut running = hostile.run(&["--json", "authorize", "shop", "--timeout", "20"]).start();
        let asked = Url::parse(&running.authorization_url()).unwrap();
        let mut forwarded = Url::parse(&format!("{}/authorize", honest.sandbox().issuer())).unwrap();
        forwarded.set_query(asked.query());
        let callback = browser::obtain_redirect(forwarded.as_str(), ca_file, &person()).unwrap();
        assert!(callback.contains("code=") && callback.contains("iss="), "{callback}");
        let callback = if announces_itself { callback } else { with(&callback, "iss", None) };
        let page = browser::get(&callback, ca_file).unwrap();
        assert_eq!(page.status, 400, "{}", page.body);
        let refused = running.finish().code(1);
        let words = if announces_itself { "another issuer" } else { "does not name its issuer" };
        assert!(refused.stdout.contains(words), "{}", refused.stdout);
        assert_eq!(refused.outcome("authorize"), "failed");
    }
    for shop in [&hostile, &honest] {
        assert_eq!(shop.sandbox().counters().token_requests, 0);
    }
    assert_eq!(crate::support::practice::fact(&hostile.json(&["status", "shop"], 4), "status"), "not authorized");
}
