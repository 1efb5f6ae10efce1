use super::*;
use crate::secrets::{load_mailbox, records};

/// A password manager of a folder: a shell script that is given what to do and the record's name.
const MANAGER: &str = r#"
file="$0/$(printf %s "$2" | tr : _)"
case "$1" in
  get) [ -e "$file" ] || exit 44; cat "$file" ;;
  put) cat >"$file" ;;
  delete) [ -e "$file" ] || exit 44; rm "$file" ;;
  list) for file in "$0"/*; do basename "$file" | tr _ : ; done ;;
esac
"#;

struct Manager {
    folder: tempfile::TempDir,
}

impl Manager {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn argv(&self, script: &str, words: &[&str]) -> Vec<String> {
        let folder = self.folder.path().display().to_string();
        ["/bin/sh", "-c", script, &folder].into_iter().chain(words.iter().copied()).map(str::to_owned).collect()
    }

    fn command(&self, script: &str, verb: &str) -> Option<RecordCommand> {
        Some(RecordCommand::new(self.argv(script, &[verb, "{key}"])).unwrap())
    }

    fn store(&self) -> CommandStore {
        self.store_with(MANAGER)
    }

    fn store_with(&self, get: &str) -> CommandStore {
        let spec = CommandSpec {
            get: self.command(get, "get"),
            put: self.command(MANAGER, "put"),
            delete: self.command(MANAGER, "delete"),
            list: Some(self.argv(MANAGER, &["list"])),
        };
        CommandStore { spec, limit: Duration::from_secs(20), hangs: AtomicBool::new(false) }
    }
}

fn shop() -> RecordKey {
    RecordKey::Mailbox("shop".parse().unwrap())
}

fn value(text: &str) -> SecretBytes {
    SecretBytes::new(text.as_bytes().to_vec())
}

fn trouble(fault: Option<StoreFault>) -> CommandTrouble {
    match fault {
        Some(StoreFault::Command { trouble, .. }) => trouble,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_record_is_written_read_listed_and_removed() {
    let manager = Manager::new();
    let store = manager.store();
    assert!(store.get(&shop()).unwrap().is_none());
    store.put(&shop(), &value(r#"{"schema":2}"#)).unwrap();
    assert_eq!(store.get(&shop()).unwrap().unwrap().expose(), br#"{"schema":2}"#);
    assert_eq!(store.keys().unwrap(), Some(vec![shop()]));
    assert!(store.delete(&shop()).unwrap() && !store.delete(&shop()).unwrap());
    assert_eq!(store.keys().unwrap(), Some(Vec::new()));
    store.self_test().unwrap();
    assert!(!store.is_read_only());
}

#[test]
fn a_failure_is_never_taken_for_a_record_that_is_not_there() {
    let manager = Manager::new();
    let failed = |status, words: &'static str| CommandTrouble::Failed { status, words: words.into() };
    for (script, expected) in [
        ("echo locked >&2; exit 1", failed(Some(1), "locked")),
        ("exit 43", failed(Some(43), "")),
        ("kill -9 $$", failed(None, "")),
        ("true", CommandTrouble::Empty),
        ("echo; echo", CommandTrouble::Empty),
        ("head -c 2000000 /dev/zero", CommandTrouble::TooLong { limit: LARGEST }),
    ] {
        assert_eq!(trouble(manager.store_with(script).get(&shop()).err()), expected, "{script}");
    }
    assert!(manager.store_with("exit 44").get(&shop()).unwrap().is_none());
}

#[test]
fn a_command_that_hangs_is_waited_for_once() {
    let manager = Manager::new();
    let store = CommandStore { limit: Duration::from_millis(300), ..manager.store_with("sleep 30") };
    let start = Instant::now();
    for _ in 0..20 {
        assert!(matches!(trouble(store.get(&shop()).err()), CommandTrouble::TimedOut { .. }));
    }
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let command = RecordCommand::new(vec!["/nowhere/store".into(), "{key}".into()]).unwrap();
    let spec = CommandSpec { get: Some(command), ..CommandSpec::default() };
    let store = CommandStore { spec, limit: Duration::from_secs(5), hangs: AtomicBool::new(false) };
    let fault = store.get(&shop()).err();
    assert!(matches!(&fault, Some(StoreFault::Command { program, .. }) if program == "/nowhere/store"), "{fault:?}");
    assert_eq!(trouble(fault), CommandTrouble::Absent);
}

#[test]
fn what_is_read_back_otherwise_is_a_failure() {
    let manager = Manager::new();
    let fault = manager.store_with("echo something else").put(&shop(), &value("x")).err();
    assert!(matches!(fault, Some(StoreFault::NotKept { .. })), "{fault:?}");
    // What is not a record of ours is told as damage, not as a sign-in that is missing.
    let fault = load_mailbox(&manager.store_with("echo Enter PIN:"), &"shop".parse().unwrap()).err();
    assert!(matches!(fault, Some(StoreFault::Damaged { .. })), "{fault:?}");
}

#[test]
fn without_a_command_that_writes_it_is_read_only() {
    let manager = Manager::new();
    manager.store().put(&shop(), &value("kept")).unwrap();
    let all = manager.store();
    let spec = CommandSpec { put: None, delete: None, ..all.spec.clone() };
    let store = CommandStore { spec, ..all };
    assert!(store.is_read_only());
    assert_eq!(store.get(&shop()).unwrap().unwrap().expose(), b"kept");
    for fault in [store.put(&shop(), &value("x")).err(), store.delete(&shop()).err()] {
        assert!(matches!(fault, Some(StoreFault::ReadOnly { handed: HandedOver::Command, .. })), "{fault:?}");
    }
    store.self_test().unwrap();
}

/// Every record that is written is one line of text.
#[test]
fn records_are_one_line() {
    let app: crate::profile::ClientId = "a".parse().unwrap();
    let mut record = crate::secrets::AppRecord::new(app);
    record.active = Some(crate::secrets::ClientSecret {
        value: "a\nb\r\"".into(),
        expires: None,
        added: jiff::Timestamp::UNIX_EPOCH,
        key_id: None,
    });
    let bytes = records::encode::app(&record).unwrap();
    assert!(!bytes.expose().contains(&b'\n') && bytes.expose() == bytes.expose().trim_ascii());
}
