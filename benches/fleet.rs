//! How the time of a command grows with the number of mailboxes, against a practice tenant on this machine. The limits
//! are those that we set ourselves; nothing is asserted, since what a number is worth depends on the machine.
//!
//! ```sh
//! cargo bench --bench fleet                   # as released: the build takes minutes
//! cargo bench --bench fleet --profile dev     # quick, to see how things grow
//! ```

#![expect(clippy::unwrap_used, reason = "what cannot be measured may panic")]
#![expect(clippy::print_stdout, reason = "the numbers are the result")]

use practice_tenant as sandbox;

#[path = "../tests/support/mod.rs"]
#[allow(unused_imports, reason = "the tests use more of it")]
mod support;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use mailgrant::secrets::{MailboxRecord, VaultKey, VaultStore, load_mailbox, save_mailbox};

use crate::sandbox::world::{CONFIDENTIAL_CLIENT, SHOP, TENANT_DOMAIN};
use crate::support::fixture::Fixture;

/// How often each command is measured; the middle one counts.
const ROUNDS: usize = 7;

/// A debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(1_800);

fn main() {
    // `cargo test --benches` and the like want to know whether it builds, not how fast it is.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let bench = Bench::new();
    let one = bench.time("token, 1 mailbox", ROUNDS, &["token", "box0"]);
    bench.fill(0..100);
    let few = bench.time("test --all, 100 mailboxes", 3, &["test", "--all"]);
    bench.fill(100..1_000);
    let status = bench.time("status, 1,000 mailboxes", ROUNDS, &["status"]);
    limit("status of 1,000 mailboxes", status.as_secs_f64(), 0.5, "s");
    let many = bench.time("test --all, 1,000 mailboxes", 1, &["test", "--all"]);
    limit("test --all of 1,000 mailboxes to 100", ratio(many, few), 11.0, "times");
    bench.fill(1_000..10_000);
    let whole = bench.time("token, 10,000 mailboxes in vault and profile", ROUNDS, &["token", "box0"]);
    bench.profile(1);
    let vault = bench.time("token, 10,000 mailboxes in the vault, 1 in the profile", ROUNDS, &["token", "box0"]);
    limit("token from a vault of 10,000 to one of 1", ratio(vault, one), 1.2, "times");
    limit("token with a profile of 10,000 as well", ratio(whole, one), f64::INFINITY, "times");
}

fn ratio(time: Duration, to: Duration) -> f64 {
    time.as_secs_f64() / to.as_secs_f64()
}

fn limit(what: &str, value: f64, limit: f64, unit: &str) {
    let judged = if value <= limit { "within" } else { "OVER" };
    println!("{what}: {value:.2} {unit}, {judged} {limit}");
}

struct Bench {
    shop: Fixture,
    store: VaultStore,
    grant: MailboxRecord,
}

impl Bench {
    /// With the mailbox `box0`.
    fn new() -> Self {
        let shop = Fixture::authorized();
        // All mailboxes begin with copies of one sign-in.
        shop.sandbox().allow_refresh_reuse();
        let store = VaultStore::new(shop.vault(), VaultKey::File(shop.vault_key()));
        let grant = load_mailbox(&store, &"shop".parse().unwrap()).unwrap().unwrap();
        let bench = Self { shop, store, grant };
        bench.fill(0..1);
        bench
    }

    /// Signs mailboxes of these numbers in, and makes the profile one of all so far.
    fn fill(&self, numbers: std::ops::Range<usize>) {
        let end = numbers.end;
        for number in numbers {
            save_mailbox(&self.store, &format!("box{number}").parse().unwrap(), &self.grant).unwrap();
        }
        self.profile(end);
    }

    /// A profile of the first `count` mailboxes.
    fn profile(&self, count: usize) {
        let (ports, ca_file) = (self.shop.sandbox().ports(), self.shop.ca_file());
        let mut text = format!(
            "[apps.shop]\nprovider = \"microsoft365\"\ntenant = \"{TENANT_DOMAIN}\"\nauthority = \"{}\"\n\
             client_id = \"{CONFIDENTIAL_CLIENT}\"\nca_file = \"{ca_file}\"\n",
            self.shop.sandbox().authority()
        );
        for number in 0..count {
            let (imap, smtp) = (ports.imap_implicit, ports.smtp_starttls);
            write!(
                text,
                "[mailboxes.box{number}]\napp = \"shop\"\naddress = \"{SHOP}\"\nca_file = \"{ca_file}\"\n\
                 incoming = {{ protocol = \"imap\", host = \"localhost\", port = {imap} }}\n\
                 outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {smtp} }}\n"
            )
            .unwrap();
        }
        self.shop.write_config(&text);
    }

    /// The middle one of so many rounds.
    fn time(&self, what: &str, rounds: usize, arguments: &[&str]) -> Duration {
        let mut times: Vec<Duration> = (0..rounds)
            .map(|_| {
                let begun = Instant::now();
                let finished = self.shop.run(arguments).patience(PATIENCE).finish();
                let took = begun.elapsed();
                finished.code(0);
                took
            })
            .collect();
        times.sort();
        let middle = times[times.len() / 2];
        println!("{what}: {:.1} ms (of {rounds}: {:.1} to {:.1})", ms(middle), ms(times[0]), ms(times[rounds - 1]));
        middle
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
