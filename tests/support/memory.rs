//! How much memory a process takes (proc(5)).

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Reads the most memory that a process has had (VmHWM, KiB) again and again until it has ended.
pub(crate) fn watch(id: u32) -> mpsc::Receiver<u64> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut peak = 0;
        while let Ok(status) = std::fs::read_to_string(format!("/proc/{id}/status")) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            // A process that has ended and not been waited for has no memory.
            let Some(line) = line else { break };
            peak = line.trim().trim_end_matches(" kB").trim().parse().unwrap_or(peak);
            thread::sleep(Duration::from_millis(2));
        }
        let _ = sender.send(peak);
    });
    receiver
}
