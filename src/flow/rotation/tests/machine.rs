//! The rotation as a machine that is run, interrupted and run again, in any order and with any answers (SECURITY.md R1,
//! R2): a secret that the provider accepts is always the active one, and in the end the new one is.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::super::*;
use super::fixture::{PROFILE, clock, exposed, request, secret};
use crate::config;
use crate::failure::{FailureKind, OAuthFault};
use crate::oauth::ClientCredential;
use crate::profile::Profile;
use crate::report::{Check, Stage};
use crate::secrets::{MemoryStore, RecordKey, SecretBytes, save_app};

/// The secrets that may be given. The first is in use at the beginning, the last is good and comes at the end.
const SECRETS: [&str; 5] = ["secret-in-use", "secret-1", "secret-2", "secret-3", "secret-at-last"];

/// The process dies at a write: before it, or after it and before it is known to have been made.
#[derive(Debug, Clone, Copy)]
struct Death {
    writes_before: usize,
    is_written: bool,
}

#[derive(Debug, Clone)]
enum Act {
    /// `rotate-secret`, with a secret or to go on.
    Run {
        secret: Option<usize>,
        answers: Vec<u8>,
        connection_fails: bool,
    },
    RollBack,
    DiscardPrevious,
    Settle,
}

fn act() -> impl Strategy<Value = (Act, Option<Death>)> {
    let run = (prop::option::of(0..SECRETS.len()), prop::collection::vec(any::<u8>(), 0..4), any::<bool>());
    let run = run.prop_map(|(secret, answers, connection_fails)| Act::Run { secret, answers, connection_fails });
    let act = prop_oneof![6 => run, 1 => Just(Act::RollBack), 1 => Just(Act::DiscardPrevious), 1 => Just(Act::Settle)];
    let death = (0..5_usize, any::<bool>()).prop_map(|(writes_before, is_written)| Death { writes_before, is_written });
    (act, prop::option::weighted(0.4, death))
}

/// A store whose process can die.
#[derive(Default)]
struct MortalStore {
    kept: MemoryStore,
    death: Mutex<Option<Death>>,
    is_dead: AtomicBool,
}

impl SecretStore for MortalStore {
    fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
        assert!(!self.is_dead.load(Ordering::SeqCst), "the dead read nothing");
        self.kept.get(key)
    }

    fn put(&self, key: &RecordKey, value: &SecretBytes) -> Result<(), StoreFault> {
        assert!(!self.is_dead.load(Ordering::SeqCst), "the dead write nothing");
        if let Some(death) = &mut *self.death.lock().unwrap() {
            if death.writes_before == 0 {
                self.is_dead.store(true, Ordering::SeqCst);
                if death.is_written {
                    self.kept.put(key, value)?;
                }
                return Err(StoreFault::Locked);
            }
            death.writes_before -= 1;
        }
        self.kept.put(key, value)
    }

    fn delete(&self, _: &RecordKey) -> Result<bool, StoreFault> {
        panic!("a rotation deletes no record")
    }

    fn self_test(&self) -> Result<crate::text::Shown, StoreFault> {
        panic!("a rotation tries no store")
    }

    fn describe(&self) -> crate::text::Shown {
        "memory".into()
    }
}

/// The provider: it accepts what is good, unless something else comes in between.
struct Provider<'a> {
    good: &'a [bool],
    answers: &'a [u8],
    next: AtomicUsize,
    connection_fails: bool,
}

impl Provider<'_> {
    fn is_good(&self, credential: &ClientCredential) -> bool {
        let index = SECRETS.iter().position(|known| *known == exposed(credential));
        self.good[index.expect("every secret is one of these")]
    }
}

impl Prover for Provider<'_> {
    fn redeem(&self, _: &Mailbox, credential: &ClientCredential) -> Result<(), Failure> {
        let oauth = |error: &'static str, status| {
            Err(FailureKind::OAuth(OAuthFault { error: error.into(), status, ..OAuthFault::default() }).into())
        };
        let answer = self.answers.get(self.next.fetch_add(1, Ordering::SeqCst)).copied();
        match (answer.map(|answer| answer % 5), self.is_good(credential)) {
            (Some(0), _) => Err(FailureKind::ConnectionLost { during: "waiting".into() }.into()),
            (Some(1), _) => oauth("temporarily_unavailable", 503),
            // Not every server knows it yet.
            (Some(2), true) | (_, false) => oauth("invalid_client", 401),
            // The client is checked before the grant (RFC 6749 §5.2): a bad secret never gets this far.
            (Some(3), true) => oauth("invalid_grant", 400),
            (_, true) => Ok(()),
        }
    }

    fn connect(&self, _: &Mailbox, _: &ClientCredential) -> Tested {
        if !self.connection_fails {
            return Tested::default();
        }
        let failure = FailureKind::ConnectionRefused { host: "h".into(), port: 1 }.into();
        let finding = crate::diagnosis::finding(&failure, crate::diagnosis::FailureContext::default());
        let checks = vec![Check::failed(Stage::Tcp, Duration::ZERO, finding)];
        Tested { checks, ..Tested::default() }
    }

    fn wait(&self, _: Duration, _: &Failure) {}
}

/// Two apps that are one registration, a mailbox for each.
fn two_apps() -> Profile {
    let second = PROFILE.replace("apps.contoso", "apps.info").split("[mailboxes.a]").next().unwrap().to_owned();
    let text = PROFILE.replace("[mailboxes.b]\napp = \"contoso\"", "[mailboxes.b]\napp = \"info\"") + &second;
    config::parse(std::path::Path::new("config.toml"), &text).unwrap()
}

