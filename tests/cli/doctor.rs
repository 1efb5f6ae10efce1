//! The machine rather than a mailbox: what is well, what is not, and what a support bundle holds.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use serde_json::Value;

use crate::sandbox::world::{CONFIDENTIAL_CLIENT, SHOP};
use crate::sandbox::{Sandbox, SandboxConfig};
use crate::support::canary::{self, CLIENT_SECRET};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::ALWAYS_STALE;
use crate::support::process::Run;

fn reports(finished: &Finished) -> Vec<Value> {
    finished.json()["reports"].as_array().cloned().unwrap_or_default()
}

/// Every check of this stage, in all reports, with its outcome and words.
fn checks(finished: &Finished, stage: &str) -> Vec<(String, String)> {
    let checks = reports(finished).into_iter().flat_map(|report| report["checks"].as_array().cloned().unwrap());
    let of_stage = checks.filter(|check| check["stage"] == stage);
    of_stage
        .map(|check| {
            let words = [&check["detail"], &check["because"], &check["finding"]["cause"]];
            let words = words.iter().find_map(|words| words.as_str()).unwrap_or_default().to_owned();
            (check["outcome"].as_str().unwrap().to_owned(), words)
        })
        .collect()
}

fn all(finished: &Finished, stage: &str, outcome: &str) -> bool {
    let checks = checks(finished, stage);
    !checks.is_empty() && checks.iter().all(|(is, _)| is == outcome)
}

/// A profile with its servers on ports where no program listens.
fn with_closed_ports(home: &Fixture) {
    let closed = || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    home.write_config(&format!(
        "[apps.shop]\nprovider = \"microsoft365\"\ntenant = \"contoso.example\"\nclient_id = \"{CONFIDENTIAL_CLIENT}\"\n\
         authority = \"https://localhost:{}\"\n[mailboxes.shop]\napp = \"shop\"\naddress = \"{SHOP}\"\n\
         incoming = {{ protocol = \"imap\", host = \"localhost\", port = {} }}\n",
        closed(),
        closed(),
    ));
}

fn bundle(shop: &Fixture, arguments: &[&str]) -> (Run, std::path::PathBuf) {
    let path = shop.path().join("bundle.txt");
    let name = path.display().to_string();
    (shop.run(&[&["--json", "doctor", "--bundle", &name], arguments].concat()), path)
}

#[test]
fn a_healthy_machine_passes_every_check_without_a_sign_in() {
    let shop = Fixture::authorized();
    let before = shop.files();
    let requests = shop.sandbox().counters().token_requests;
    let doctor = shop.json(&["doctor"], 0);
    for stage in ["profile", "secret_store", "permissions", "trust", "proxy", "dns", "tcp", "tls", "clock"] {
        assert!(all(&doctor, stage, "passed"), "{stage}: {}", doctor.stdout);
    }
    let subjects: Vec<Value> = reports(&doctor).into_iter().map(|report| report["name"].clone()).collect();
    let ports = shop.sandbox().ports();
    let host = |port: u16| Value::from(format!("localhost:{port}"));
    assert_eq!(subjects[1..], [host(ports.https), host(ports.imap_implicit), host(ports.smtp_starttls)]);
    // Who issued the certificates is what tells of interception.
    let tls = checks(&doctor, "tls");
    assert!(tls.len() == 3 && tls.iter().all(|(_, words)| words.contains("mailgrant practice CA")), "{tls:?}");
    let counters = shop.sandbox().counters();
    assert_eq!((counters.mail_logins, counters.mail_refusals, counters.token_requests), (0, 0, requests));
    assert!(shop.files() == before, "something was left behind or changed");
    shop.insist_on_manners();
}

#[test]
fn people_read_it_too() {
    let shop = Fixture::added();
    let doctor = shop.run(&["doctor"]).finish().code(0);
    for words in
        ["this machine", "mailgrant", "tls library", "ok    secret store", "TLS, clock", "mailgrant test --all"]
    {
        assert!(doctor.stdout.contains(words), "{words}: {}", doctor.stdout);
    }
    assert_eq!(doctor.stderr, "");
}

