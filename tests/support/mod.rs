//! What the tests share: a fixture with the real binary in a clean environment, and a search for secrets.

#![allow(dead_code, reason = "each test crate uses its part of it")]

pub(crate) mod canary;
#[cfg(target_os = "linux")]
pub(crate) mod disk;
pub(crate) mod finished;
pub(crate) mod fixture;
pub(crate) mod fleet;
pub(crate) mod forms;
#[cfg(target_os = "linux")]
pub(crate) mod memory;
pub(crate) mod practice;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod slow_line;

/// How often a test that needs many tries runs its round: `usual` times, or as `MAILGRANT_TEST_ROUNDS` says.
pub(crate) fn rounds(usual: u32) -> u32 {
    let asked = std::env::var("MAILGRANT_TEST_ROUNDS").ok();
    asked.map_or(usual, |text| text.parse().expect("MAILGRANT_TEST_ROUNDS is a number"))
}

/// Waits until `what` has come about.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "never: {what}");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
