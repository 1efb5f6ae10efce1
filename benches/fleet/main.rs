//! How commands over many mailboxes grow with their number: time, memory and output. The limits are those that we set
//! ourselves; nothing is asserted, since what a number is worth depends on the machine.
//!
//! ```sh
//! cargo bench --bench fleet                   # as released: the build takes minutes
//! cargo bench --bench fleet -- near           # one part: near, far, beside, memory, merge or sizes
//! cargo bench --bench fleet --profile dev     # quick, to see how things grow
//! ```

#![expect(clippy::unwrap_used, reason = "what cannot be measured may panic")]
#![expect(clippy::print_stdout, reason = "the numbers are the result")]

use practice_tenant as sandbox;

#[path = "../../tests/support/mod.rs"]
#[allow(unused_imports, reason = "the tests use more of it")]
mod support;

mod far;
mod measured;
mod memory;
mod merge;
mod near;
mod sizes;

use crate::support::fleet::Fleet;

/// A part by its name.
type Part = (&'static str, fn(&Fleet));

/// The parts in their order; the first fills the vault as it goes.
const PARTS: [Part; 6] = [
    ("near", near::measure),
    ("sizes", sizes::measure),
    ("memory", memory::measure),
    ("merge", merge::measure),
    ("beside", far::measure_beside_others),
    ("far", far::measure),
];

/// The numbers of mailboxes that are compared.
const FEW: usize = 1_000;
const MANY: usize = 10_000;

fn main() {
    // `cargo test --benches` and the like want to know whether it builds, not how fast it is.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let fleet = Fleet::new(1);
    let mut is_full = false;
    for (name, measure) in PARTS {
        if !asked.is_empty() && !asked.iter().any(|part| part == name) {
            continue;
        }
        // `near` fills the vault itself, to see how things grow with it; `merge` needs few.
        if !is_full && name != "near" && name != "merge" {
            fleet.fill(1..MANY);
        }
        is_full |= name != "merge";
        println!("\n{name}:");
        measure(&fleet);
    }
}
