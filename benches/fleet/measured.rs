//! What a command took: time, processor time, memory.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{fixture::Fixture, memory};

/// A debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// The clock's ticks in `/proc` (sysconf(3), `_SC_CLK_TCK`), which Linux has everywhere.
const TICKS_A_SECOND: f64 = 100.0;

/// What a command took.
pub(super) struct Measured {
    pub(super) wall: Duration,
    /// The processor time of the command and of all that it has run, not of the servers.
    pub(super) cpu: Duration,
    /// The most memory that it has had, in KiB.
    pub(super) peak: u64,
}

/// Runs `mailgrant` with `arguments`, which must succeed.
pub(super) fn ours(fixture: &Fixture, arguments: &[&str]) -> Measured {
    let run = fixture.run(arguments).patience(PATIENCE);
    let (begun, before) = (Instant::now(), cpu_of_children());
    let running = run.start();
    let peak = memory::watch(running.id());
    running.finish().code(0);
    let wall = begun.elapsed();
    Measured { wall, cpu: cpu_of_children() - before, peak: peak.recv().unwrap_or_default() }
}

/// Runs another program, which must succeed; `input` is a line for each time that it runs a further one.
pub(super) fn theirs(command: &mut Command, input: &str) -> Measured {
    let lines = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&lines, input).unwrap();
    let (begun, before) = (Instant::now(), cpu_of_children());
    let output = command.stdin(Stdio::from(lines.reopen().unwrap())).output().unwrap();
    let wall = begun.elapsed();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Measured { wall, cpu: cpu_of_children() - before, peak: 0 }
}

/// The processor time of all children that have been waited for, and of theirs (proc_pid_stat(5), `cutime` and `cstime`).
fn cpu_of_children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name, in brackets, may hold blanks.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[13..=14].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum();
    Duration::from_secs_f64(ticks / TICKS_A_SECOND)
}

/// How many KiB more each of `count` takes.
#[expect(clippy::cast_precision_loss, reason = "no memory is that large")]
pub(super) fn slope(more: u64, than: u64, count: usize) -> f64 {
    (more as f64 - than as f64) / count as f64
}
