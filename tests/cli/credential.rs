use crate::sandbox::world::SHOP;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::wait_until;

fn asked(shop: &Fixture, arguments: &[&str], request: &str) -> Finished {
    shop.run(&[&["credential"], arguments].concat()).stdin(request).finish()
}

/// The value of `key` in an answer.
fn value(answer: &Finished, key: &str) -> Option<String> {
    answer.stdout.lines().find_map(|line| line.strip_prefix(&format!("{key}=")).map(str::to_owned))
}

#[test]
fn git_is_answered_with_a_good_token_for_the_mailboxs_own_servers_alone() {
    let shop = Fixture::authorized();
    let ports = shop.sandbox().ports();
    let smtp = format!("protocol=smtp\nhost=localhost:{}\nusername={SHOP}\n", ports.smtp_starttls);
    let answer = asked(&shop, &["get"], &smtp).code(0);
    assert_eq!(value(&answer, "username").as_deref(), Some(SHOP));
    assert!(shop.sandbox().is_live_access_token(&value(&answer, "password").unwrap()));
    assert!(value(&answer, "password_expiry_utc").unwrap().parse::<i64>().unwrap() > 1_700_000_000);
    assert_eq!(answer.stderr, "");
    // Git 2.46 takes a token as one.
    let answer = asked(&shop, &["get"], &format!("capability[]=authtype\n{smtp}")).code(0);
    assert_eq!(value(&answer, "authtype").as_deref(), Some("Bearer"));
    assert!(shop.sandbox().is_live_access_token(&value(&answer, "credential").unwrap()));
    for other in [
        "protocol=https\nhost=github.com\n",
        "protocol=smtp\nhost=localhost:25\n",
        "protocol=smtp\nhost=mail.example\n",
        "",
    ] {
        assert_eq!(asked(&shop, &["get"], other).code(0).all_text().trim(), "", "{other}");
    }
    let document = shop.run(&["--json", "credential", "get"]).stdin(&smtp).finish().code(0).json();
    assert_eq!(document["access_token"].as_str(), value(&asked(&shop, &["get"], &smtp), "password").as_deref());
}

#[test]
fn store_and_erase_change_nothing_and_a_request_that_is_none_is_refused() {
    let shop = Fixture::authorized();
    let before = shop.files();
    for operation in ["store", "erase"] {
        let request = format!("protocol=smtp\nhost=localhost\nusername={SHOP}\npassword=a-password\n");
        assert_eq!(asked(&shop, &[operation], &request).code(0).all_text().trim(), "");
    }
    assert_eq!(shop.files(), before);
    for wrong in ["nonsense\n", "protocol=smtp\nhost=local\rhost\n", "protocol=smtp\nhost=\0\n"] {
        asked(&shop, &["get"], wrong).code(2).says("credential.helper");
    }
    asked(&shop, &["get"], &"a=b\n".repeat(100_000)).code(2).says("too long");
}

#[test]
fn a_request_that_does_not_come_is_not_waited_for_beyond_the_timeout() {
    let shop = Fixture::authorized();
    let mut running = shop.run(&["credential", "get", "--timeout", "1"]).start_with_open_stdin();
    wait_until("the command has ended", || running.has_ended());
    running.finish().code(2).says("in time");
}

#[test]
fn without_a_sign_in_git_is_told_why_and_gets_nothing() {
    let shop = Fixture::added();
    let answer = asked(&shop, &["get"], "protocol=smtp\nhost=localhost\n").code(4);
    assert_eq!(answer.stdout, "");
    answer.says("mailgrant authorize shop");
}
