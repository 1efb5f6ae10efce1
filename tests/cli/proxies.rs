//! The proxies that the environment names: the way that curl goes, for every command alike, and whose trouble it is.

use std::process::{Command, Stdio};

use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::proxy::{Manner, ScriptedProxy};

/// A row of the table: variables (`{A}`, `{B}` and `{C}` are three proxies), the host, and which of them is asked for
/// what; nothing where the connection goes directly.
type Row = (&'static [(&'static str, &'static str)], &'static str, &'static str);

const HOST: &str = "login.corp.example";

/// What curl and mailgrant do alike.
const ALIKE: &[Row] = &[
    (&[("https_proxy", "http://{A}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("HTTPS_PROXY", "http://{A}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("all_proxy", "http://{A}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("ALL_PROXY", "http://{A}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("https_proxy", "http://{A}"), ("HTTPS_PROXY", "http://{B}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("all_proxy", "http://{A}"), ("ALL_PROXY", "http://{B}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("https_proxy", "http://{A}"), ("all_proxy", "socks5h://{B}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("HTTPS_PROXY", "http://{A}"), ("all_proxy", "http://{B}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("HTTPS_PROXY", "http://{A}"), ("ALL_PROXY", "socks5://{B}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("https_proxy", ""), ("HTTPS_PROXY", "http://{A}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("https_proxy", ""), ("all_proxy", "http://{A}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("https_proxy", ""), ("all_proxy", "")], HOST, ""),
    (&[("http_proxy", "http://{A}")], HOST, ""),
    (&[("HTTP_PROXY", "http://{A}")], HOST, ""),
    (&[("http_proxy", "http://{B}"), ("all_proxy", "http://{A}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("imap_proxy", "http://{A}")], HOST, ""),
    // How a proxy is written.
    (&[("https_proxy", "{A}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("https_proxy", "HTTP://{A}")], HOST, "A CONNECT login.corp.example:443"),
    (&[("https_proxy", "http://{A}/path?query")], HOST, "A CONNECT login.corp.example:443"),
    (&[("https_proxy", "http://ann:p%40ss@{A}")], HOST, "A CONNECT login.corp.example:443 Basic YW5uOnBAc3M="),
    (&[("https_proxy", "ann:pass@{A}")], HOST, "A CONNECT login.corp.example:443 Basic YW5uOnBhc3M="),
    (&[("https_proxy", "http://ann@{A}")], HOST, "A CONNECT login.corp.example:443 Basic YW5uOg=="),
    (&[("https_proxy", "https://{A}")], HOST, "A tls"),
    (&[("https_proxy", "socks5h://{A}")], HOST, "A socks5 login.corp.example:443"),
    (&[("all_proxy", "SOCKS5H://{A}")], HOST, "A socks5 login.corp.example:443"),
    (&[("https_proxy", "socks4a://{A}")], HOST, "A socks4 login.corp.example:443"),
    (&[("all_proxy", "socks5://{A}")], "192.0.2.1", "A socks5 192.0.2.1:443"),
    (&[("all_proxy", "socks5h://{A}")], "192.0.2.1", "A socks5 192.0.2.1:443"),
    (&[("all_proxy", "socks4://{A}")], "192.0.2.1", "A socks4 192.0.2.1:443"),
    (&[("all_proxy", "socks://{A}")], "192.0.2.1", "A socks4 192.0.2.1:443"),
    (&[("https_proxy", "http://{A}")], "login.corp.example:8443", "A CONNECT login.corp.example:8443"),
    (&[("https_proxy", "http://{A}")], "[2001:db8::1]", "A CONNECT [2001:db8::1]:443"),
    (&[("https_proxy", "gopher://{A}"), ("all_proxy", "http://{B}")], HOST, ""),
    (&[("https_proxy", "http://{A}:port"), ("all_proxy", "http://{B}")], HOST, ""),
    // Which hosts are reached without one.
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "login.corp.example")], HOST, ""),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "corp.example")], HOST, ""),
    (&[("https_proxy", "http://{A}"), ("no_proxy", ".corp.example")], HOST, ""),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "CORP.Example")], HOST, ""),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "orp.example")], HOST, "A CONNECT login.corp.example:443"),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "corp")], HOST, "A CONNECT login.corp.example:443"),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "a.example, corp.example")], HOST, ""),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "a.example corp.example")], HOST, ""),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "corp.example.")], HOST, ""),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "*")], HOST, ""),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "")], HOST, "A CONNECT login.corp.example:443"),
    (&[("https_proxy", "http://{A}"), ("no_proxy", ""), ("NO_PROXY", "corp.example")], HOST, ""),
    (
        &[("https_proxy", "http://{A}"), ("no_proxy", "a.example"), ("NO_PROXY", "corp.example")],
        HOST,
        "A CONNECT login.corp.example:443",
    ),
    (&[("all_proxy", "socks5h://{A}"), ("NO_PROXY", "corp.example")], HOST, ""),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "192.0.2.1")], "192.0.2.1", ""),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "192.0.2.0/24")], "192.0.2.1", ""),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "192.0.3.0/24")], "192.0.2.1", "A CONNECT 192.0.2.1:443"),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "192.0.2")], "192.0.2.1", "A CONNECT 192.0.2.1:443"),
    (&[("https_proxy", "http://{A}"), ("NO_PROXY", "2001:db8::1")], "[2001:db8::1]", ""),
];

