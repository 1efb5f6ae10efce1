//! How long an assertion takes: the files are read again, and the key signs. The limit is one that we set ourselves; nothing
//! is asserted, since what a number is worth depends on the machine.
//!
//! ```sh
//! cargo bench --bench signing                   # as released: the build takes minutes
//! cargo bench --bench signing --profile dev     # quick; ring, which signs, is not optimised either
//! ```

#![expect(clippy::unwrap_used, reason = "what cannot be measured may panic")]
#![expect(clippy::print_stdout, reason = "the numbers are the result")]

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use mailgrant::clock::Clock;
use mailgrant::config;
use mailgrant::oauth::Assertion as _;
use mailgrant::oauth::assertion::certificate::{self, KeyKind, Wanted};

/// How often each key signs; the fastest counts, as it is the one that nothing else held up.
const ROUNDS: usize = 200;
const LIMIT: Duration = Duration::from_millis(5);

fn main() {
    // `cargo test --benches` and the like want to know whether it builds, not how fast it is.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    for (kind, algorithm) in [(KeyKind::Rsa, "PS256"), (KeyKind::Rsa, "RS256"), (KeyKind::Ec, "ES256")] {
        let mut times = signed(kind, algorithm);
        times.sort();
        let judged = if times[0] <= LIMIT { "within" } else { "OVER" };
        let (least, middle) = (ms(times[0]), ms(times[times.len() / 2]));
        println!(
            "{algorithm}: {least:.2} ms at least of {ROUNDS}, {middle:.2} ms in the middle, {judged} {} ms",
            ms(LIMIT)
        );
    }
}

/// How long each of so many assertions took.
fn signed(kind: KeyKind, algorithm: &str) -> Vec<Duration> {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::system().now();
    let from = now.to_zoned(TimeZone::UTC).date();
    let made = certificate::make(Wanted { name: "bench", kind, from, days: 30, passphrase: None }).unwrap();
    mailgrant::files::create_private(&folder.path().join("app.pem"), made.both.as_bytes()).unwrap();
    let profile = format!(
        "[apps.shop]\nprovider = \"microsoft365\"\ntenant = \"contoso.example\"\n\
         client_id = \"11111111-2222-3333-4444-555555555555\"\ncredential = \"certificate\"\n\
         certificate = {{ file = \"app.pem\", algorithm = \"{algorithm}\" }}\n"
    );
    let profile = config::parse(&Path::new(folder.path()).join("config.toml"), &profile).unwrap();
    let assertion = certificate::open(profile.apps.values().next().unwrap(), now, &|| Ok(None)).unwrap();
    let audience = "https://login.example/token".parse().unwrap();
    let timed = |_| {
        let begun = Instant::now();
        assertion.sign(&audience, now).unwrap();
        begun.elapsed()
    };
    (0..ROUNDS).map(timed).collect()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
