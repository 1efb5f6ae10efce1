//! A private window of the browsers that are known.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// A browser that opens a private window when it is told so on its command line.
#[derive(Debug)]
pub(super) struct Known {
    /// Its programs, the usual one first.
    pub(super) programs: &'static [&'static str],
    /// The names of its desktop entries, without `.desktop`.
    #[cfg_attr(any(target_os = "macos", windows), expect(dead_code, reason = "no desktop entries there"))]
    entries: &'static [&'static str],
    /// What comes right before the address.
    pub(super) flag: &'static str,
}

static KNOWN: [Known; 8] = [
    Known {
        programs: &["firefox", "firefox-esr"],
        entries: &["firefox", "firefox-esr", "firefox_firefox"],
        flag: "--private-window",
    },
    Known { programs: &["librewolf"], entries: &["librewolf"], flag: "--private-window" },
    Known {
        programs: &["google-chrome", "google-chrome-stable", "chrome"],
        entries: &["google-chrome"],
        flag: "--incognito",
    },
    Known {
        programs: &["chromium", "chromium-browser"],
        entries: &["chromium", "chromium-browser", "chromium_chromium"],
        flag: "--incognito",
    },
    Known {
        programs: &["microsoft-edge", "microsoft-edge-stable", "msedge"],
        entries: &["microsoft-edge"],
        flag: "--inprivate",
    },
    Known {
        programs: &["brave-browser", "brave-browser-stable", "brave"],
        entries: &["brave-browser"],
        flag: "--incognito",
    },
    Known { programs: &["vivaldi", "vivaldi-stable"], entries: &["vivaldi-stable"], flag: "--incognito" },
    Known { programs: &["opera"], entries: &["opera"], flag: "--private" },
];

impl Known {
    /// The browser that `program` is, by the name of its file.
    pub(super) fn of_program(program: &OsStr) -> Option<&'static Self> {
        let name = Path::new(program).file_stem()?.to_str()?;
        KNOWN.iter().find(|known| known.programs.contains(&name))
    }

    /// The browser of the desktop entry `firefox.desktop`.
    #[cfg(not(any(target_os = "macos", windows)))]
    pub(super) fn of_entry(entry: &str) -> Option<&'static Self> {
        let name = entry.strip_suffix(".desktop")?;
        KNOWN.iter().find(|known| known.entries.contains(&name))
    }

    /// `arguments` with the flag before the one that holds `url`.
    pub(super) fn privately(&self, mut arguments: Vec<OsString>, url: &str) -> Vec<OsString> {
        let holds = |argument: &OsString| argument.to_str().is_some_and(|argument| argument.contains(url));
        let at = arguments.iter().position(holds).unwrap_or(arguments.len());
        arguments.insert(at, self.flag.into());
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_by_its_program() {
        let flag = |known: Option<&'static Known>| known.map(|known| known.flag);
        assert_eq!(flag(Known::of_program(OsStr::new("/usr/bin/firefox-esr"))), Some("--private-window"));
        assert_eq!(flag(Known::of_program(OsStr::new("msedge.exe"))), Some("--inprivate"));
        assert_eq!(flag(Known::of_program(OsStr::new("/usr/bin/w3m"))), None);
    }

    #[cfg(not(any(target_os = "macos", windows)))]
    #[test]
    fn a_browser_is_known_by_its_desktop_entry() {
        let flag = |entry: &str| Known::of_entry(entry).map(|known| known.flag);
        assert_eq!(flag("chromium_chromium.desktop"), Some("--incognito"));
        assert_eq!(flag("org.gnome.Epiphany.desktop"), None);
        assert_eq!(flag("firefox"), None);
    }

    /// Firefox takes the address as the flag's value.
    #[test]
    fn the_flag_comes_right_before_the_address() {
        let known = Known::of_program(OsStr::new("firefox")).unwrap();
        let arguments = ["-P", "work", "https://id.example/", "--new"].map(OsString::from).to_vec();
        let wanted = ["-P", "work", "--private-window", "https://id.example/", "--new"].map(OsString::from);
        assert_eq!(known.privately(arguments, "https://id.example/"), wanted);
    }
}
