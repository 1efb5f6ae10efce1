//! Builds the real binary the way this example was built.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where the binary is.
pub(crate) fn mailgrant() -> Result<PathBuf, String> {
    let me = std::env::current_exe().map_err(|error| error.to_string())?;
    // This file is …/TARGET/PROFILE-FOLDER/examples/tour.
    let folder = me.ancestors().nth(2).ok_or("this program is not in a target folder")?;
    let target = folder.parent().ok_or("this program is not in a target folder")?;
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        // Cargo names the folder of its dev profile "debug".
        Some("debug") | None => "dev",
        Some(other) => other,
    };
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--locked", "--quiet", "--bin", "mailgrant", "--profile", profile, "--target-dir"])
        .arg(target);
    cargo.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    if !cfg!(feature = "vendored-openssl") {
        cargo.arg("--no-default-features");
    }
    let status = cargo.stdin(Stdio::null()).status().map_err(|error| format!("cargo: {error}"))?;
    if !status.success() {
        return Err("mailgrant could not be built".to_owned());
    }
    Ok(folder.join(format!("mailgrant{}", std::env::consts::EXE_SUFFIX)))
}
