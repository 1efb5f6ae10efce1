//! What monitors make of our answers: Nagios and Icinga run the command as their plugin, cron's run-parts mails what it prints,
//! Prometheus scrapes the metrics that it has written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use practice_tenant::faults::Fault;
use serde_json::Value;

use crate::guard::{As, Guard, port};
use crate::parts;
use crate::support::fixture::Fixture;
use crate::support::wait_until;

const OFF: &str = "smtp-auth-off-tenant";

/// Nagios in a folder of its own, which runs these commands as services each second.
struct Nagios {
    status: PathBuf,
    _server: Guard,
}

impl Nagios {
    /// Starts it with services and the arguments of each.
    fn start(shop: &Fixture, services: &[(&str, &str)]) -> Self {
        let folder = shop.path().join("nagios");
        fs::create_dir_all(folder.join("results")).expect("the home is ours");
        let plugin = folder.join("plugin.sh");
        fs::write(&plugin, plugin_script(shop)).expect("the home is ours");
        let mut objects = include_str!("../nagios/objects.cfg").replace("PLUGIN", &plugin.display().to_string());
        for (name, arguments) in services {
            objects.push_str(&format!(
                "define service {{\n use checked\n service_description {name}\n check_command mailgrant!{arguments}\n}}\n"
            ));
        }
        let (user, group) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let main = include_str!("../nagios/nagios.cfg")
            .replace("FOLDER", &folder.display().to_string())
            .replace("USER", &user.to_string())
            .replace("GROUP", &group.to_string());
        fs::write(folder.join("objects.cfg"), objects).expect("the home is ours");
        fs::write(folder.join("nagios.cfg"), main).expect("the home is ours");
        let log = folder.join("log");
        let mut program = Command::new("/usr/sbin/nagios4");
        program.arg(folder.join("nagios.cfg"));
        let server = Guard::start("Nagios", As::Me, &mut program, Path::new("/dev/null"), &log);
        let status = folder.join("status.dat");
        Self { _server: server.once(&log, || status.exists()), status }
    }

    /// What it holds of a service once that was checked.
    fn service(&self, name: &str) -> BTreeMap<String, String> {
        let text = fs::read_to_string(&self.status).unwrap_or_default();
        let blocks = text.split("servicestatus {").skip(1).filter_map(|block| block.split_once("\t}"));
        let values = blocks.map(|(block, _)| -> BTreeMap<String, String> {
            let lines = block.lines().filter_map(|line| line.trim().split_once('='));
            lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        });
        values
            .into_iter()
            .find(|values| values.get("service_description").is_some_and(|is| is == name))
            .unwrap_or_default()
    }

    /// Waits until a service is in this state.
    fn is(&self, name: &str, state: &str) -> BTreeMap<String, String> {
        let is_so = || {
            let service = self.service(name);
            service.get("has_been_checked").is_some_and(|is| is == "1")
                && service.get("current_state").is_some_and(|is| is == state)
        };
        wait_until("Nagios sees it", is_so);
        self.service(name)
    }
}

/// Runs the binary in this home: monitors pass their own environment on, if any.
fn plugin_script(shop: &Fixture) -> String {
    let mut script = "#!/bin/sh\n".to_owned();
    for (name, value) in shop.program("true").get_envs() {
        let value = value.map(|value| value.to_string_lossy().replace('\'', r"'\''")).unwrap_or_default();
        script.push_str(&format!("export {}='{value}'\n", name.to_string_lossy()));
    }
    script.push_str(&format!("exec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_mailgrant")));
    script
}

#[test]
fn nagios_runs_the_plugin_and_shows_its_state_its_figures_and_its_checks() {
    if parts::monitors(&["nagios4"]).is_none() {
        return;
    }
    let shop = Fixture::authorized();
    let nagios = Nagios::start(&shop, &[("mailbox", "test shop"), ("wrong", "test --nonsense")]);
    let works = nagios.is("mailbox", "0");
    assert_eq!(works["plugin_output"], "OK: shop@contoso.example: all is well");
    for label in ["token_seconds=", "imap_auth_seconds=", "total_seconds="] {
        assert!(works["performance_data"].contains(label), "{works:?}");
    }
    assert!(works["long_plugin_output"].contains("ok: IMAP TLS: "), "{works:?}");
    let wrong = nagios.is("wrong", "3");
    assert!(wrong["plugin_output"].starts_with("UNKNOWN: "), "{wrong:?}");
    shop.sandbox().switch_on(Fault::named(OFF));
    let refused = nagios.is("mailbox", "2");
    assert!(refused["plugin_output"].starts_with("CRITICAL: shop@contoso.example cannot send: "), "{refused:?}");
    assert!(refused["long_plugin_output"].contains("Set-TransportConfig"), "{refused:?}");
}

/// Icinga 2 in a folder of its own, which runs the services of examples/icinga each second and writes down what it made of them.
struct Icinga {
    results: PathBuf,
    _server: Guard,
}

