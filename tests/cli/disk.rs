//! Full disks, read-only disks, files that may not grow: every command that writes leaves the old state or the new one,
//! says so with its exit code, and completes the rest when it is run again.

use crate::sandbox::browser::{self, Person};
use crate::sandbox::world::{ALICE, SHOP};
use crate::support::canary::{self, CLIENT_SECRET};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};
use crate::support::process::Run;

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// The disk has this many blocks left.
    Full(usize),
    ReadOnly,
    /// The profile's folder is on another disk than the vault, and that one is read-only.
    ProfileReadOnly,
    /// No file may become longer than this many half KiB (RLIMIT_FSIZE); the write fails with EFBIG.
    TooLong(u32),
    /// The same, and the kernel kills the writer in the middle of it (SIGXFSZ).
    KilledAt(u32),
}

/// A command that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    NewVaultKey,
    Add,
    Authorize,
    Refresh,
    Rotate,
    Remove,
}

impl Deed {
    const ALL: [Self; 6] = [Self::NewVaultKey, Self::Add, Self::Authorize, Self::Refresh, Self::Rotate, Self::Remove];

    /// Its exit codes where it could not write.
    fn failures(self) -> &'static [i32] {
        match self {
            // The profile's own file or lock, or the store.
            Self::Add | Self::Remove => &[3, 5],
            _ => &[5],
        }
    }
}

/// A shop on a disk of its own, authorized, whose access tokens are always stale.
struct Site {
    shop: Fixture,
    secrets: Vec<String>,
}

impl Site {
    #[expect(clippy::print_stderr, reason = "a test that is left out says so")]
    fn open() -> Option<Self> {
        let Some(shop) = Fixture::on_a_disk(1024) else {
            eprintln!("SKIPPED: no private mount is possible here, so no disk can be full or read-only");
            return None;
        };
        shop.run(&["new-vault-key"]).finish().code(0);
        shop.add("shop", &[]).finish().code(0);
        shop.sandbox().set_access_lifetime(ALWAYS_STALE);
        shop.authorize_as("shop", SHOP).code(0);
        Some(Self { shop, secrets: vec![CLIENT_SECRET.to_owned()] })
    }

    /// Brings about what the deed needs: an `extra` mailbox to remove, or none.
    fn prepare(&mut self, deed: Deed) {
        match deed {
            Deed::Remove => self.run(Deed::Add, None),
            Deed::Rotate => {
                let secret = format!("practice-only-secret-number-{}-of-a-disk", self.secrets.len());
                self.shop.sandbox().add_client_secret(&secret);
                self.secrets.push(secret);
                return;
            }
            _ => return,
        }
        .code(0);
    }

    /// Takes away what the deed has left.
    fn clean(&mut self, deed: Deed) {
        match deed {
            Deed::NewVaultKey => std::fs::remove_file(self.shop.path().join("data/second.key")).unwrap(),
            Deed::Add => drop(self.run(Deed::Remove, None).code(0)),
            _ => {}
        }
    }

    fn run(&self, deed: Deed, trouble: Option<Trouble>) -> Finished {
        let home = &self.shop;
        let run = |arguments: &[&str]| -> Run {
            match trouble {
                Some(Trouble::TooLong(halves)) => {
                    home.run_after(&format!("trap '' XFSZ; ulimit -f {halves}"), arguments)
                }
                Some(Trouble::KilledAt(halves)) => home.run_after(&format!("ulimit -f {halves}"), arguments),
                _ => home.run(arguments),
            }
        };
        match deed {
            Deed::NewVaultKey => run(&["new-vault-key", "data/second.key"]).finish(),
            Deed::Add => {
                // An app of its own: one of the same client ID would be the shop's, with the secret that it has by now.
                let client = "5a4d0000-0000-4000-8000-00000000ab09";
                let authority = self.shop.sandbox().authority();
                let flags = ["--provider", "microsoft365", "--tenant", "contoso.example", "--authority", authority];
                let more = ["--client-id", client, "--app", "extra", "--address", ALICE, "--secret-stdin"];
                run(&[&["add", "extra"][..], &flags, &more].concat()).stdin(CLIENT_SECRET).finish()
            }
            Deed::Authorize => {
                let mut running = run(&["authorize", "shop"]).start();
                if let Some(url) = running.authorization_url_if_any() {
                    let person = Person::SignsInAs(SHOP.to_owned());
                    let _ = browser::sign_in(&url, self.shop.sandbox().ca_file(), &person);
                }
                running.finish()
            }
            Deed::Refresh => run(&["token", "shop"]).finish(),
            Deed::Rotate => {
                let secret = self.secrets.last().unwrap();
                run(&["rotate-secret", "shop", "--secret-stdin", "--skip-connection-tests"]).stdin(secret).finish()
            }
            Deed::Remove => run(&["remove", "extra", "--yes"]).finish(),
        }
    }

    /// Every file with its bytes, but for the filler and the locks.
    fn state(&self) -> Vec<(String, Vec<u8>)> {
        let files = self.shop.files().into_iter().map(|(path, bytes)| (path.display().to_string(), bytes));
        let mut files: Vec<_> =
            files.filter(|(path, _)| !path.ends_with("filler") && !path.ends_with(".lock")).collect();
        files.sort();
        files
    }

