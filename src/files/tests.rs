use super::*;

fn fault_of(failure: Failure) -> StoreFault {
    match failure.kind {
        FailureKind::Store(fault) => fault,
        other => panic!("{other:?}"),
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_write_replaces_the_file_and_leaves_nothing_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    for privacy in [Privacy::Secret, Privacy::Config] {
        write_atomic(&path, b"one", privacy).unwrap();
        write_atomic(&path, b"two", privacy).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }
    assert_eq!(names_in(folder.path()), ["file"]);
}

#[test]
fn a_private_file_is_read_back_and_an_absent_one_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    assert!(read_private(&path, 10).unwrap().is_none());
    write_atomic(&path, b"0123456789", Privacy::Secret).unwrap();
    assert_eq!(read_private(&path, 10).unwrap().unwrap().as_slice(), b"0123456789");
}

#[test]
fn a_file_over_the_limit_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    write_atomic(&path, b"0123456789", Privacy::Secret).unwrap();
    let failure = read_private(&path, 9).unwrap_err();
    assert!(matches!(failure.kind, FailureKind::TooLarge { limit: 9, .. }), "{failure}");
}

#[test]
fn creating_refuses_to_overwrite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    create_private(&path, b"old").unwrap();
    let failure = create_private(&path, b"new").unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Local { .. }), "{failure}");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names_in(folder.path()), ["key"]);
}

#[test]
fn a_write_into_a_missing_folder_says_which_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/file");
    for privacy in [Privacy::Secret, Privacy::Config] {
        let failure = write_atomic(&path, b"x", privacy).unwrap_err();
        assert!(failure.to_string().contains("missing"), "{failure}");
    }
}

#[cfg(unix)]
mod unix;

#[test]
fn a_trial_reads_back_what_it_wrote_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(trial(folder.path(), b"worthless").unwrap(), b"worthless");
    assert!(names_in(folder.path()).is_empty());
    trial(&folder.path().join("absent"), b"").unwrap_err();
}

#[test]
fn only_old_temporary_files_of_ours_are_leftovers() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, seconds: u64| {
        let file = File::create(folder.path().join(name)).unwrap();
        let now = file.metadata().unwrap().modified().unwrap();
        file.set_modified(now - Duration::from_secs(seconds)).unwrap();
    };
    make(".mailgrant-old.tmp", 3600);
    make(".mailgrant-new.tmp", 0);
    make("vault.age", 3600);
    assert_eq!(leftovers(folder.path()), [folder.path().join(".mailgrant-old.tmp")]);
    assert!(leftovers(&folder.path().join("absent")).is_empty());
}
