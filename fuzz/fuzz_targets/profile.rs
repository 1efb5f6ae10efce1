//! The profile: what is refused is refused without its secrets, and what is accepted is what its types promise.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use mailgrant::config;
use mailgrant_fuzz::{CANARY, choice, lines_shown};

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let secret = ["client_secret = ", "password=", "contoso.\"token\" = ", "x = { refresh_token = "][choice >> 2 & 3];
    let line = format!("{secret}\"{CANARY}\"");
    let source = match choice & 3 {
        0 => text.to_owned(),
        1 => format!("{text}\n{line}"),
        2 => format!("{line}\n{text}"),
        _ => match text.split_once('\n') {
            Some((before, after)) => format!("{before}\n{line}\n{after}"),
            None => text.to_owned(),
        },
    };
    let profile = match config::parse(Path::new("config.toml"), &source) {
        Ok(profile) => profile,
        Err(error) => {
            // Between key and value, a tab is a tab.
            lines_shown(&error.to_string().replace('\t', " "));
            return;
        }
    };
    assert!(profile.mailboxes.values().all(|mailbox| profile.apps.contains_key(&mailbox.app)));
    for (name, app) in &profile.apps {
        assert_eq!(*name, app.name);
        assert!(!app.client_id.as_str().contains(|c: char| c.is_control() || c.is_whitespace()));
        assert!(matches!(app.redirect_uri.as_url().scheme(), "http" | "https"), "{}", app.redirect_uri);
    }
    for (name, mailbox) in &profile.mailboxes {
        assert_eq!(*name, mailbox.name);
        assert!(mailbox.incoming.is_some() || mailbox.outgoing.is_some());
        for address in [Some(&mailbox.address), mailbox.sign_in_as.as_ref()].into_iter().flatten() {
            assert!(
                !address.as_str().contains(|c: char| c.is_control() || c.is_whitespace())
                    && address.as_str().contains('@')
            );
        }
        for service in mailbox.services() {
            let (host, port) = (service.endpoint.host(), service.endpoint.port());
            assert!(port > 0 && !host.contains(|c: char| c.is_control() || c.is_whitespace()));
        }
    }
});
