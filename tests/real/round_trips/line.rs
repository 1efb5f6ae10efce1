//! What is measured on a slow line, and how it is printed.

use std::time::Duration;

use crate::support::rounds;
use crate::support::slow_line::SlowLine;

/// How often each program is run; the middle one counts.
const ROUNDS: u32 = 15;

/// A slow line to a server, as the rows call it.
pub(super) struct Line<'a> {
    pub(super) title: &'a str,
    pub(super) slow: &'a SlowLine,
}

/// What a row says.
pub(super) struct Measured {
    /// Waited for in one round.
    pub(super) round_trips: f64,
    /// The middle time.
    pub(super) median: Duration,
    /// What it took beyond its round trips, in milliseconds.
    pub(super) beyond: f64,
}

impl Line<'_> {
    /// Runs it so many times, and prints the round trips of the line and the middle time.
    #[expect(clippy::print_stdout, reason = "the numbers are the result")]
    pub(super) fn measure(&self, what: &str, run: impl Fn() -> Duration) -> Measured {
        let rounds = rounds(ROUNDS);
        self.slow.take();
        let mut times: Vec<Duration> = (0..rounds).map(|_| run()).collect();
        times.sort();
        let round_trips = f64::from(self.slow.take()) / f64::from(rounds);
        let median = times[times.len() / 2];
        let round_trip = self.slow.round_trip;
        let in_round_trips = median.as_secs_f64() / round_trip.as_secs_f64();
        let beyond = ms(median) - round_trips * ms(round_trip);
        let row = format!("{}, {} ms: {what}", self.title, round_trip.as_millis());
        println!("{row:<48} {round_trips:>11.1} {:>7.1} ms {in_round_trips:>14.1} {beyond:>7.1} ms", ms(median));
        Measured { round_trips, median, beyond }
    }
}

#[expect(clippy::print_stdout, reason = "the numbers are the result")]
pub(super) fn print_heading() {
    println!("{:<48} {:>11} {:>10} {:>14} {:>10}", "", "round trips", "median", "in round trips", "beyond");
}

#[expect(clippy::print_stdout, reason = "the numbers are the result")]
pub(super) fn print_ratio(what: &str, time: Duration, to: Duration) {
    println!("  {what}: {:.2} times", time.as_secs_f64() / to.as_secs_f64());
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
