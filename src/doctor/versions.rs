//! What runs here: mailgrant, the system, the TLS library.

use std::fs;

use crate::text::{Redactor, Shown};

/// Each as name and value.
pub(super) fn here() -> Vec<(&'static str, Shown)> {
    // Wine shows Windows' programs the files of the system below it.
    let files = if cfg!(windows) { &[][..] } else { &["/etc/os-release", "/usr/lib/os-release"] };
    let release = files.iter().find_map(|path| fs::read_to_string(path).ok());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").ok().filter(|_| cfg!(target_os = "linux"));
    vec![
        ("mailgrant", env!("CARGO_PKG_VERSION").into()),
        ("system", system(release.as_deref(), kernel.as_deref())),
        ("tls_library", TLS_LIBRARY.into()),
    ]
}

/// Whose TLS the program speaks.
pub const TLS_LIBRARY: &str = if cfg!(windows) {
    "Schannel, the system's"
} else if cfg!(target_vendor = "apple") {
    "Secure Transport, the system's"
} else if cfg!(feature = "vendored-openssl") {
    "OpenSSL, built in"
} else {
    "OpenSSL, the system's"
};

/// "Debian GNU/Linux 12 (bookworm), Linux 6.1.0, x86_64". `release` is os-release(5)'s text.
fn system(release: Option<&str>, kernel: Option<&str>) -> Shown {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let pretty = release.and_then(|text| text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")));
    let pretty = pretty.map(|name| plain(name.trim_matches(['"', '\'']))).filter(|name| !name.is_empty());
    let kernel = kernel.map(|kernel| shown!("Linux {}", plain(kernel)));
    let known: Vec<Shown> = [pretty, kernel].into_iter().flatten().collect();
    if known.is_empty() { shown!("{}, {}", os, arch) } else { shown!("{}, {}", Shown::join(known, ", "), arch) }
}

fn plain(text: &str) -> Shown {
    Redactor::by_shape(&text.trim().chars().filter(|c| !c.is_control()).take(100).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_named_as_it_names_itself() {
        let release = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        let arch = std::env::consts::ARCH;
        assert_eq!(
            system(Some(release), Some("6.1.0\n")),
            format!("Debian GNU/Linux 12 (bookworm), Linux 6.1.0, {arch}")
        );
        assert_eq!(system(Some("PRETTY_NAME='Alpine'"), None), format!("Alpine, {arch}"));
        assert_eq!(system(None, None), format!("{}, {arch}", std::env::consts::OS));
        assert_eq!(system(Some("PRETTY_NAME=\"a\u{1b}b\""), None), format!("ab, {arch}"));
    }
}
