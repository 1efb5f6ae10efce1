//! Where the file of a new key goes.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

/// A file in `folder` for the key of the app of this name: neither it nor the certificate beside it is there yet.
#[must_use]
pub fn free(folder: &Path, name: &str, today: Date) -> PathBuf {
    // The next one of an app whose first is in use.
    let later = (2..).map(|number| format!("{name}-{today}-{number}"));
    let mut names = [name.to_owned(), format!("{name}-{today}")].into_iter().chain(later);
    let is_free = |file: &PathBuf| is_absent(file) && is_absent(&file.with_extension("crt"));
    let free = names.find_map(|name| Some(folder.join(format!("{name}.pem"))).filter(is_free));
    free.unwrap_or_else(|| folder.join("app.pem"))
}

/// Whether nothing has this name, a broken link included.
#[must_use]
pub fn is_absent(file: &Path) -> bool {
    file.symlink_metadata().is_err()
}