#[test]
fn a_clock_that_is_off_is_warned_of_and_then_fails() {
    let shop = Fixture::added();
    shop.sandbox().set_clock_shift(SignedDuration::from_secs(150));
    let doctor = shop.json(&["doctor"], 0);
    let warning = doctor.json()["warnings"][0]["text"].as_str().unwrap().to_owned();
    assert!(warning.contains("minutes behind localhost"), "{warning}");
    shop.sandbox().set_clock_shift(SignedDuration::from_mins(-10));
    let doctor = shop.json(&["doctor"], 1);
    assert_eq!(doctor.finding_codes(), ["clock-off"]);
    let [(_, words)] = checks(&doctor, "clock").try_into().unwrap();
    assert!(words.contains("minutes ahead of localhost"), "{words}");
}

#[test]
fn a_store_that_is_broken_is_a_finding_and_the_rest_is_looked_at() {
    let shop = Fixture::added();
    let no_keyring = shop.run(&["--json", "doctor"]).env("MAILGRANT_STORE", "keyring").finish().code(5);
    assert_eq!(no_keyring.finding_codes(), ["keyring-absent"]);
    assert!(all(&no_keyring, "tls", "passed"), "{}", no_keyring.stdout);
    std::fs::remove_file(shop.vault_key()).unwrap();
    let no_key = shop.json(&["doctor"], 5);
    assert_eq!(no_key.finding_codes(), ["vault-no-key"]);
    assert!(all(&no_key, "clock", "passed"), "{}", no_key.stdout);
}

#[cfg(unix)]
#[test]
fn files_that_others_can_read_or_change_are_named_with_the_command_that_repairs_it() {
    use std::os::unix::fs::PermissionsExt;

    let shop = Fixture::added();
    let key = shop.vault_key();
    let set = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&key, 0o644);
    let doctor = shop.json(&["doctor"], 5);
    let fix = format!("Run: chmod 600 {}", key.display());
    assert!(doctor.stdout.contains(&fix) && doctor.stdout.contains("all others can read"), "{}", doctor.stdout);
    set(&key, 0o600);
    let record = shop.path().join("data/mailgrant/vault.age.d/app-shop.age");
    set(&record, 0o640);
    let doctor = shop.json(&["doctor"], 5);
    assert!(doctor.stdout.contains(&format!("Run: chmod 600 {}", record.display())), "{}", doctor.stdout);
    set(&record, 0o600);
    let doctor = shop.json(&["doctor"], 0);
    assert!(doctor.stdout.contains("1 files in it, each private"), "{}", doctor.stdout);
    set(&shop.config(), 0o646);
    let doctor = shop.json(&["doctor"], 3);
    assert_eq!(doctor.finding_codes(), ["profile-writable-by-others"]);
    set(&shop.config(), 0o644);
    let left = shop.path().join("config/mailgrant/.mailgrant-abc123.tmp");
    let hour_ago = std::fs::metadata(&key).unwrap().modified().unwrap() - Duration::from_secs(3600);
    std::fs::File::create(&left).unwrap().set_modified(hour_ago).unwrap();
    let doctor = shop.json(&["doctor"], 0);
    assert!(
        doctor.json()["warnings"][0]["text"].as_str().unwrap().contains(".mailgrant-abc123.tmp"),
        "{}",
        doctor.stdout
    );
}

#[test]
fn without_a_profile_the_usual_servers_are_looked_at_and_the_deadline_holds() {
    let home = Fixture::new();
    let started = Instant::now();
    // Whether there is a network here is not this test's matter.
    let doctor = home.run(&["--json", "doctor", "--timeout", "3"]).finish();
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert!(all(&doctor, "profile", "skipped"), "{}", doctor.stdout);
    assert!(all(&doctor, "secret_store", "passed"), "{}", doctor.stdout);
    let subjects: Vec<Value> = reports(&doctor).into_iter().map(|report| report["name"].clone()).collect();
    let usual = ["login.microsoftonline.com:443", "outlook.office365.com:993", "smtp.office365.com:587"];
    assert_eq!(subjects[1..], usual.map(Value::from));
}

#[test]
fn a_profile_that_is_wrong_or_named_and_absent_is_one_failed_check() {
    let home = Fixture::new();
    home.write_config("[apps.shop]\nprovidr = \"microsoft365\"\n");
    let wrong = home.run(&["--json", "doctor", "--timeout", "1"]).finish().code(3);
    assert_eq!(wrong.finding_codes()[0], "profile");
    assert!(wrong.stdout.contains("config.toml:2:"), "{}", wrong.stdout);
    assert!(all(&wrong, "secret_store", "passed"), "{}", wrong.stdout);
    let absent = home.run(&["--json", "doctor", "--timeout", "1", "--config", "elsewhere.toml"]).finish().code(3);
    assert!(all(&absent, "profile", "failed"), "{}", absent.stdout);
}