/// The process that Icinga is begun with starts others, and ends them when it is asked to: it is asked, and never killed.
const START_ICINGA: &str = r#"
icinga2 daemon -c "$0/icinga2.conf" -DRunAsUser="$(id -un)" -DRunAsGroup="$(id -gn)" -DNodeName=here -DConfigDir="$0" \
  -DDataDir="$0" -DInitRunDir="$0" -DCacheDir="$0" -DLogDir="$0" -DSpoolDir="$0" &
trap 'kill "$!"' TERM
wait
"#;

impl Icinga {
    fn start(shop: &Fixture) -> Self {
        let folder = shop.path().join("icinga");
        let results = folder.join("results");
        fs::create_dir_all(&results).expect("the home is ours");
        let plugin = folder.join("plugin.sh");
        fs::write(&plugin, plugin_script(shop)).expect("the home is ours");
        let example = include_str!("../../../examples/icinga/mailgrant.conf");
        let services = example
            .replace("\"/usr/bin/mailgrant\"", &format!("\"/bin/sh\", \"{}\"", plugin.display()))
            .replace("= 1h", "= 1s")
            .replace("= 10m", "= 1s");
        assert!(services.contains("plugin.sh") && services.matches("_interval = 1s").count() == 2, "{services}");
        let main = include_str!("../icinga/icinga2.conf").replace("FOLDER", &folder.display().to_string());
        fs::write(folder.join("mailgrant.conf"), services).expect("the home is ours");
        fs::write(folder.join("icinga2.conf"), main).expect("the home is ours");
        let log = folder.join("log");
        let mut program = Command::new("sh");
        program.args(["-c", START_ICINGA]).arg(&folder);
        let server = Guard::start("Icinga", As::Me, &mut program, Path::new("/dev/null"), &log);
        let begun = || fs::read_dir(&results).is_ok_and(|mut files| files.next().is_some());
        Self { _server: server.once(&log, begun), results }
    }

    /// The state, the figures and the first line of the output of a service, as they were last written down.
    fn service(&self, name: &str) -> [String; 3] {
        let files = fs::read_dir(&self.results).expect("the home is ours").flatten().map(|file| file.path());
        let newest_first: BTreeSet<_> = files.map(std::cmp::Reverse).collect();
        let texts = newest_first.iter().map(|file| fs::read_to_string(&file.0).unwrap_or_default());
        let line = texts.into_iter().find_map(|text| {
            let words: Vec<String> =
                text.lines().rev().find(|line| line.starts_with(name))?.split('\t').map(str::to_owned).collect();
            words.try_into().ok().map(|[_, state, figures, output]: [String; 4]| [state, figures, output])
        });
        line.unwrap_or_default()
    }

    /// Waits until a service is in this state; its output and its figures.
    fn is(&self, name: &str, wanted: &str) -> (String, String) {
        wait_until("Icinga sees it", || self.service(name)[0] == wanted);
        let [_, figures, output] = self.service(name);
        (output.trim_end().to_owned(), figures)
    }
}

#[test]
fn icinga_runs_the_plugin_and_shows_its_state_and_its_figures() {
    if parts::monitors(&["icinga2"]).is_none() {
        return;
    }
    let shop = Fixture::authorized();
    // -c is CRITICAL where nothing says when the secret ends.
    let profile = fs::read_to_string(shop.config()).expect("it was written");
    shop.write_config(&profile.replace("[apps.shop]\n", "[apps.shop]\nsecret_expires = 2099-01-01\n"));
    let icinga = Icinga::start(&shop);
    let (output, figures) = icinga.is("mailbox shop", "OK");
    assert_eq!(output, "OK: shop@contoso.example: all is well");
    for label in ["token_seconds=", "imap_auth_seconds=", "secret_days=", "total_seconds="] {
        assert!(figures.contains(label), "{figures}");
    }
    let (output, _) = icinga.is("mailbox nowhere", "UNKNOWN");
    assert!(output.starts_with("UNKNOWN: "), "{output}");
    shop.sandbox().switch_on(Fault::named(OFF));
    let (output, _) = icinga.is("mailbox shop", "CRITICAL");
    assert!(output.starts_with("CRITICAL: shop@contoso.example cannot send: "), "{output}");
}

#[test]
fn run_parts_as_cron_calls_it_reports_nothing_until_a_mailbox_fails() {
    use std::os::unix::fs::PermissionsExt as _;

    if parts::monitors(&["run-parts"]).is_none() {
        return;
    }
    let shop = Fixture::authorized();
    let folder = shop.path().join("cron.daily");
    fs::create_dir(&folder).expect("the home is ours");
    let job = folder.join("mailgrant");
    fs::write(&job, plugin_script(&shop).replace("\"$@\"", "test --all --quiet")).expect("the home is ours");
    fs::set_permissions(&job, fs::Permissions::from_mode(0o700)).expect("the home is ours");
    // What it prints, on either output, cron sends to root by mail.
    let daily = || {
        let told = Command::new("run-parts").arg("--report").arg(&folder).stdin(Stdio::null()).output().unwrap();
        (told.status.success(), String::from_utf8(told.stdout).unwrap() + &String::from_utf8(told.stderr).unwrap())
    };
    assert_eq!(daily(), (true, String::new()));
    shop.sandbox().switch_on(Fault::named(OFF));
    let (succeeded, mail) = daily();
    assert!(!succeeded && mail.starts_with(&format!("{}:\n", job.display())), "{mail}");
    assert!(mail.contains("shop@contoso.example") && mail.contains("exo-smtp-auth-disabled-tenant"), "{mail}");
    assert!(mail.lines().count() < 6, "{mail}");
}