/// Where mailgrant knowingly does something else: what Go, Git and Python understand in `NO_PROXY`, and that nothing for
/// this machine leaves it. The last is what curl asks for.
const DIFFERENT: &[(Row, &str)] = &[
    ((&[("https_proxy", "http://{A}"), ("NO_PROXY", "*.corp.example")], HOST, ""), "A CONNECT login.corp.example:443"),
    (
        (&[("https_proxy", "http://{A}"), ("NO_PROXY", "corp.example:443")], HOST, ""),
        "A CONNECT login.corp.example:443",
    ),
    ((&[("https_proxy", "http://{A}"), ("NO_PROXY", "a.example,*")], HOST, ""), "A CONNECT login.corp.example:443"),
    ((&[("https_proxy", "http://{A}")], "127.0.0.1:9", ""), "A CONNECT 127.0.0.1:9"),
    ((&[("https_proxy", "http://{A}")], "localhost:9", ""), "A CONNECT localhost:9"),
];

/// Mail, which curl takes through ALL_PROXY too.
const MAIL: &[Row] = &[
    (&[("all_proxy", "http://{A}")], "imap.corp.example", "A CONNECT imap.corp.example:993"),
    (&[("ALL_PROXY", "socks5h://{A}")], "imap.corp.example", "A socks5 imap.corp.example:993"),
    (
        &[("all_proxy", "socks4a://{A}"), ("https_proxy", "http://{B}")],
        "imap.corp.example",
        "A socks4 imap.corp.example:993",
    ),
    (&[("https_proxy", "http://{A}")], "imap.corp.example", ""),
    (&[("http_proxy", "http://{A}")], "imap.corp.example", ""),
    (&[("all_proxy", "http://{A}"), ("NO_PROXY", "corp.example")], "imap.corp.example", ""),
    (&[("all_proxy", "")], "imap.corp.example", ""),
    (&[("all_proxy", "gopher://{A}")], "imap.corp.example", ""),
];

/// Three proxies, and a home for what goes through them.
struct Bench {
    fixture: Fixture,
    proxies: [ScriptedProxy; 3],
}

impl Bench {
    fn new() -> Self {
        let proxies = [0; 3].map(|_| ScriptedProxy::start(Manner::Says("HTTP/1.1 502 Bad Gateway\r\n\r\n")));
        Self { fixture: Fixture::new(), proxies }
    }

    fn filled(&self, value: &str) -> String {
        let names = ["{A}", "{B}", "{C}"];
        let ports = names.iter().zip(&self.proxies);
        ports.fold(value.to_owned(), |text, (name, proxy)| text.replace(name, &format!("127.0.0.1:{}", proxy.port)))
    }

    /// What the proxies were asked for, each thing once: "A CONNECT login.corp.example:443".
    fn seen(&self) -> String {
        let names = ["A", "B", "C"];
        let seen = names.iter().zip(&self.proxies);
        let mut seen: Vec<String> =
            seen.flat_map(|(name, proxy)| proxy.take().into_iter().map(move |what| format!("{name} {what}"))).collect();
        seen.dedup();
        seen.join(", ")
    }

    /// Runs `run`, which is told how many seconds it has, and insists on what the proxies were asked for. One that is too
    /// busy to reach any in a second gets more.
    fn insist(&self, expected: &str, what: &str, run: impl Fn(&Self, &str) -> String) {
        let mut said = run(self, "1");
        let mut seen = self.seen();
        if seen.is_empty() && !expected.is_empty() {
            said = run(self, "8");
            seen = self.seen();
        }
        assert_eq!(seen, expected, "{what}: {said}");
    }

    fn ours(&self, variables: &[(&str, &str)], seconds: &str, arguments: &[&str]) -> String {
        let run = self.fixture.run(&[&["--json", "--timeout", seconds], arguments].concat());
        variables.iter().fold(run, |run, (name, value)| run.env(name, &self.filled(value))).finish().all_text()
    }

