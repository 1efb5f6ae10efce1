//! Why the token endpoint is not asked, in the words of what is in the way.
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;

/// What is said of the token endpoint.
fn endpoint(test: &Finished) -> String {
    let checks = test.json()["reports"][0]["checks"].as_array().unwrap().clone();
    let check = checks.iter().find(|check| check["stage"] == "token_endpoint").unwrap();
    assert_eq!(check["outcome"], "skipped", "{check}");
    check["because"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_token_endpoint_that_is_not_asked_is_told_for_its_own_reason() {
    let shop = Fixture::added();
    assert_eq!(endpoint(&shop.json(&["test", "shop"], 4)), "there is no sign-in to use");

    shop.authorize_as("shop", crate::sandbox::world::SHOP).code(0);
    let key = shop.vault_key();
    let other = shop.path().join("config/mailgrant/other.key");
    std::fs::rename(&key, &other).unwrap();
    assert_eq!(endpoint(&shop.json(&["test", "shop"], 5)), "the secret store could not be read");
    std::fs::rename(&other, &key).unwrap();

    // The sign-in is there, and the app's record is another client ID's.
    let text = std::fs::read_to_string(shop.config()).unwrap();
    std::fs::write(shop.config(), text.replace("[apps.shop]", "[apps.new]").replace("app = \"shop\"", "app = \"new\""))
        .unwrap();
    assert_eq!(endpoint(&shop.json(&["test", "shop"], 5)), "no client secret is stored");
}