    fn insist_that_no_file_tells(&self, when: &str) {
        let secrets = [self.secrets.clone(), self.shop.sandbox().issued_tokens()].concat();
        for (path, bytes) in self.state() {
            assert_eq!(canary::find(&path, &bytes, &secrets), Vec::<String>::new(), "{when}");
        }
    }

    /// Tries the deed in trouble; then without.
    fn try_in_trouble(&mut self, deed: Deed, trouble: Trouble) -> Option<i32> {
        let when = format!("{deed:?} with {trouble:?}");
        self.prepare(deed);
        let disk = self.shop.disk();
        let (before, asked) = (self.state(), self.shop.sandbox().counters());
        match trouble {
            Trouble::Full(free) => disk.fill(free),
            Trouble::ReadOnly => disk.set_read_only(true),
            Trouble::ProfileReadOnly => disk.set_folder_read_only("config/mailgrant", true),
            Trouble::TooLong(_) | Trouble::KilledAt(_) => {}
        }
        let tried = self.run(deed, Some(trouble));
        let after = self.state();
        // Whatever happened, profile and vault can be read, in the middle of the trouble.
        assert_eq!(fact(&self.shop.json(&["status", "shop"], 0), "status"), "authorized", "{when}");
        match trouble {
            Trouble::Full(_) => disk.empty(),
            Trouble::ReadOnly => disk.set_read_only(false),
            Trouble::ProfileReadOnly => disk.set_folder_read_only("config/mailgrant", false),
            Trouble::TooLong(_) | Trouble::KilledAt(_) => {}
        }
        let is_killed = matches!(trouble, Trouble::KilledAt(_)) && tried.code.is_none();
        match tried.code {
            Some(0) => {}
            None if is_killed => self.insist_that_no_file_tells(&when),
            Some(code) if deed.failures().contains(&code) => {
                // A rotation's intent may be recorded already; everything else is one step.
                if deed != Deed::Rotate {
                    assert!(before == after, "{when}: not as it was\n{}", tried.all_text());
                }
            }
            _ => panic!("{when}: exit {:?}\n{}", tried.code, tried.all_text()),
        }
        if tried.code != Some(0) && matches!(deed, Deed::Refresh | Deed::Authorize | Deed::Rotate) {
            // What is given only once is not asked for where it could not be kept.
            let now = self.shop.sandbox().counters();
            assert_eq!((now.token_requests, now.sign_ins), (asked.token_requests, asked.sign_ins), "{when}");
        }
        if tried.code != Some(0) {
            let again = self.run(deed, None);
            assert_eq!(again.code, Some(0), "{when}, run again: {}", again.all_text());
        }
        let left = self.state().into_iter().filter(|(path, _)| path.ends_with(".tmp")).count();
        assert_eq!(left, 0, "{when}: temporary files are left");
        self.shop.run(&["token", "shop"]).finish().code(0);
        self.clean(deed);
        tried.code
    }

    fn close(self) {
        self.insist_that_no_file_tells("at the end");
        assert_eq!(fact(&self.shop.json(&["status", "shop"], 0), "rotation"), "");
        self.shop.json(&["test-mailbox", "shop"], 0);
        assert_eq!(self.shop.sandbox().counters().refresh_reuses, 0, "a refresh token was lost");
        self.shop.insist_on_manners();
    }
}

#[test]
fn a_full_disk_leaves_the_old_state_or_the_new_and_asks_for_nothing_that_it_could_not_keep() {
    let Some(mut site) = Site::open() else { return };
    for deed in Deed::ALL {
        let codes: Vec<_> = (0..12).map(|free| site.try_in_trouble(deed, Trouble::Full(free))).collect();
        println!("{deed:?} with 0 to 11 blocks left: {codes:?}");
        assert_ne!(codes[0], Some(0), "{deed:?}: the disk was not full");
        assert_eq!(codes.last(), Some(&Some(0)), "{deed:?}: 44 KiB should do");
    }
    site.close();
}

#[test]
fn a_read_only_disk_leaves_the_old_state_and_asks_for_nothing_that_it_could_not_keep() {
    let Some(mut site) = Site::open() else { return };
    for deed in Deed::ALL {
        let code = site.try_in_trouble(deed, Trouble::ReadOnly);
        println!("{deed:?} on a read-only disk: {code:?}");
        assert_ne!(code, Some(0), "{deed:?}: the disk was not read-only");
    }
    site.close();
}

#[test]
fn a_profile_that_cannot_be_written_is_noticed_before_secrets_come_or_go() {
    let Some(mut site) = Site::open() else { return };
    for deed in [Deed::Add, Deed::Remove] {
        let code = site.try_in_trouble(deed, Trouble::ProfileReadOnly);
        assert_eq!(code, Some(3), "{deed:?}");
    }
    site.close();
}

#[test]
fn a_write_that_fails_or_is_killed_half_way_leaves_the_old_state_or_the_new() {
    let Some(mut site) = Site::open() else { return };
    for deed in Deed::ALL {
        for trouble in [Trouble::TooLong, Trouble::KilledAt] {
            let codes: Vec<_> = [0, 1, 4, 16, 40, 80].map(|halves| site.try_in_trouble(deed, trouble(halves))).into();
            println!("{deed:?} with files of {:?} to 40 KiB: {codes:?}", trouble(0));
            assert_ne!(codes[0], Some(0), "{deed:?}: every file may grow");
            assert_eq!(codes.last(), Some(&Some(0)), "{deed:?}: 40 KiB should do");
        }
    }
    site.close();
}
