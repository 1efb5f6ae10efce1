//! Whose this program's files and folders are, who could read them, and what a crash left behind.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::diagnosis::{self, FailureContext};
use crate::files::{self, Access, Sensitivity, WatchedPath};
use crate::report::step::Shell;
use crate::report::{Check, Finding, FindingCode, Stage, Step, Warning, WarningCode};
use crate::text::Shown;

/// One check for each of `places` that is there. What a crash left behind is a warning.
pub(super) fn checks(places: &[WatchedPath], warnings: &mut Vec<Warning>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut searched: Vec<&Path> = Vec::new();
    for place in places {
        checks.extend(check(place));
        let folder = match place.sensitivity {
            Sensitivity::SettingsFolder | Sensitivity::OwnFolder | Sensitivity::SecretFolder => {
                Some(place.path.as_path())
            }
            Sensitivity::Secret | Sensitivity::Settings => place.path.parent(),
        };
        if let Some(folder) = folder.filter(|folder| !searched.contains(folder)) {
            searched.push(folder);
            warnings.extend(files::leftovers(folder).iter().map(|path| leftover(path)));
            if place.sensitivity == Sensitivity::SecretFolder {
                let inner = subfolders(folder);
                warnings.extend(inner.iter().flat_map(|inner| files::leftovers(inner)).map(|path| leftover(&path)));
            }
        }
    }
    if checks.is_empty() {
        checks.push(Check::skipped(Stage::Permissions, "there is no file of mailgrant's yet"));
    }
    checks
}

