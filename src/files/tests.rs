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
    assert!(matches!(failure.kind, FailureKind::File { .. }), "{failure}");
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

#[test]
fn a_draft_holds_space_until_it_is_filled_and_takes_no_place_until_it_is_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    write_atomic(&path, b"old", Privacy::Secret).unwrap();
    let mut draft = Draft::begin(&path, Privacy::Secret).unwrap();
    draft.reserve(100_000).unwrap();
    let sizes = |folder: &Path| -> Vec<u64> {
        names_in(folder).iter().map(|name| fs::metadata(folder.join(name)).unwrap().len()).collect()
    };
    assert_eq!(sizes(folder.path()), [100_000, 3], "the reserve and the file");
    draft.fill(b"longer").unwrap();
    draft.fill(b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    draft.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    let mut dropped = Draft::begin(&path, Privacy::Secret).unwrap();
    dropped.fill(b"never").unwrap();
    drop(dropped);
    assert_eq!((fs::read(&path).unwrap(), names_in(folder.path())), (b"new".to_vec(), vec!["file".to_owned()]));
}

#[cfg(unix)]
mod unix;

#[test]
fn a_trial_reads_back_what_it_wrote_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(write_test(folder.path(), b"random").unwrap(), b"random");
    assert!(names_in(folder.path()).is_empty());
    write_test(&folder.path().join("absent"), b"").unwrap_err();
}

#[test]
fn only_old_temporary_files_of_ours_are_leftovers() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name: &str, seconds: u64| {
        let file = File::create(folder.path().join(name)).unwrap();
        let now = file.metadata().unwrap().modified().unwrap();
        file.set_modified(now - Duration::from_secs(seconds)).unwrap();
    };
    make(".mailgrant-old123.tmp", 3600);
    make(".mailgrant-new123.tmp", 0);
    make("vault.age", 3600);
    assert_eq!(leftovers(folder.path()), [folder.path().join(".mailgrant-old123.tmp")]);
    assert!(leftovers(&folder.path().join("absent")).is_empty());
}
