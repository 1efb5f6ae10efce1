//! The stored records: an app's secrets with the journal of their rotation, and a mailbox's grant. What is accepted comes
//! back as it was written, and a rotation that goes on from any of it ends with a secret that was there.
#![no_main]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use mailgrant::clock::Clock;
use mailgrant::failure::{Failure, FailureKind, OAuthFault, StoreFault};
use mailgrant::flow::rotation::{Ending, NewSecret, Prover, Rotation, RotationRequest, Tested};
use mailgrant::oauth::ClientCredential;
use mailgrant::profile::{Mailbox, Name, Profile};
use mailgrant::secrets::{
    AppRecord, RecordKey, SecretBytes, SecretStore, load_app, load_mailbox, save_app, save_mailbox,
};
use mailgrant::text::Shown;
use mailgrant_fuzz::{CANARY, choice, failure_shown, planted_bytes, profile};
use secrecy::{ExposeSecret, SecretString};

static PROFILE: LazyLock<Profile> = LazyLock::new(profile);

/// A store in memory, whose changes fail once `changes_left` have been made.
#[derive(Default)]
struct Memory {
    records: Mutex<BTreeMap<RecordKey, SecretBytes>>,
    changes_left: Option<AtomicUsize>,
}

impl SecretStore for Memory {
    fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
        Ok(self.records.lock().expect("no panic while it is held").get(key).cloned())
    }

    fn put(&self, key: &RecordKey, value: &SecretBytes) -> Result<(), StoreFault> {
        if let Some(left) = &self.changes_left
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err()
        {
            return Err(StoreFault::Locked);
        }
        self.records.lock().expect("no panic while it is held").insert(key.clone(), value.clone());
        Ok(())
    }

    fn delete(&self, key: &RecordKey) -> Result<bool, StoreFault> {
        Ok(self.records.lock().expect("no panic while it is held").remove(key).is_some())
    }

    fn self_test(&self) -> Result<Shown, StoreFault> {
        Ok("memory".into())
    }

    fn describe(&self) -> Shown {
        "memory".into()
    }
}

/// Answers as the input says, one byte each.
struct Script<'a> {
    answers: &'a [u8],
    next: AtomicUsize,
}

impl Prover for Script<'_> {
    fn redeem(&self, _: &Mailbox, _: &ClientCredential) -> Result<(), Failure> {
        let at = self.next.fetch_add(1, Ordering::SeqCst);
        let oauth = |error: &'static str, status| {
            FailureKind::OAuth(OAuthFault { error: error.into(), status, ..OAuthFault::default() })
        };
        let kind = match self.answers.get(at).map_or(0, |answer| answer % 7) {
            0 => return Ok(()),
            1 => oauth("invalid_client", 401),
            2 => oauth("invalid_grant", 400),
            3 => oauth("temporarily_unavailable", 503),
            4 => FailureKind::ConnectionLost { during: "x".into() },
            5 => FailureKind::NotAuthorized { why: "x".into() },
            _ => FailureKind::Store(StoreFault::Locked),
        };
        Err(kind.into())
    }

    fn connect(&self, _: &Mailbox, _: &ClientCredential) -> Tested {
        Tested::default()
    }

    fn wait(&self, _: Duration, _: &Failure) {}
}

fn active(record: &AppRecord) -> Option<String> {
    record.active.as_ref().map(|secret| secret.value.expose_secret().to_owned())
}

fn rotate(store: &mut Memory, script: &[u8], before: &AppRecord) {
    let app = PROFILE.apps.values().find(|app| app.name.as_str() == "contoso").expect("it is there");
    if !before.is_of(app) {
        return;
    }
    let mailboxes: Vec<&Mailbox> = PROFILE.mailboxes_of(&app.name).collect();
    let Some((&first, answers)) = script.split_first() else { return };
    store.changes_left = (first & 8 != 0).then(|| AtomicUsize::new(usize::from(first >> 4)));
    let script = Script { answers, next: AtomicUsize::new(0) };
    let rotation = Rotation {
        store,
        app,
        apps: &[app],
        mailboxes: &mailboxes,
        clock: Clock::from_fn(|| Timestamp::UNIX_EPOCH),
        propagation: Duration::from_secs(4),
        test_connections: true,
        deadline: None,
        prover: &script,
    };
    let new = (first & 1 == 0).then(|| NewSecret { value: SecretString::from(CANARY), expires: None, issued: None });
    let given = new.is_some();
    let pending = before.pending.as_ref().map(|secret| secret.value.expose_secret().to_owned());
    let wish = new.map_or(RotationRequest::Finish { expires: None }, RotationRequest::New);
    let ending = rotation.run(wish).map(|answer| answer.ending);
    let after = rotation.records().expect("what it writes it can read").remove(0);
    let old = active(before);
    match ending {
        Ok(Ending::Activated) => {
            let expected = if given { Some(CANARY.to_owned()) } else { pending };
            assert_eq!(active(&after), expected);
            let previous = after.previous.as_ref().map(|secret| secret.value.expose_secret().to_owned());
            assert_eq!(previous, old, "the old secret is kept");
        }
        Ok(Ending::Unchanged | Ending::Refused(_) | Ending::Unfinished) => assert_eq!(active(&after), old),
        // A store that failed at the last write may have the new secret, or the old one; never none.
        Err(_) => assert!(active(&after) == old || active(&after).is_some()),
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let mut parts = rest.splitn(2, |byte| *byte == 0xff);
    let (json, script) = (planted_bytes(parts.next().unwrap_or_default()), parts.next().unwrap_or_default());
    let mut store = Memory::default();
    let name = |text: &str| text.parse::<Name>().expect("it is a name");
    if choice & 1 == 0 {
        let (contoso, again) = (name("contoso"), name("again"));
        store.put(&RecordKey::App(contoso.clone()), &SecretBytes::new(json)).expect("it is in memory");
        let record = match load_app(&store, &contoso) {
            Ok(record) => record.expect("it was put there"),
            Err(fault) => return failure_shown(&fault.into()),
        };
        save_app(&store, &again, &record).expect("what was read can be written");
        let second = load_app(&store, &again).expect("what was written can be read").expect("it is there");
        assert_eq!(second.client_id, record.client_id);
        assert_eq!(second.journal, record.journal);
        let secrets =
            |record: &AppRecord| record.secrets().map(|one| one.expose_secret().to_owned()).collect::<Vec<_>>();
        assert_eq!(secrets(&second), secrets(&record));
        let is_secret = !record.client_id.as_str().contains(CANARY);
        assert!(!is_secret || !format!("{record:?}").contains(CANARY));
        rotate(&mut store, script, &record);
    } else {
        let (shop, again) = (name("shop"), name("again"));
        store.put(&RecordKey::Mailbox(shop.clone()), &SecretBytes::new(json)).expect("it is in memory");
        let grant = match load_mailbox(&store, &shop) {
            Ok(grant) => grant.expect("it was put there"),
            Err(fault) => return failure_shown(&fault.into()),
        };
        save_mailbox(&store, &again, &grant).expect("what was read can be written");
        let second = load_mailbox(&store, &again).expect("what was written can be read").expect("it is there");
        assert_eq!(
            second.secrets().map(ExposeSecret::expose_secret).collect::<Vec<_>>(),
            grant.secrets().map(ExposeSecret::expose_secret).collect::<Vec<_>>()
        );
        assert_eq!(format!("{second:?}"), format!("{grant:?}"));
    }
});
