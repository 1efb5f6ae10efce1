//! What the terminal on standard output or standard error can show.

use std::io::IsTerminal;

use crate::environment;
use crate::report::View;

/// The columns of a terminal that does not tell its size.
const USUAL: usize = 80;

/// Narrower than this no line can be wrapped sensibly.
const NARROWEST: usize = 20;

/// What can be shown on standard output.
#[must_use]
pub fn of_stdout(details: bool) -> View {
    let size = || terminal_size::terminal_size_of(std::io::stdout());
    of(std::io::stdout().is_terminal(), details, size, &environment::text)
}

/// What can be shown on standard error.
#[must_use]
pub fn of_stderr(details: bool) -> View {
    let size = || terminal_size::terminal_size_of(std::io::stderr());
    of(std::io::stderr().is_terminal(), details, size, &environment::text)
}

type Size = (terminal_size::Width, terminal_size::Height);

fn of(
    is_terminal: bool,
    details: bool,
    size: impl FnOnce() -> Option<Size>,
    env: &dyn Fn(&str) -> Option<String>,
) -> View {
    let is_simple = env("TERM").is_some_and(|term| matches!(term.as_str(), "dumb" | "linux"));
    let unicode = is_utf8(env) && !is_simple;
    if !is_terminal {
        return View { width: None, details, unicode, links: false, room: None };
    }
    // As ls(1) and git(1): the variable overrides what the terminal says.
    let told = env("COLUMNS").and_then(|columns| columns.trim().parse().ok()).filter(|columns| *columns > 0);
    let seen = || size().map(|(width, _)| usize::from(width.0)).filter(|columns| *columns > 0);
    let width = told.or_else(seen).unwrap_or(USUAL).max(NARROWEST);
    View { width: Some(width), details, unicode, links: !is_simple && env("NO_COLOR").is_none(), room: None }
}

/// Whether the locale is in UTF-8: the first of the variables that is set decides (POSIX.1, 8.2). Windows has none of them and
/// writes to its console in Unicode.
fn is_utf8(env: &dyn Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(env);
    let says_so = |locale: String| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    };
    locale.map_or(cfg!(windows) || cfg!(target_vendor = "apple"), says_so)
}

#[cfg(test)]
mod tests {
    use terminal_size::{Height, Width};

    use super::*;

    fn seen(is_terminal: bool, columns: Option<u16>, variables: &[(&str, &str)]) -> View {
        let env = |name: &str| variables.iter().find(|known| known.0 == name).map(|known| known.1.to_owned());
        of(is_terminal, false, || columns.map(|columns| (Width(columns), Height(24))), &env)
    }

    #[test]
    fn only_a_terminal_has_a_width_and_the_variable_overrides_it() {
        assert_eq!(seen(true, Some(120), &[]).width, Some(120));
        assert_eq!(seen(true, Some(120), &[("COLUMNS", "66")]).width, Some(66));
        assert_eq!(seen(true, None, &[("COLUMNS", "wide")]).width, Some(USUAL));
        assert_eq!(seen(true, Some(3), &[]).width, Some(NARROWEST));
        assert_eq!(seen(false, Some(120), &[("COLUMNS", "66")]).width, None);
    }

    #[test]
    fn what_the_locale_or_the_terminal_cannot_show_is_not_used() {
        for (variables, unicode) in [
            (&[("LANG", "en_GB.UTF-8")][..], true),
            (&[("LANG", "en_GB.UTF-8"), ("LC_ALL", "C")], false),
            (&[("LANG", "C"), ("LC_CTYPE", "C.utf8")], true),
            (&[("LANG", "en_GB.UTF-8"), ("TERM", "linux")], false),
        ] {
            assert_eq!(seen(true, Some(80), variables).unicode, unicode, "{variables:?}");
        }
    }

    #[test]
    fn links_are_for_terminals_that_are_not_told_to_be_plain() {
        assert!(seen(true, Some(80), &[("TERM", "xterm-256color")]).links);
        assert!(!seen(true, Some(80), &[("TERM", "dumb")]).links);
        assert!(!seen(true, Some(80), &[("NO_COLOR", "1")]).links);
        assert!(!seen(false, Some(80), &[]).links);
    }
}
