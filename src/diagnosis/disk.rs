//! What to do when the system refuses an operation on a file or folder.

use std::io::ErrorKind;
use std::path::Path;

/// The steps, the likeliest first.
pub(crate) fn steps(path: &Path, kind: ErrorKind) -> Vec<String> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.display().to_string(),
        _ => ".".to_owned(),
    };
    let path = path.display();
    let elsewhere = "Or let it write elsewhere: XDG_DATA_HOME is where the vault's folder is made (or vault_file in [secrets]), XDG_STATE_HOME where locks are, XDG_CONFIG_HOME where the profile and the vault's key are";
    let mut steps = match kind {
        ErrorKind::PermissionDenied => {
            vec![format!("Let this user read and write {folder}: ls -ld {folder}; then chown or chmod it")]
        }
        ErrorKind::ReadOnlyFilesystem => vec![format!(
            "Make {folder} writable: mount its file system read-write, or in a container give it a volume of its own"
        )],
        ErrorKind::StorageFull => vec![format!("Make room on the disk that holds {folder}: df -h {folder}")],
        ErrorKind::QuotaExceeded => vec![format!("Make room within this user's quota on {folder}: quota -s")],
        ErrorKind::FileTooLarge => vec!["Allow larger files to this process: ulimit -f unlimited".to_owned()],
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            vec![format!("Make the folder {folder}, or correct the path")]
        }
        ErrorKind::AlreadyExists => vec![format!("Name another file, or move {path} away")],
        ErrorKind::ResourceBusy | ErrorKind::StaleNetworkFileHandle | ErrorKind::TimedOut => {
            vec![format!("Check that the file system that holds {folder} is mounted and answers")]
        }
        _ => Vec::new(),
    };
    if matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) {
        steps.push(elsewhere.to_owned());
    }
    steps.push("Then run the command again".to_owned());
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_change_is_named_for_each_errno() {
        for (errno, words) in [
            (13, "Let this user read and write /var/data"),
            (30, "Make /var/data writable"),
            (28, "df -h /var/data"),
            (122, "quota"),
            (27, "ulimit -f"),
            (2, "Make the folder /var/data"),
        ] {
            let kind = std::io::Error::from_raw_os_error(errno).kind();
            let steps = steps(Path::new("/var/data/vault.age.d"), kind);
            assert!(steps[0].contains(words), "{errno} ({kind:?}): {steps:?}");
            assert_eq!(steps.last().map(String::as_str), Some("Then run the command again"));
        }
        assert!(steps(Path::new("a"), ErrorKind::ReadOnlyFilesystem)[1].contains("XDG_STATE_HOME"));
    }
}