    fn curl(&self, variables: &[(&str, &str)], seconds: &str, url: &str) -> String {
        let mut curl = Command::new("curl");
        curl.args(["-q", "-s", "-m", seconds, url]).env_clear().stdout(Stdio::null()).stderr(Stdio::null());
        curl.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        curl.envs(variables.iter().map(|(name, value)| (*name, self.filled(value))));
        curl.status().unwrap().to_string()
    }
}

fn has_curl() -> bool {
    let has = Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success());
    assert!(has || std::env::var_os("MAILGRANT_TEST_REQUIRE").is_none(), "curl is missing");
    has
}

fn profile(issuer: &str, imap: &str) -> String {
    format!(
        "[apps.shop]\nprovider = \"oidc\"\nissuer = \"{issuer}\"\nclient_id = \"practice\"\ncredential = \"none\"\n\
         scopes = [\"openid\", \"mail\"]\n\
         [mailboxes.shop]\napp = \"shop\"\naddress = \"shop@corp.example\"\n\
         incoming = {{ protocol = \"imap\", host = \"{imap}\", port = 993, tls = \"implicit\" }}\n"
    )
}

const AUTHORIZE: [&str; 3] = ["authorize", "shop", "--no-browser"];

/// One test each, so that they run side by side: a connection that goes directly may end by its time-out.
fn held_against_curl(rows: &[Row]) {
    if !has_curl() {
        return;
    }
    let bench = Bench::new();
    for (variables, host, expected) in rows {
        bench.fixture.write_config(&profile(&format!("https://{host}"), "localhost"));
        let row = format!("{variables:?} for {host}");
        let url = format!("https://{host}/");
        bench.insist(expected, &row, |bench, seconds| bench.ours(variables, seconds, &AUTHORIZE));
        bench.insist(expected, &format!("doctor, {row}"), |bench, seconds| bench.ours(variables, seconds, &["doctor"]));
        bench.insist(expected, &format!("curl, {row}"), |bench, seconds| bench.curl(variables, seconds, &url));
    }
}

#[test]
fn the_sign_in_goes_the_way_that_curl_goes() {
    assert!(ALIKE.len() >= 30);
    std::thread::scope(|scope| {
        for rows in ALIKE.chunks(9) {
            scope.spawn(|| held_against_curl(rows));
        }
    });
}

#[test]
fn where_it_goes_another_way_than_curl_is_known() {
    let bench = Bench::new();
    let has_curl = has_curl();
    for ((variables, host, expected), curls) in DIFFERENT {
        bench.fixture.write_config(&profile(&format!("https://{host}"), "localhost"));
        let row = format!("{variables:?} for {host}");
        let url = format!("https://{host}/");
        bench.insist(expected, &row, |bench, seconds| bench.ours(variables, seconds, &AUTHORIZE));
        if has_curl {
            bench.insist(curls, &format!("curl, {row}"), |bench, seconds| bench.curl(variables, seconds, &url));
        }
    }
}

#[test]
fn mail_goes_the_way_that_curl_goes() {
    let bench = Bench::new();
    let has_curl = has_curl();
    for (variables, host, expected) in MAIL {
        bench.fixture.write_config(&profile("https://localhost:9", host));
        let row = format!("{variables:?} for {host}");
        let (url, test) = (format!("imaps://{host}/"), ["test-mailbox", "shop"]);
        bench.insist(expected, &format!("doctor, {row}"), |bench, seconds| bench.ours(variables, seconds, &["doctor"]));
        bench.insist(expected, &row, |bench, seconds| bench.ours(variables, seconds, &test));
        if has_curl {
            bench.insist(expected, &format!("curl, {row}"), |bench, seconds| bench.curl(variables, seconds, &url));
        }
    }
}

/// The codes of all findings and of the error, where there is one.
fn codes(ended: &Finished) -> Vec<String> {
    let error = ended.json()["error"]["code"].as_str().map(str::to_owned);
    ended.finding_codes().into_iter().chain(error).collect()
}