#[test]
fn closed_ports_fail_alone_and_in_time() {
    let home = Fixture::new();
    with_closed_ports(&home);
    let started = Instant::now();
    let doctor = home.run(&["--json", "doctor"]).finish().code(6);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!(doctor.finding_codes(), ["connection-refused", "connection-refused"]);
    for stage in ["profile", "secret_store", "permissions", "trust", "proxy"] {
        assert!(all(&doctor, stage, "passed"), "{stage}: {}", doctor.stdout);
    }
    assert!(all(&doctor, "clock", "skipped"), "{}", doctor.stdout);
}

#[test]
fn where_no_name_is_known_the_machine_is_told_to_have_no_dns() {
    let home = Fixture::new();
    // No such name can exist anywhere (RFC 2606 section 2).
    home.write_config(&format!(
        "[apps.shop]\nprovider = \"microsoft365\"\ntenant = \"contoso.example\"\nclient_id = \"{CONFIDENTIAL_CLIENT}\"\n\
         authority = \"https://sign-in.invalid\"\n[mailboxes.shop]\napp = \"shop\"\naddress = \"{SHOP}\"\n\
         incoming = {{ protocol = \"imap\", host = \"imap.invalid\" }}\n",
    ));
    let doctor = home.run(&["--json", "doctor", "--timeout", "5"]).finish().code(6);
    assert_eq!(doctor.finding_codes()[0], "no-dns", "{}", doctor.stdout);
    let (outcome, words) = &checks(&doctor, "dns")[0];
    assert!(outcome == "failed" && words.contains("imap.invalid, sign-in.invalid"), "{words}");
}

#[test]
fn servers_that_say_nothing_are_waited_for_side_by_side() {
    let shop = Fixture::new();
    let silent: Vec<_> = (0..6).map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let mut profile = format!(
        "[apps.shop]\nprovider = \"microsoft365\"\ntenant = \"contoso.example\"\nclient_id = \"{CONFIDENTIAL_CLIENT}\"\n\
         authority = \"{}\"\nca_file = \"{}\"\n",
        shop.sandbox().authority(),
        shop.ca_file()
    );
    for (number, listener) in silent.iter().enumerate() {
        profile.push_str(&format!(
            "[mailboxes.box{number}]\napp = \"shop\"\naddress = \"{SHOP}\"\n\
             incoming = {{ protocol = \"imap\", host = \"localhost\", port = {} }}\n",
            listener.local_addr().unwrap().port()
        ));
    }
    shop.write_config(&profile);
    let started = Instant::now();
    let doctor = shop.json(&["doctor", "--timeout", "3"], 6);
    // One after the other they would take 18 s.
    assert!(started.elapsed() < Duration::from_secs(12), "{:?}", started.elapsed());
    assert_eq!(doctor.finding_codes(), ["timed-out"; 6]);
    assert!(all(&doctor, "clock", "passed"), "{}", doctor.stdout);
}

#[test]
fn an_interceptor_is_named_on_the_way_to_the_sign_in() {
    let shop = Fixture::added();
    let other = Sandbox::start(SandboxConfig::default()).unwrap();
    shop.add("shop", &[("--ca-file", Some(&other.ca_file().display().to_string())), ("--force", Some(""))])
        .finish()
        .code(0);
    let doctor = shop.json(&["doctor"], 1);
    let tls = checks(&doctor, "tls");
    let named = |(outcome, words): &(String, String)| outcome == "failed" && words.contains("mailgrant practice CA");
    assert!(tls.len() == 3 && tls.iter().all(named), "{}", doctor.stdout);
    assert!(all(&doctor, "clock", "skipped"), "{}", doctor.stdout);
}

#[test]
fn a_proxy_is_shown_without_its_password() {
    let shop = Fixture::added();
    let doctor = shop
        .run(&["-v", "--json", "doctor"])
        .env("HTTPS_PROXY", "http://admin:canary-proxy-pass@proxy.example:3128")
        .env("NO_PROXY", "contoso.example")
        .finish()
        .code(0);
    let proxy = checks(&doctor, "proxy");
    assert!(proxy[0].1.contains("proxy.example:3128") && proxy[1].1.contains("contoso.example"), "{proxy:?}");
    assert!(!doctor.all_text().contains("canary"), "{}", doctor.all_text());
}