fn check(place: &WatchedPath) -> Option<Check> {
    let WatchedPath { what, path, sensitivity: care } = place;
    let failed = |finding| Some(Check::failed(Stage::Permissions, Duration::ZERO, finding));
    // A dotfile manager's link is none of our business; where it leads to is.
    let real = match care {
        Sensitivity::Settings | Sensitivity::SettingsFolder => path.canonicalize().unwrap_or_else(|_| path.clone()),
        Sensitivity::Secret | Sensitivity::OwnFolder | Sensitivity::SecretFolder => path.clone(),
    };
    let access = match files::access(&real) {
        Ok(Some(access)) => access,
        Ok(None) => return None,
        Err(failure) => return failed(diagnosis::finding(&failure, FailureContext::default())),
    };
    let judged = match care {
        Sensitivity::Secret => files::open_private(&real).map(drop),
        Sensitivity::OwnFolder => files::check_own_folder(&real),
        Sensitivity::SecretFolder => files::is_private_folder(&real).and_then(|_| files::check_own_folder(&real)),
        Sensitivity::Settings | Sensitivity::SettingsFolder => match who_could_write(&access) {
            Some(whom) => return failed(writable(what, &real, &access, &whom)),
            None => Ok(()),
        },
    };
    match judged {
        Ok(()) => {
            let mut detail = shown!("{} {}: {}", what, path, describe(&access));
            if *care == Sensitivity::SecretFolder {
                let inside = entries(&real);
                let inside = || inside.iter().filter(|path| !path.is_dir());
                // Each file is judged as one alone is; the first that is not private is told.
                let places = inside().map(|path| WatchedPath::new(what, path.clone(), Sensitivity::Secret));
                let open = places.filter_map(|place| check(&place)).find(|check| check.finding().is_some());
                if open.is_some() {
                    return open;
                }
                detail = detail.then(shown!("; {} files in it, each private", inside().count()));
            }
            Some(Check::passed(Stage::Permissions, Duration::ZERO, detail))
        }
        Err(failure) => {
            let mut finding = diagnosis::finding(&failure, FailureContext::default());
            finding.cause = finding.cause.then(shown!(" It is the {}: {}.", what, describe(&access)));
            finding.fix.insert(0, repair(*care, &real, &access));
            if *care == Sensitivity::Secret && may_others(&access, READ) {
                finding.fix.push(
                    "If other people use this machine, treat the secrets as known: `mailgrant rotate-secret NAME`, then `mailgrant authorize NAME`"
                        .into(),
                );
            }
            failed(finding)
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| !path.is_symlink() && path.is_dir()).collect()
}

const READ: u32 = 0o4;
const WRITE: u32 = 0o2;

fn may_group(access: &Access, what: u32) -> bool {
    access.mode.is_some_and(|mode| mode & (what << 3) != 0)
}

fn may_all(access: &Access, what: u32) -> bool {
    access.mode.is_some_and(|mode| mode & what != 0)
}

fn may_others(access: &Access, what: u32) -> bool {
    may_group(access, what) || may_all(access, what)
}

/// Who but us and root could write there. A group of the owner's own number is the owner's alone, where each user has
/// such a group (as on Debian and Fedora).
fn who_could_write(access: &Access) -> Option<Shown> {
    if !access.is_ours && access.owner != Some(0) {
        return access.owner.map(|owner| shown!("user {}, to whom it belongs", owner));
    }
    if may_all(access, WRITE) {
        return Some("every user of this machine".into());
    }
    let own_group = access.group == access.owner;
    access
        .group
        .filter(|_| may_group(access, WRITE) && !own_group)
        .map(|group| shown!("every member of group {}", group))
}

fn writable(what: &'static str, path: &Path, access: &Access, whom: &Shown) -> Finding {
    let mut finding = Finding::of(FindingCode::PROFILE_WRITABLE_BY_OTHERS)
        .case("seen")
        .with("what", what)
        .with("path", path)
        .with("whom", whom)
        .with("access", describe(access))
        .finding();
    finding.fix.insert(0, repair(Sensitivity::Settings, path, access));
    finding
}

/// "0640, user 1000 (you), group 1000 can read".
fn describe(access: &Access) -> Shown {
    let (Some(mode), Some(owner)) = (access.mode, access.owner) else {
        return "access follows from its folder".into();
    };
    let you = if access.is_ours { " (you)" } else { "" };
    let mut words = vec![shown!("mode {:04o}, user {}{}", mode, owner, you)];
    let can = |read: bool, write: bool| match (read, write) {
        (true, true) => Some("can read and write"),
        (true, false) => Some("can read"),
        (false, true) => Some("can write"),
        (false, false) => None,
    };
    if let (Some(can), Some(group)) = (can(may_group(access, READ), may_group(access, WRITE)), access.group) {
        words.push(shown!("group {} {}", group, can));
    }
    if let Some(can) = can(may_all(access, READ), may_all(access, WRITE)) {
        words.push(shown!("all others {}", can));
    }
    if words.len() == 1 {
        words.push("no other user can read it".into());
    }
    Shown::join(words, ", ")
}

/// The command that makes it right.
fn repair(care: Sensitivity, path: &Path, access: &Access) -> Step {
    let path = quoted(path);
    let run = |line| Step::from("Run: ").command(line);
    if access.is_link {
        return Step::from("Put the file itself there instead of the link: ").command(shown!(
            "cp --remove-destination \"$(readlink -f {})\" {}",
            path,
            path
        ));
    }
    if !access.is_ours {
        return run(shown!("sudo chown \"$(id -u)\" {}", path));
    }
    match care {
        Sensitivity::Secret => run(shown!("chmod 600 {}", path)),
        Sensitivity::OwnFolder | Sensitivity::SecretFolder => run(shown!("chmod 700 {}", path)),
        Sensitivity::Settings | Sensitivity::SettingsFolder => run(shown!("chmod go-w {}", path)),
    }
}

/// As a shell takes it.
fn quoted(path: &Path) -> Shown {
    let path = Shown::of(path);
    Shell::System.quoted(&path).unwrap_or(path)
}

fn leftover(path: &Path) -> Warning {
    let told =
        shown!("{} was left behind by a mailgrant that was interrupted: remove it with rm -- {}", path, quoted(path));
    Warning::new(WarningCode::LeftoverFile, told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(mode: u32, owner: u32, group: u32) -> Access {
        Access {
            is_folder: false,
            is_link: false,
            owner: Some(owner),
            group: Some(group),
            is_ours: owner == 1000,
            mode: Some(mode),
        }
    }

    #[test]
    fn who_can_do_what_is_said_in_words() {
        for (mode, words) in [
            (0o600, "mode 0600, user 1000 (you), no other user can read it"),
            (0o640, "mode 0640, user 1000 (you), group 8 can read"),
            (0o666, "mode 0666, user 1000 (you), group 8 can read and write, all others can read and write"),
            (0o602, "mode 0602, user 1000 (you), all others can write"),
        ] {
            assert_eq!(describe(&access(mode, 1000, 8)), words);
        }
    }

    #[test]
    fn a_profile_may_be_read_by_all_and_written_by_its_owner_and_root_alone() {
        for (mode, owner, group, whom) in [
            (0o644, 1000, 8, None),
            (0o644, 0, 0, None),
            (0o664, 1000, 1000, None),
            (0o664, 1000, 8, Some("every member of group 8")),
            (0o666, 1000, 1000, Some("every user of this machine")),
            (0o600, 7, 7, Some("user 7, to whom it belongs")),
        ] {
            assert_eq!(who_could_write(&access(mode, owner, group)).as_deref(), whom, "{mode:o} {owner} {group}");
        }
    }

    #[test]
    fn paths_are_quoted_for_a_shell() {
        assert_eq!(quoted(Path::new("/home/a/vault.key")), "/home/a/vault.key");
        assert_eq!(quoted(Path::new("/home/a b/it's")), "'/home/a b/it'\\''s'");
    }

    #[cfg(unix)]
    #[test]
    fn each_place_is_judged_by_the_rule_that_the_commands_keep() {
        use std::os::unix::fs::PermissionsExt as _;

        use crate::report::Outcome;

        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, mode: u32| {
            let path = folder.path().join(name);
            std::fs::write(&path, "x").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        let place = |path: PathBuf, care| WatchedPath::new("thing", path, care);
        for (mode, care, code) in [
            (0o600, Sensitivity::Secret, None),
            (0o644, Sensitivity::Secret, Some("store-unsafe")),
            (0o644, Sensitivity::Settings, None),
            (0o646, Sensitivity::Settings, Some("profile-writable-by-others")),
        ] {
            let path = make(&format!("{mode:o}-{care:?}"), mode);
            let found = checks(&[place(path.clone(), care)], &mut Vec::new());
            assert_eq!(found.len(), 1);
            match (&found[0].outcome, code) {
                (Outcome::Passed { detail }, None) => assert!(detail.contains(&format!("{mode:04o}")), "{detail}"),
                (Outcome::Failed { finding }, Some(code)) => {
                    assert_eq!(finding.code.as_str(), code);
                    assert!(finding.fix[0].sentence().contains(&path.display().to_string()), "{:?}", finding.fix);
                }
                (other, code) => panic!("{mode:o} {care:?}: {other:?}, not {code:?}"),
            }
        }
        let mut warnings = Vec::new();
        let left = make(".mailgrant-abc123.tmp", 0o600);
        std::fs::File::open(&left)
            .unwrap()
            .set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000))
            .unwrap();
        checks(&[place(folder.path().join("absent"), Sensitivity::Secret)], &mut warnings);
        assert!(warnings[0].text.contains(".mailgrant-abc123.tmp"), "{warnings:?}");
    }
}
