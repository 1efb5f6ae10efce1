use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use super::*;

fn mode_of(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn unsafe_reason(failure: Failure) -> String {
    match fault_of(failure) {
        StoreFault::Unsafe { reason, .. } => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

fn make_fifo(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
}

/// Runs the ignored test `name` of this module in a process of its own, by way of `shell` (which must end in `"$@"`).
fn in_child(name: &str, folder: &Path, shell: &str) {
    let output = Command::new("/bin/sh")
        .args(["-c", shell, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("files::tests::unix::{name}"), "--ignored", "--test-threads=1"])
        .env("MAILGRANT_TEST_FOLDER", folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{shell}: {said}");
}

/// The folder that a child's parent has made for it; `None` if it has no parent (`--include-ignored`).
fn folder_of_parent() -> Option<PathBuf> {
    std::env::var_os("MAILGRANT_TEST_FOLDER").map(PathBuf::from)
}

#[test]
fn files_and_folders_are_private_from_their_creation_under_any_umask() {
    for umask in ["000", "022", "077", "0377"] {
        let folder = tempfile::tempdir().unwrap();
        in_child("child_writes", folder.path(), &format!("umask {umask}; exec \"$@\""));
        for name in ["created", "secret", "config"] {
            assert_eq!(mode_of(&folder.path().join(name)), 0o600, "{name} under umask {umask}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    in_child("child_makes_folders", folder.path(), "umask 000; exec \"$@\"");
    assert_eq!((mode_of(&folder.path().join("a")), mode_of(&folder.path().join("a/b"))), (0o700, 0o700));
}

#[test]
#[ignore = "a child of another test"]
fn child_writes() {
    let Some(folder) = folder_of_parent() else { return };
    // Not even the temporary file may ever be open to others.
    let temporary = temporary_in(&folder).unwrap();
    assert_eq!(mode_of(temporary.path()), 0o600);
    create_private(&folder.join("created"), b"x").unwrap();
    write_atomic(&folder.join("secret"), b"x", Privacy::Secret).unwrap();
    write_atomic(&folder.join("config"), b"x", Privacy::Config).unwrap();
}

#[test]
#[ignore = "a child of another test"]
fn child_makes_folders() {
    let Some(folder) = folder_of_parent() else { return };
    create_private_folder(&folder.join("a/b")).unwrap();
}

#[test]
fn a_symbolic_link_is_refused_for_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
    write_atomic(&victim, b"precious", Privacy::Secret).unwrap();
    symlink(&victim, &link).unwrap();
    assert!(unsafe_reason(write_atomic(&link, b"x", Privacy::Secret).unwrap_err()).contains("symbolic link"));
    assert!(unsafe_reason(read_private(&link, 100).unwrap_err()).contains("symbolic link"));
    assert!(unsafe_reason(open_lock_file(&link).unwrap_err()).contains("symbolic link"));
    assert!(create_private(&link, b"x").is_err());
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    // A link to nowhere must not make a file there either.
    symlink(folder.path().join("nowhere"), folder.path().join("dangling")).unwrap();
    write_atomic(&folder.path().join("dangling"), b"x", Privacy::Secret).unwrap_err();
    open_lock_file(&folder.path().join("dangling")).unwrap_err();
    create_private(&folder.path().join("dangling"), b"x").unwrap_err();
    assert!(!folder.path().join("nowhere").exists());
}

#[test]
fn a_fifo_or_a_folder_is_refused_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let (fifo, inner) = (folder.path().join("fifo"), folder.path().join("folder"));
    make_fifo(&fifo);
    fs::create_dir(&inner).unwrap();
    set_mode(&inner, 0o700);
    for path in [&fifo, &inner] {
        assert!(unsafe_reason(read_private(path, 100).unwrap_err()).contains("not a regular file"));
        assert!(unsafe_reason(write_atomic(path, b"x", Privacy::Secret).unwrap_err()).contains("not a regular file"));
        assert!(unsafe_reason(open_lock_file(path).unwrap_err()).contains("not a regular file"));
    }
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_command_that_repairs_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    write_atomic(&path, b"x", Privacy::Secret).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o610, 0o601] {
        set_mode(&path, mode);
        let reason = unsafe_reason(read_private(&path, 100).unwrap_err());
        assert!(reason.contains(&format!("{mode:04o}")) && reason.contains("chmod 600"), "{reason}");
    }
    for mode in [0o600, 0o400] {
        set_mode(&path, mode);
        read_private(&path, 100).unwrap();
    }
}

#[test]
fn a_secret_that_was_open_to_others_is_private_after_the_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, b"old").unwrap();
    set_mode(&path, 0o666);
    write_atomic(&path, b"new", Privacy::Secret).unwrap();
    assert_eq!(mode_of(&path), 0o600);
}

#[test]
fn a_file_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("SKIPPED: only root can make another user's file");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    write_atomic(&path, b"x", Privacy::Secret).unwrap();
    std::os::unix::fs::chown(&path, Some(12345), None).unwrap();
    for failure in [
        read_private(&path, 100).unwrap_err(),
        write_atomic(&path, b"x", Privacy::Secret).unwrap_err(),
        open_lock_file(&path).unwrap_err(),
    ] {
        assert!(unsafe_reason(failure).contains("belongs to user 12345"));
    }
    std::os::unix::fs::chown(folder.path(), Some(12345), None).unwrap();
    assert!(unsafe_reason(create_private_folder(folder.path()).unwrap_err()).contains("belongs to user 12345"));
}