/// What a proxy's trouble is called, and that nothing else is to blame.
#[test]
fn a_proxys_trouble_is_told_as_the_proxys() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (manner, scheme, code, exit) in [
        (None, "http", "proxy-not-reached", 6),
        (None, "socks5h", "proxy-not-reached", 6),
        (Some(Manner::IsSilent), "http", "proxy-not-reached", 6),
        (Some(Manner::HangsUp), "http", "proxy-not-reached", 6),
        (Some(Manner::HangsUp), "socks5h", "proxy-not-reached", 6),
        (Some(Manner::Says("HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\n\r\n")), "http", "proxy-wants-sign-in", 1),
        (Some(Manner::Says("HTTP/1.1 403 Forbidden\r\n\r\n")), "http", "proxy-refused", 1),
        (Some(Manner::Says("HTTP/1.1 502 Bad Gateway\r\n\r\n")), "http", "proxy-cannot-reach", 6),
        (Some(Manner::Says("")), "socks5h", "proxy-cannot-reach", 6),
        (Some(Manner::Says("* OK IMAP4rev1 here\r\n")), "http", "proxy-not-understood", 1),
        (Some(Manner::Says("")), "ftp", "proxy-unreadable", 1),
    ] {
        let proxy = manner.map(ScriptedProxy::start);
        let port = proxy.as_ref().map_or(closed, |proxy| proxy.port);
        let home = Fixture::new();
        home.write_config(&profile("https://login.corp.example", "imap.corp.example"));
        let variable = format!("{scheme}://ann:canary-proxy-pass@127.0.0.1:{port}");
        for arguments in
            [&["authorize", "shop", "--no-browser"][..], &["test", "shop"], &["test-mailbox", "shop"], &["doctor"]]
        {
            let arguments = [&["-v", "--json", "--timeout", "2"], arguments].concat();
            let ended = home.run(&arguments).env("ALL_PROXY", &variable).finish();
            let codes = codes(&ended);
            let text = ended.all_text();
            assert!(codes.iter().any(|found| found == code), "{manner:?} {scheme}: {codes:?}\n{text}");
            if arguments.contains(&"authorize") {
                ended.clone().code(exit);
            }
            assert!(text.contains(&format!("127.0.0.1:{port}")) && text.contains("ALL_PROXY"), "{text}");
            assert!(!text.contains("canary"), "{text}");
            for wrong in
                ["name-not-found", "connection-refused", "timed-out", "unreachable", "port-blocked", "no-network"]
            {
                assert!(!codes.iter().any(|found| found == wrong), "{manner:?} {scheme}: {codes:?}\n{text}");
            }
        }
    }
}

/// From end to end: what comes out of a proxy is the practice tenant, whose certificate is for localhost.
#[test]
fn a_proxy_leads_to_the_server_and_its_name_is_checked_all_the_same() {
    let shop = Fixture::new();
    let ports = shop.sandbox().ports();
    for scheme in ["http", "socks4a", "socks5h"] {
        let sign_in = ScriptedProxy::start(Manner::LeadsTo(ports.https));
        let mail = ScriptedProxy::start(Manner::LeadsTo(ports.imap_implicit));
        shop.write_config(&format!(
            "[apps.shop]\nprovider = \"oidc\"\nissuer = \"https://login.corp.example\"\nclient_id = \"practice\"\n\
             credential = \"none\"\nscopes = [\"openid\", \"mail\"]\nca_file = \"{ca}\"\n\
             [mailboxes.shop]\napp = \"shop\"\naddress = \"shop@corp.example\"\nca_file = \"{ca}\"\n\
             incoming = {{ protocol = \"imap\", host = \"imap.corp.example\", port = 993, tls = \"implicit\" }}\n",
            ca = shop.ca_file()
        ));
        let doctor = shop.run(&["-v", "--json", "doctor"]);
        let doctor = doctor.env("https_proxy", &format!("{scheme}://127.0.0.1:{}", sign_in.port));
        let doctor = doctor.env("all_proxy", &format!("{scheme}://ann:canary-proxy-pass@127.0.0.1:{}", mail.port));
        let doctor = doctor.finish().code(1);
        let wrong: Vec<String> = doctor.finding_codes().into_iter().filter(|code| code == "tls-wrong-host").collect();
        assert_eq!(wrong.len(), 2, "{scheme}: {}", doctor.all_text());
        // The second look at the certificate, which tells its names, goes through the proxy too.
        assert!(doctor.stdout.contains("is not for imap.corp.example, but for localhost"), "{}", doctor.all_text());
        assert!(doctor.stdout.contains(&format!("through {scheme}://127.0.0.1:{} (all_proxy)", mail.port)));
        assert!(!doctor.all_text().contains("canary"), "{}", doctor.all_text());
    }
}

/// The same name does not exist for the sign-in and for mail, and is told alike.
#[test]
fn a_mistyped_host_is_told_alike_for_the_sign_in_and_for_mail() {
    let home = Fixture::new();
    home.write_config(&profile("https://no-such-host.invalid", "localhost"));
    let sign_in = home.json(&["authorize", "shop", "--no-browser"], 1);
    home.write_config(&profile("https://localhost:9", "no-such-host.invalid"));
    let mail = home.run(&["--json", "test-mailbox", "shop"]).finish();
    let both = [codes(&sign_in), codes(&mail)];
    let told = both.each_ref().map(|codes| codes.iter().find(|code| code.starts_with("name-")));
    assert!(told[0].is_some() && told[0] == told[1], "{both:?}");
}
