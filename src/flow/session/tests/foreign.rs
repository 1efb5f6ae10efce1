use super::*;

/// A clock that was ahead: another system on the same machine, a resumed virtual machine.
#[test]
fn a_token_that_came_in_the_future_is_fetched_again() {
    let desk = Desk::new();
    let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
    for (refreshed, is_stored) in [(at(-60), true), (at(0), true), (at(1), false), (at(3 * 3_600), false)] {
        let server = Server::answering("200 OK", "", r#"{"access_token":"canary-fresh","expires_in":3599}"#);
        desk.signed_in(&server);
        let mut grant = desk.grant();
        grant.access = vec![CachedAccess {
            audience: desk.with(|session| session.audience()),
            token: "canary-stored".into(),
            received: refreshed,
            expires: refreshed.checked_add(jiff::SignedDuration::from_secs(3_599)).unwrap(),
            scopes: Vec::new(),
        }];
        save_mailbox(desk.store.as_ref(), &name(), &grant).unwrap();
        let stored = desk.with(|session| session.stored_token());
        assert_eq!(stored.is_some(), is_stored, "{refreshed}");
        let source = desk.refresh().ok().unwrap().source;
        assert_eq!(source == TokenSource::Store, is_stored, "{refreshed}");
        if is_stored {
            drop(server);
        } else {
            server.finish();
        }
    }
}

/// Records are found by the mailbox's name, and another profile may use that too.
#[test]
fn the_sign_in_of_another_profile_is_neither_used_nor_replaced() {
    let desk = Desk::new();
    let server = Server::answering("200 OK", "", "");
    desk.signed_in(&server);
    drop(server);
    let ours = desk.grant();
    let ready = |replaced| desk.with(|session| session.make_ready(replaced).map(drop));
    let kind = |result: Result<(), Failure>| result.err().map(|failure| failure.kind);
    // As it is, from whichever profile: two profiles may have the same mailbox.
    for profile in [None, Some("config.toml"), Some("other.toml")] {
        let mut grant = ours.clone();
        grant.profile = profile.map(str::to_owned);
        save_mailbox(desk.store.as_ref(), &name(), &grant).unwrap();
        assert!(ready(Replaced::Own).is_ok(), "{profile:?}");
        // With another address it is this profile's own if this profile has left it.
        grant.binding.address = "sales@fabrikam.example".into();
        save_mailbox(desk.store.as_ref(), &name(), &grant).unwrap();
        let used = desk.with(|session| session.grant().map(drop));
        if profile == Some("config.toml") {
            assert!(matches!(kind(used), Some(FailureKind::NotAuthorized { .. })));
            assert!(ready(Replaced::Own).is_ok());
        } else {
            assert!(matches!(kind(used), Some(FailureKind::GrantOfAnother { .. })), "{profile:?}");
            assert!(matches!(kind(ready(Replaced::Own)), Some(FailureKind::GrantOfAnother { .. })), "{profile:?}");
        }
        assert!(ready(Replaced::Any).is_ok());
    }
}