#[test]
fn a_profile_keeps_its_mode_and_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, b"old").unwrap();
    set_mode(&path, 0o640);
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(12345), Some(54321)).unwrap();
    }
    let before = fs::metadata(&path).unwrap();
    write_atomic(&path, b"new", Privacy::Config).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.mode(), after.uid(), after.gid()), (before.mode(), before.uid(), before.gid()));
}

#[test]
fn a_profile_behind_links_is_written_where_they_lead() {
    let folder = tempfile::tempdir().unwrap();
    let (dotfiles, home) = (folder.path().join("dotfiles"), folder.path().join("home"));
    fs::create_dir(&dotfiles).unwrap();
    fs::create_dir(&home).unwrap();
    symlink("../dotfiles/config.toml", home.join("second")).unwrap();
    symlink("second", home.join("first")).unwrap();
    // The first write finds a link to nowhere, the second a link to a file.
    for contents in [b"one", b"two"] {
        write_atomic(&home.join("first"), contents, Privacy::Config).unwrap();
        assert_eq!(fs::read(dotfiles.join("config.toml")).unwrap(), contents);
    }
    assert_eq!(fs::read_link(home.join("first")).unwrap(), Path::new("second"));
    assert_eq!(names_in(&home), ["first", "second"]);
    symlink("loop", home.join("loop")).unwrap();
    assert!(write_atomic(&home.join("loop"), b"x", Privacy::Config).is_err());
}

#[test]
fn a_folder_that_every_user_can_write_to_takes_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    set_mode(folder.path(), 0o777);
    assert!(unsafe_reason(write_atomic(&path, b"x", Privacy::Secret).unwrap_err()).contains("every user can write"));
    assert!(unsafe_reason(create_private(&path, b"x").unwrap_err()).contains("every user can write"));
    // As in /tmp, where users cannot rename the files of others.
    set_mode(folder.path(), 0o1777);
    write_atomic(&path, b"x", Privacy::Secret).unwrap();
    assert!(unsafe_reason(create_private_folder(folder.path()).unwrap_err()).contains("1777"));
    set_mode(folder.path(), 0o755);
    create_private_folder(folder.path()).unwrap();
}

#[test]
fn what_a_killed_writer_left_goes_with_the_next_write_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let beside = |name: &str| folder.path().join(name);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "files::tests::unix::child_drafts_until_killed", "--ignored"])
        .env("MAILGRANT_TEST_FOLDER", folder.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let left = loop {
        assert_eq!(child.try_wait().unwrap(), None, "the child gave up");
        if let Some(name) = names_in(folder.path()).into_iter().find(|name| name.ends_with(".ready")) {
            break name.replace(".ready", "");
        }
    };
    // Its writer lives: it must not be taken away.
    write_atomic(&path, b"one", Privacy::Secret).unwrap();
    assert!(beside(&left).exists(), "a living writer's file was taken away");
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    fs::remove_file(beside(&format!("{left}.ready"))).unwrap();
    // Not ours by name, by kind, or by owner.
    let mut kept =
        vec![".mailgrant-notes.tmp", ".mailgrant-a1B2c3.tmp.txt", ".mailgrant-a.b2c3.tmp", "mailgrant-a1B2c3.tmp"];
    for name in &kept {
        fs::write(beside(name), "another program's").unwrap();
    }
    symlink(&path, beside(".mailgrant-link01.tmp")).unwrap();
    make_fifo(&beside(".mailgrant-fifo01.tmp"));
    fs::create_dir(beside(".mailgrant-folder.tmp")).unwrap();
    kept.extend([".mailgrant-link01.tmp", ".mailgrant-fifo01.tmp", ".mailgrant-folder.tmp"]);
    if rustix::process::geteuid().is_root() {
        fs::write(beside(".mailgrant-others.tmp"), "another program's").unwrap();
        std::os::unix::fs::chown(beside(".mailgrant-others.tmp"), Some(12345), None).unwrap();
        kept.push(".mailgrant-others.tmp");
    }
    write_atomic(&path, b"two", Privacy::Secret).unwrap();
    kept.push("file");
    kept.sort_unstable();
    assert_eq!(names_in(folder.path()), kept, "the killed writer's {left} should be gone");
}

