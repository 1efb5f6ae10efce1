use std::io::{self, BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use super::*;
use crate::failure::FailureKind;
use crate::files::lock::{LOCK_WAIT, ProfileLock};

const FOLDER: &str = "MAILGRANT_TEST_FOLDER";

fn shop() -> RecordKey {
    RecordKey::Mailbox("shop".parse().unwrap())
}

fn busy(failure: Failure) -> (String, Option<String>, Duration) {
    match failure.kind {
        FailureKind::Busy { what, holder, waited } => {
            (what.to_string(), holder.map(|holder| holder.to_string()), waited)
        }
        other => panic!("{other:?}"),
    }
}

fn refused(result: Result<RecordLock, Failure>) -> Failure {
    result.err().expect("the lock was free")
}

/// Runs the ignored test `name` of this module in a process of its own.
fn child(name: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("secrets::lock::tests::{name}"), "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A process that holds the lock until it is killed or its standard input ends.
fn holder_process(folder: &Path) -> Child {
    let mut child = child("child_holds", folder);
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("HELD")), "the child never held the lock");
    child
}

#[test]
#[ignore = "a child of another test"]
fn child_holds() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let _lock = RecordLock::acquire(Path::new(&folder), &shop(), LOCK_WAIT).unwrap();
    println!("HELD");
    let _ = io::stdin().read(&mut [0]);
}

#[test]
fn a_killed_holder_hands_over_within_100_ms() {
    let folder = tempfile::tempdir().unwrap();
    let mut times = Vec::new();
    for _ in 0..10 {
        let mut child = holder_process(folder.path());
        let path = folder.path().to_path_buf();
        let waiter = thread::spawn(move || {
            let _lock = RecordLock::acquire(&path, &shop(), LOCK_WAIT).unwrap();
            Instant::now()
        });
        // Let it wait in the kernel.
        thread::sleep(Duration::from_millis(100));
        assert!(!waiter.is_finished());
        let killed = Instant::now();
        child.kill().unwrap(); // SIGKILL
        let took = waiter.join().unwrap() - killed;
        child.wait().unwrap();
        times.push(took);
    }
    times.sort();
    println!("10 handovers took {:?} to {:?}", times[0], times[9]);
    // A machine under load may wake the waiter late once; the kernel's lock does not make it wait every other time.
    assert!(times[5] < Duration::from_millis(100), "{times:?}");
}

#[test]
fn a_busy_lock_names_its_holder_after_a_bounded_wait() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = holder_process(folder.path());
    for wait in [Duration::ZERO, Duration::from_millis(200)] {
        let start = Instant::now();
        let (what, holder, waited) = busy(refused(RecordLock::acquire(folder.path(), &shop(), wait)));
        assert!(start.elapsed() < wait + Duration::from_millis(300), "{:?}", start.elapsed());
        assert!(waited >= wait, "{waited:?}");
        assert_eq!(what, "mailbox shop");
        let holder = holder.unwrap();
        assert!(holder.starts_with(&format!("process {}: mailgrant", child.id())), "{holder}");
        assert!(holder.contains("child_holds"), "{holder}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The dead one's name is still there, and means nothing.
    drop(RecordLock::acquire(folder.path(), &shop(), Duration::from_secs(1)).unwrap());
}

#[test]
fn locks_exclude_each_other_within_a_process_and_only_for_the_same_record() {
    let folder = tempfile::tempdir().unwrap();
    let held = RecordLock::acquire(folder.path(), &shop(), Duration::ZERO).unwrap();
    let (_, holder, _) = busy(refused(RecordLock::acquire(folder.path(), &shop(), Duration::ZERO)));
    assert!(holder.unwrap().starts_with(&format!("process {}:", std::process::id())));
    let app = RecordKey::App("shop".parse().unwrap());
    drop(RecordLock::acquire(folder.path(), &app, Duration::ZERO).unwrap());
    drop(held);
    drop(RecordLock::acquire(folder.path(), &shop(), Duration::ZERO).unwrap());
}

#[cfg(unix)]
#[test]
fn a_profile_has_one_lock_by_whichever_way_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let try_it = |path: &Path| ProfileLock::acquire(&folder.path().join("state"), path, Duration::ZERO);
    let config = folder.path().join("not-there-yet/config.toml");
    let held = try_it(&config).unwrap();
    let (what, ..) = busy(try_it(&config).err().expect("it is held"));
    assert_eq!(what, format!("profile {}", config.display()));
    std::fs::create_dir(config.parent().unwrap()).unwrap();
    std::fs::write(&config, "").unwrap();
    let link = folder.path().join("link.toml");
    std::os::unix::fs::symlink(&config, &link).unwrap();
    for way in [&config, &link, &folder.path().join("not-there-yet/../link.toml")] {
        busy(try_it(way).err().expect("it is held"));
    }
    drop(try_it(&folder.path().join("other.toml")).unwrap());
    drop(held);
    drop(try_it(&link).unwrap());
}

#[test]
fn a_wait_that_was_given_up_does_not_hold_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let held = RecordLock::acquire(folder.path(), &shop(), Duration::ZERO).unwrap();
    for _ in 0..5 {
        refused(RecordLock::acquire(folder.path(), &shop(), Duration::from_millis(10)));
    }
    drop(held);
    for _ in 0..5 {
        drop(RecordLock::acquire(folder.path(), &shop(), Duration::from_secs(1)).unwrap());
    }
}

#[test]
fn many_processes_take_turns() {
    const PROCESSES: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let counter = folder.path().join("counter");
    std::fs::write(&counter, "0").unwrap();
    let children: Vec<_> = (0..PROCESSES).map(|_| child("child_counts", folder.path())).collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    assert_eq!(std::fs::read_to_string(&counter).unwrap(), (PROCESSES * ROUNDS).to_string());
}

const ROUNDS: usize = 25;

#[test]
#[ignore = "a child of another test"]
fn child_counts() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let counter = Path::new(&folder).join("counter");
    for _ in 0..ROUNDS {
        let _lock = RecordLock::acquire(Path::new(&folder), &shop(), LOCK_WAIT).unwrap();
        let count: usize = std::fs::read_to_string(&counter).unwrap().parse().unwrap();
        thread::yield_now();
        std::fs::write(&counter, (count + 1).to_string()).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn the_lock_file_is_private_and_never_unlinked() {
    use std::os::unix::fs::MetadataExt;

    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let is = |path: &str| std::fs::metadata(state.join(path)).unwrap();
    let held = RecordLock::acquire(&state, &shop(), Duration::ZERO).unwrap();
    let inode = is("locks/mailbox-shop.lock").ino();
    assert_eq!(is("locks/mailbox-shop.lock").mode() & 0o7777, 0o600);
    assert_eq!((is("").mode() & 0o7777, is("locks").mode() & 0o7777), (0o700, 0o700));
    drop(held);
    assert_eq!(is("locks/mailbox-shop.lock").ino(), inode);
    assert_eq!(is("locks/mailbox-shop.lock").len(), 0, "the last holder's name is left behind");
    drop(RecordLock::acquire(&state, &shop(), Duration::ZERO).unwrap());
    assert_eq!(is("locks/mailbox-shop.lock").ino(), inode);
}