#[test]
fn a_sign_in_through_a_proxy_tells_who_issued_the_certificate_that_came() {
    let shop = Fixture::new();
    let port = proxy_to(shop.sandbox().ports().https);
    // A name that is not a loopback's, so that the proxy is used; it exists for the proxy alone.
    shop.write_config(&format!(
        "[apps.shop]\nprovider = \"microsoft365\"\ntenant = \"contoso.example\"\nclient_id = \"{CONFIDENTIAL_CLIENT}\"\n\
         authority = \"https://sign-in.invalid\"\nca_file = \"{}\"\n",
        shop.ca_file()
    ));
    let doctor =
        shop.run(&["--json", "doctor"]).env("HTTPS_PROXY", &format!("http://127.0.0.1:{port}")).finish().code(1);
    assert!(all(&doctor, "dns", "skipped"), "{}", doctor.stdout);
    // The practice server's certificate is for localhost: through the proxy its name is checked all the same.
    assert_eq!(doctor.finding_codes(), ["tls-wrong-host"]);
}

/// An HTTP proxy that leads every CONNECT (RFC 9110 §9.3.6) to one port of this machine.
fn proxy_to(port: u16) -> u16 {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpStream;

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let mut lines = BufReader::new(client.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            (&client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
            let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut &from, &mut &to));
            std::thread::spawn(move || std::io::copy(&mut &server, &mut &client));
        }
    });
    own
}

#[test]
fn a_bundle_holds_what_helps_and_no_secret_in_any_encoding() {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    let (run, path) = bundle(&shop, &["--with-tests"]);
    run.env("HTTPS_PROXY", "http://admin:canary-proxy-pass@proxy.example:3128").finish().code(0);
    let text = std::fs::read_to_string(&path).unwrap();
    for words in [
        "== support bundle",
        "== doctor",
        "== profile",
        "== status",
        "authorized since",
        "== conversation with localhost:",
        "EHLO",
        "== test of shop, IMAP",
        "== test of shop, SMTP",
        "AUTHENTICATE XOAUTH2",
        "grant_type=refresh_token",
        CONFIDENTIAL_CLIENT,
        SHOP,
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains('\u{1b}'));
    let mut secrets = shop.sandbox().issued_tokens();
    secrets.extend([CLIENT_SECRET.to_owned(), "canary-proxy-pass".to_owned()]);
    let key = std::fs::read_to_string(shop.vault_key()).unwrap();
    secrets.extend(key.lines().filter(|line| line.starts_with("AGE-SECRET-KEY-1")).map(str::to_owned));
    assert!(secrets.len() > 5, "tokens, client secret, proxy password and vault key");
    assert_eq!(canary::find("the bundle", text.as_bytes(), &secrets), Vec::<String>::new());
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_bundle_is_written_for_a_sick_machine_and_says_what_could_not_be_searched_for() {
    let shop = Fixture::added();
    let (run, path) = bundle(&shop, &[]);
    run.env("MAILGRANT_STORE", "keyring").finish().code(5);
    let text = std::fs::read_to_string(&path).unwrap();
    for words in ["Could not be read, and so not be searched for", "keyring-absent", "== profile", SHOP] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("== test of"), "{text}");
}

#[test]
fn a_bundle_is_never_written_over_anything() {
    let shop = Fixture::added();
    let (run, path) = bundle(&shop, &[]);
    std::fs::write(&path, "mine").unwrap();
    let refused = run.finish().code(2);
    assert_eq!(refused.json()["error"]["code"], "bundle-exists", "{}", refused.stdout);
    assert_eq!(std::fs::read_to_string(path).unwrap(), "mine");
}

#[test]
fn a_secret_where_none_should_be_stops_the_bundle() {
    // The client secret was pasted where the mailbox's name goes.
    let secret = "practice-only-canary-pasted-as-a-name";
    let config = SandboxConfig { client_secret: secret.to_owned(), ..SandboxConfig::default() };
    let shop = Fixture::new().beside(config);
    shop.add(secret, &[("--app", Some("shop"))]).stdin(secret).finish().code(0);
    let before = shop.files().len();
    let (run, path) = bundle(&shop, &[]);
    let refused = run.finish().code(70);
    assert_eq!(refused.json()["error"]["code"], "bundle-holds-secret", "{}", refused.stdout);
    assert!(!path.exists() && shop.files().len() == before, "nothing was written");
    assert!(!refused.all_text().contains(secret), "{}", refused.all_text());
    // It is the secret that is in the way, not the name.
    shop.json(&["doctor"], 0);
}