#[test]
#[ignore = "a child of another test"]
fn child_drafts_until_killed() {
    let Some(folder) = folder_of_parent() else { return };
    let mut draft = Draft::begin(&folder.join("file"), Privacy::Secret).unwrap();
    draft.reserve(10_000).unwrap();
    let name = names_in(&folder).into_iter().find(|name| is_temporary(name)).unwrap();
    fs::write(folder.join(format!("{name}.ready")), "").unwrap();
    std::thread::sleep(std::time::Duration::from_secs(60));
}

#[test]
fn writers_that_sweep_beside_each_other_take_nothing_from_each_other() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = folder.path().join(format!("file-{writer}"));
            scope.spawn(move || {
                for round in 0..100 {
                    write_atomic(&path, format!("{round}").as_bytes(), Privacy::Secret).unwrap();
                }
            });
        }
    });
    assert_eq!(names_in(folder.path()), ["file-0", "file-1", "file-2", "file-3"]);
}

#[test]
fn a_full_disk_and_a_read_only_one_leave_the_old_state() {
    let folder = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=64k,mode=700 none \"$MAILGRANT_TEST_FOLDER\"";
    let possible = Command::new("unshare")
        .args(["-rm", "sh", "-c", mount])
        .env("MAILGRANT_TEST_FOLDER", folder.path())
        .output()
        .is_ok_and(|output| output.status.success());
    if !possible {
        assert!(std::env::var_os("MAILGRANT_TEST_REQUIRE").is_none(), "no private mount is possible here");
        eprintln!("SKIPPED: no private mount is possible here, so no disk can be full");
        return;
    }
    let script = format!("exec unshare -rm sh -c '{mount} && exec \"$@\"' sh \"$@\"");
    in_child("child_fills_the_disk", folder.path(), &script);
}

#[test]
#[ignore = "a child of another test"]
fn child_fills_the_disk() {
    let Some(folder) = folder_of_parent() else { return };
    let (secret, config) = (folder.join("secret"), folder.join("config"));
    write_atomic(&secret, b"old", Privacy::Secret).unwrap();
    write_atomic(&config, b"old", Privacy::Config).unwrap();
    let attempt = |contents: &[u8]| {
        for failure in [
            write_atomic(&secret, contents, Privacy::Secret).unwrap_err(),
            write_atomic(&config, contents, Privacy::Config).unwrap_err(),
            create_private(&folder.join("new"), contents).unwrap_err(),
        ] {
            assert!(matches!(failure.kind, FailureKind::File { .. }), "{failure}");
        }
        assert_eq!((fs::read(&secret).unwrap(), fs::read(&config).unwrap()), (b"old".to_vec(), b"old".to_vec()));
        assert_eq!(names_in(&folder), ["config", "secret"]);
    };
    attempt(&[b'x'; 1024 * 1024]);
    // What was reserved while there was room can be filled when there is none.
    let mut draft = Draft::begin(&secret, Privacy::Secret).unwrap();
    draft.reserve(8192).unwrap();
    let rest = io::copy(&mut io::repeat(1), &mut File::create(folder.join("filler")).unwrap());
    assert_eq!(rest.unwrap_err().kind(), io::ErrorKind::StorageFull);
    write_atomic(&config, b"x", Privacy::Config).unwrap_err();
    draft.fill(&[b'x'; 8192]).unwrap();
    draft.commit().unwrap();
    assert_eq!(fs::read(&secret).unwrap(), [b'x'; 8192]);
    fs::remove_file(folder.join("filler")).unwrap();
    write_atomic(&secret, b"old", Privacy::Secret).unwrap();
    let read_only = Command::new("mount").args(["-o", "remount,ro"]).arg(&folder).status().unwrap();
    assert!(read_only.success());
    attempt(b"new");
}