struct Machine {
    profile: Profile,
    store: MortalStore,
    good: Vec<bool>,
}

impl Machine {
    fn new(good: Vec<bool>) -> Self {
        let machine = Self { profile: two_apps(), store: MortalStore::default(), good };
        assert_eq!(machine.profile.apps.len(), 2);
        for app in machine.profile.apps.values() {
            let mut record = AppRecord::new(app.client_id.clone());
            record.active = Some(secret(SECRETS[0]));
            save_app(&machine.store.kept, &app.name, &record).unwrap();
        }
        machine
    }

    fn records(&self) -> Vec<AppRecord> {
        self.profile.apps.keys().map(|name| load_app(&self.store.kept, name).unwrap().unwrap()).collect()
    }

    /// The secrets in use.
    fn actives(&self) -> Vec<String> {
        let active = |record: AppRecord| record.active.expect("one is in use").value.expose_secret().to_owned();
        self.records().into_iter().map(active).collect()
    }

    /// One run of the program, which may die.
    fn act(&self, act: &Act, death: Option<Death>) -> Option<Ending> {
        let (answers, connection_fails): (&[u8], bool) = match act {
            Act::Run { answers, connection_fails, .. } => (answers, *connection_fails),
            Act::RollBack | Act::DiscardPrevious | Act::Settle => (&[], false),
        };
        let prover = Provider { good: &self.good, answers, next: AtomicUsize::new(0), connection_fails };
        let apps: Vec<&App> = self.profile.apps.values().collect();
        let mailboxes: Vec<&Mailbox> = self.profile.mailboxes.values().collect();
        *self.store.death.lock().unwrap() = death;
        let rotation = Rotation {
            store: &self.store,
            app: apps[0],
            apps: &apps,
            mailboxes: &mailboxes,
            clock: clock(),
            propagation: Duration::from_secs(10),
            test_connections: true,
            deadline: None,
            prover: &prover,
        };
        let ending = match act {
            Act::Run { secret, .. } => {
                let request = request(secret.map(|index| (SECRETS[index], None)));
                rotation.run(request).map(|answer| Some(answer.ending))
            }
            Act::RollBack => rotation.roll_back(Force::No).map(|_| None),
            Act::DiscardPrevious => rotation.discard_previous().map(|_| None),
            Act::Settle => rotation.settle().map(|()| None),
        };
        let died = self.store.is_dead.swap(false, Ordering::SeqCst);
        *self.store.death.lock().unwrap() = None;
        assert_eq!(ending.is_err(), died, "only death stops it: {ending:?}");
        ending.ok().flatten()
    }

    fn is_good(&self, secret: &ClientSecret) -> bool {
        SECRETS.iter().position(|known| *known == secret.value.expose_secret()).is_some_and(|index| self.good[index])
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_happens_a_working_secret_is_in_use_and_in_the_end_the_new_one_is(
        good in prop::collection::vec(any::<bool>(), 3),
        acts in prop::collection::vec(act(), 0..8),
    ) {
        let machine = Machine::new([vec![true], good, vec![true]].concat());
        for (act, death) in &acts {
            let before = machine.actives();
            let ending = machine.act(act, *death);
            let after = machine.actives();
            for (record, before) in machine.records().into_iter().zip(&before) {
                let active = record.active.clone().expect("one is in use");
                prop_assert!(machine.is_good(&active), "a secret is in use that was not proven");
                prop_assert!(record.previous.as_ref().is_none_or(|previous| machine.is_good(previous)));
                if matches!(ending, Some(Ending::Refused(_))) {
                    prop_assert!(record.pending.is_none());
                }
                if matches!(ending, Some(Ending::Activated)) && active.value.expose_secret() != before {
                    let previous = record.previous.expect("the one before is kept");
                    prop_assert_eq!(previous.value.expose_secret(), before);
                }
            }
            if matches!(ending, Some(Ending::Refused(_) | Ending::Unfinished | Ending::Unchanged)) {
                prop_assert_eq!(&after, &before);
            }
            if matches!(ending, Some(Ending::Activated)) {
                prop_assert_eq!(&after[0], &after[1], "one registration has one secret in use");
            }
        }
        // A rerun without trouble goes on from whatever was left, and is done.
        let records = machine.records();
        let pending = records.iter().filter(|record| Rotation::is_under_way(record)).find_map(|record| record.pending.clone());
        let calm = |secret| Act::Run { secret, answers: Vec::new(), connection_fails: false };
        let ending = machine.act(&calm(None), None);
        if let Some(pending) = pending {
            let is_good = machine.is_good(&pending);
            prop_assert_eq!(matches!(ending, Some(Ending::Activated)), is_good);
            prop_assert_eq!(matches!(ending, Some(Ending::Refused(_))), !is_good);
        }
        machine.act(&calm(Some(SECRETS.len() - 1)), None);
        machine.act(&Act::Settle, None);
        for record in machine.records() {
            prop_assert_eq!(record.active.as_ref().unwrap().value.expose_secret(), SECRETS[SECRETS.len() - 1]);
            prop_assert!(record.pending.is_none() && !Rotation::is_under_way(&record), "it has converged");
        }
        prop_assert!(matches!(machine.act(&calm(Some(SECRETS.len() - 1)), None), Some(Ending::Unchanged)));
    }
}