#[test]
fn prometheus_scrapes_the_metrics_and_an_alert_fires_until_the_mailbox_works_again() {
    if parts::monitors(&["prometheus", "promtool", "prometheus-node-exporter"]).is_none() {
        return;
    }
    let shop = Fixture::authorized();
    let folder = shop.path().join("textfile");
    fs::create_dir(&folder).expect("the home is ours");
    let test = |code| {
        let finished = shop.run(&["test", "shop", "--report", "prometheus=textfile/mail.prom"]).finish().code(code);
        assert!(finished.stderr.contains("The report is in textfile/mail.prom"), "{}", finished.stderr);
    };
    test(0);
    let metrics = fs::File::open(folder.join("mail.prom")).expect("it was written");
    let checked = Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::from(metrics)).output().unwrap();
    assert!(checked.status.success() && checked.stderr.is_empty(), "{checked:?}");
    let prometheus = Prometheus::start(&shop, &folder);
    wait_until("it scrapes the metrics", || prometheus.value("mailgrant_probe_success{protocol=\"smtp\"}") == "1");
    assert_eq!(prometheus.value("node_textfile_scrape_error"), "0");
    assert_eq!(prometheus.alerts(), Vec::<String>::new());
    shop.sandbox().switch_on(Fault::named(OFF));
    test(1);
    wait_until("the alert fires", || prometheus.alerts() == ["MailboxDoesNotWork smtp"]);
    assert_eq!(prometheus.value("mailgrant_finding_info{code=\"exo-smtp-auth-disabled-tenant\"}"), "1");
    shop.sandbox().switch_off(Fault::named(OFF));
    test(0);
    wait_until("the alert is over", || prometheus.alerts().is_empty());
}

/// Prometheus, and node_exporter before it.
struct Prometheus {
    port: u16,
    _servers: [Guard; 2],
}

impl Prometheus {
    fn start(shop: &Fixture, textfiles: &Path) -> Self {
        let (port, exporter_port) = (port(), port());
        let folder = shop.path().join("prometheus");
        fs::create_dir(&folder).expect("the home is ours");
        let main =
            include_str!("../prometheus/prometheus.yml").replace("EXPORTER", &format!("127.0.0.1:{exporter_port}"));
        fs::write(folder.join("prometheus.yml"), main).expect("the home is ours");
        fs::copy(parts::scripts().join("../../examples/prometheus/alerts.yml"), folder.join("alerts.yml"))
            .expect("the home is ours");
        let start = |name: &'static str, program: &str, port: u16, arguments: &[String]| {
            let log = folder.join(format!("{program}.log"));
            let mut command = Command::new(program);
            command.args(arguments).arg(format!("--web.listen-address=127.0.0.1:{port}"));
            Guard::start(name, As::Me, &mut command, Path::new("/dev/null"), &log).answers_at(port, &log)
        };
        let exporter = [
            "--collector.disable-defaults".to_owned(),
            "--collector.textfile".to_owned(),
            format!("--collector.textfile.directory={}", textfiles.display()),
        ];
        let server = [
            format!("--config.file={}", folder.join("prometheus.yml").display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
        ];
        let exporter = start("node_exporter", "prometheus-node-exporter", exporter_port, &exporter);
        Self { port, _servers: [start("Prometheus", "prometheus", port, &server), exporter] }
    }

    /// The newest value of what an expression selects; nothing where it selects nothing.
    fn value(&self, expression: &str) -> String {
        let query: String = url::form_urlencoded::byte_serialize(expression.as_bytes()).collect();
        let answer = self.get(&format!("/api/v1/query?query={query}"));
        answer["data"]["result"][0]["value"][1].as_str().unwrap_or_default().to_owned()
    }

    /// The alerts that fire, with the protocol of each.
    fn alerts(&self) -> Vec<String> {
        let answer = self.get("/api/v1/alerts");
        let alerts = answer["data"]["alerts"].as_array().cloned().unwrap_or_default();
        let firing = alerts.iter().filter(|alert| alert["state"] == "firing").map(|alert| &alert["labels"]);
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        firing.map(|labels| format!("{} {}", word(&labels["alertname"]), word(&labels["protocol"]))).collect()
    }

    fn get(&self, path: &str) -> Value {
        let mut answer = String::new();
        let asked = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).and_then(|mut stream| {
            write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
            stream.read_to_string(&mut answer)
        });
        asked.expect("Prometheus answers");
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        serde_json::from_str(body).unwrap_or_default()
    }
}
