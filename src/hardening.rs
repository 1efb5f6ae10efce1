//! Protection of secrets while they are in memory (SECURITY.md K3).
//!
//! Unix: no core dump. Linux also: only root can attach to the process or read its memory through `/proc`.
//! Not possible here: macOS has no safe call to refuse a debugger, and a user's own programs can read this one's memory
//! on Windows, where crash dumps are the administrator's setting (Windows Error Reporting). Swap is left to the
//! system: locking pages needs unsafe code and a limit that is often a few kilobytes.

use std::panic;

/// Hardens this process. Call it first in `main`; `say` writes a line on standard error.
pub fn apply(say: fn(&str)) {
    disable_core_dumps();
    // A panic's message may hold what it stumbled over, a secret among it; only the place is told.
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map_or_else(String::new, |place| format!(" ({}:{})", place.file(), place.line()));
        say(&format!("mailgrant: this is a bug in mailgrant{place}; please report it with the command that you typed"));
    }));
}

/// Stops this process from leaving its memory in a core file.
///
/// It is a second line of defence: where the system refuses, work goes on.
fn disable_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};

        // The hard limit too, so that nothing we start can raise it again on our behalf.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    // A core_pattern that pipes to a collector ignores RLIMIT_CORE (core(5)); the dumpable attribute it obeys.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};

        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

    #[test]
    fn afterwards_no_core_can_be_written() {
        super::disable_core_dumps();
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
