//! The person at the browser: a program for `BROWSER` that walks through the provider's pages.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::certs::Certs;
use crate::parts::{Parts, scripts};

/// How the pages are walked through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// In headless Chromium.
    Chromium,
    /// With plain requests, where the browser is not what is tested.
    Plain,
}

/// A person who signs in.
pub(crate) struct Person {
    /// The program for `BROWSER`.
    pub(crate) browser: PathBuf,
    folder: PathBuf,
}

impl Person {
    /// A person who signs in as `login`, and refuses at the consent page if `deny`.
    pub(crate) fn new(folder: &Path, parts: &Parts, certs: &Certs, how: How, login: &str, deny: bool) -> Self {
        fs::create_dir_all(folder).expect("the folder is ours");
        let options = json!({
            "how": if how == How::Chromium { "chromium" } else { "plain" },
            "as": login, "deny": deny, "ca": certs.ca, "spki": certs.spki, "chromium": parts.chromium,
            "profile": folder.join("chromium"), "screenshot": folder.join("last-page.png"),
            "page": folder.join("last-page.txt"),
        });
        let file = folder.join("person.json");
        fs::write(&file, options.to_string()).expect("the folder is ours");
        let browser = folder.join("browser");
        // HOME: Chromium writes there as well as into its profile.
        let script = format!(
            "#!/bin/sh\nHOME='{0}' exec '{1}' '{2}/login.mjs' '{3}' \"$@\" </dev/null >>'{0}/log' 2>&1\n",
            folder.display(),
            parts.node.display(),
            scripts().display(),
            file.display(),
        );
        fs::write(&browser, script).expect("the folder is ours");
        fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).expect("the file is ours");
        Self { browser, folder: folder.to_owned() }
    }

    /// The text of the last page, once it is there.
    pub(crate) fn last_page(&self) -> String {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            if let Ok(text) = fs::read_to_string(self.folder.join("last-page.txt")) {
                return text;
            }
            assert!(std::time::Instant::now() < deadline, "no last page; the browser said: {}", self.log());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// What the browser complained about.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The picture of the last page.
    pub(crate) fn screenshot(&self) -> PathBuf {
        self.folder.join("last-page.png")
    }
}
