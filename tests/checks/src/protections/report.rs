//! What became of the rows.

use std::process::ExitCode;

use super::rows::Row;
use super::tree::Ended;

/// Counts, and a line for each row as soon as it has ended.
#[derive(Default)]
pub(crate) struct Report {
    caught: usize,
    uncaught: Vec<String>,
    /// Rows that do not apply to this source, and promises without one.
    stale: Vec<String>,
    /// Rows whose test fails with its protection, or that do not build.
    unproved: Vec<String>,
}

impl Report {
    /// A promise that no row belongs to.
    pub(crate) fn no_row(&mut self, promise: &str) {
        println!("{promise}: no row");
        self.stale.push(promise.to_owned());
    }

    /// A row that no longer applies.
    pub(crate) fn stale(&mut self, row: &Row, why: &[String]) {
        println!("{:<5} no longer applies: without {}: {}", row.label, row.without, why.join("; "));
        self.stale.push(row.label.clone());
    }

    /// A row whose test does not pass with its protection.
    pub(crate) fn unsound(&mut self, row: &Row, ended: &Ended) {
        println!("{:<5} its test {} {} with its protection\n{}", row.label, row.test, ended.word(), ended.output());
        self.unproved.push(row.label.clone());
    }

    /// How the test of `row` ended without its protection.
    pub(crate) fn ended(&mut self, row: &Row, ended: &Ended) {
        let (word, list) = match ended {
            Ended::Failed(_) => {
                self.caught += 1;
                println!("{:<5} caught        without {}", row.label, row.without);
                return;
            }
            Ended::Passed => ("UNCAUGHT", &mut self.uncaught),
            Ended::DidNotBuild(_) => ("DOES NOT BUILD", &mut self.unproved),
            Ended::NothingRan => ("RAN NOTHING", &mut self.unproved),
        };
        println!("{:<5} {word:<13} without {} ({})\n{}", row.label, row.without, row.test, ended.output());
        list.push(row.label.clone());
    }

    /// The end of a check that runs nothing.
    pub(crate) fn checked(&self, apply: usize) -> ExitCode {
        println!("{apply} rows apply, {} do not{}", self.stale.len(), listed(&self.stale));
        ExitCode::from(u8::from(!self.stale.is_empty()))
    }

    /// The end of a look at what builds.
    pub(crate) fn built(&self, apply: usize) -> ExitCode {
        let (fails, stale) = (listed(&self.unproved), listed(&self.stale));
        let builds = apply - self.unproved.len();
        println!(
            "{builds} rows build, {} do not{fails}, {} do not apply{stale}",
            self.unproved.len(),
            self.stale.len()
        );
        ExitCode::from(u8::from(!self.unproved.is_empty() || !self.stale.is_empty()))
    }

    /// The counts.
    pub(crate) fn end(&self) -> ExitCode {
        println!(
            "{} caught, {} uncaught{}, {} without a proof{}, {} no longer apply{}",
            self.caught,
            self.uncaught.len(),
            listed(&self.uncaught),
            self.unproved.len(),
            listed(&self.unproved),
            self.stale.len(),
            listed(&self.stale)
        );
        let is_fine = [&self.uncaught, &self.unproved, &self.stale].iter().all(|list| list.is_empty());
        ExitCode::from(u8::from(!is_fine))
    }
}

fn listed(labels: &[String]) -> String {
    if labels.is_empty() { String::new() } else { format!(" ({})", labels.join(", ")) }
}
