use std::time::Instant;

use super::*;
use crate::secrets::{MailboxRecord, load_mailbox};

#[test]
fn absent_locked_and_denied_are_told_apart_by_the_words_of_the_libraries() {
    for cause in ["SS Error: object locked", "SS error: prompt dismissed"] {
        assert_eq!(explain_cause(cause), StoreFault::Locked, "{cause}");
    }
    for cause in [
        "no secret service provider or dbus session found",
        "zbus error: org.freedesktop.DBus.Error.ServiceUnknown: The name org.freedesktop.secrets was not provided",
        "SS error: result not returned from SS API",
    ] {
        assert!(matches!(explain_cause(cause), StoreFault::Absent { .. }), "{cause}");
    }
    let denied = explain_cause("zbus error: org.freedesktop.DBus.Error.AccessDenied: Rejected send message");
    assert!(matches!(denied, StoreFault::Denied { .. }));
    assert!(matches!(explain_cause("zbus serde error: …"), StoreFault::Other { .. }));
}

#[test]
fn an_error_that_carries_the_secret_is_explained_without_it() {
    let secret = b"canary".to_vec();
    for error in [Error::BadEncoding(secret.clone()), Error::BadDataFormat(secret, "canary".into())] {
        let fault = format!("{:?}", explain(&error));
        assert!(!fault.contains("canary") && !fault.contains("99, 97, 110"), "{fault}");
    }
}

#[test]
fn a_keyring_that_does_not_answer_is_slow_after_the_limit() {
    let limit = Duration::from_millis(50);
    let start = Instant::now();
    let fault = within(limit, None, || -> Result<(), _> {
        std::thread::sleep(Duration::from_secs(30));
        Ok(())
    });
    let Err(StoreFault::Slow { after }) = fault else { panic!("{fault:?}") };
    assert!(after >= limit && start.elapsed() < Duration::from_secs(2), "{after:?}");
}

#[test]
fn a_hanging_keyring_is_waited_for_once_until_it_answers() {
    let limit = Duration::from_millis(300);
    let store = KeyringStore::with_limit(limit);
    let (answer, asked) = std::sync::mpsc::channel::<()>();
    let slow = store.ask(move || -> Result<(), _> {
        let _ = asked.recv();
        Ok(())
    });
    assert!(matches!(slow, Err(StoreFault::Slow { .. })), "{slow:?}");
    let start = Instant::now();
    assert_eq!(store.ask(|| Ok(7)), Err(StoreFault::Slow { after: limit }));
    assert!(start.elapsed() < limit / 2, "{:?}", start.elapsed());
    drop(answer);
    let back = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        store.ask(|| Ok(7)) == Ok(7)
    });
    assert!(back, "the keyring answered, and is still not asked again");
}

#[test]
fn the_one_who_waits_is_told_once_and_the_answer_still_counts() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    let told = AtomicUsize::new(0);
    let tell = || {
        told.fetch_add(1, Ordering::Relaxed);
    };
    let notice = Notice { after: Duration::from_millis(20), tell: &tell };
    let answer = within(Duration::from_secs(30), Some(notice), || {
        std::thread::sleep(Duration::from_millis(100));
        Ok(7)
    });
    assert_eq!((answer, told.load(Ordering::Relaxed)), (Ok(7), 1));
    let notice = Notice { after: Duration::from_secs(10), tell: &tell };
    assert_eq!(within(Duration::from_secs(30), Some(notice), || Ok(8)), Ok(8));
    assert_eq!(told.load(Ordering::Relaxed), 1);
}

#[test]
fn a_library_that_panics_is_a_fault() {
    let answer = within(Duration::from_secs(30), None, || -> Result<(), _> { panic!("on purpose") });
    assert!(matches!(answer, Err(StoreFault::Other { .. })), "{answer:?}");
}

/// Against the session's own keyring, which must be a private one that may be written to.
#[test]
fn a_real_keyring_keeps_every_size_and_secret_tool_finds_it() {
    if std::env::var_os("MAILGRANT_TEST_KEYRING").is_none() || std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
        eprintln!("SKIPPED: MAILGRANT_TEST_KEYRING=1 in a private dbus-run-session runs this test");
        return;
    }
    let store = KeyringStore::with_limit(Duration::from_secs(3));
    let key = RecordKey::Mailbox("mailgrant-test".parse().unwrap());
    assert!(!store.delete(&key).unwrap());
    assert!(store.get(&key).unwrap().is_none());
    for length in [0, 1, 1999, 2560, 10_000, 100_000, ENTRY_LIMIT + 1] {
        let value = SecretBytes::new((0..length).map(|index| (index % 251) as u8).collect());
        store.put(&key, &value).unwrap();
        assert!(store.get(&key).unwrap().unwrap().expose() == value.expose(), "{length} bytes");
    }
    store.put(&key, &SecretBytes::new(b"{\"schema\":1}".to_vec())).unwrap();
    let found = std::process::Command::new("secret-tool")
        .args(["lookup", "service", SERVICE, "username", "mailbox:mailgrant-test"])
        .output()
        .unwrap();
    assert_eq!(found.stdout, b"{\"schema\":1}");
    let damaged: Result<Option<MailboxRecord>, _> = load_mailbox(&store, &"mailgrant-test".parse().unwrap());
    assert!(matches!(damaged, Err(StoreFault::Damaged { .. })));
    assert!(store.delete(&key).unwrap());
    assert!(store.get(&key).unwrap().is_none());
}
