//! A part of the build script: the commit and the target, for `--version -v`. Nothing here depends on the day or on the
//! folder, so that two builds of one commit are alike.

use std::process::Command;
use std::{env, fs};

use crate::Outcome;

/// The commit, as a packager says it; set to nothing, none is told.
const COMMIT: &str = "MAILGRANT_COMMIT";
/// Where cargo says it in a crate that it has packed.
const PACKED: &str = ".cargo_vcs_info.json";

/// Tells cargo what the program is to know.
pub(crate) fn run() -> Outcome<()> {
    println!("cargo:rerun-if-env-changed={COMMIT}");
    println!("cargo:rustc-env=MAILGRANT_TARGET={}", env::var("TARGET")?);
    println!("cargo:rustc-env={COMMIT}={}", commit().unwrap_or_default());
    Ok(())
}

fn commit() -> Option<String> {
    let said = env::var(COMMIT).ok().or_else(packed).or_else(checked_out)?;
    let said = said.trim();
    (said.len() >= 7 && said.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| said[..said.len().min(12)].to_owned())
}

fn packed() -> Option<String> {
    let info: serde_json::Value = serde_json::from_str(&fs::read_to_string(PACKED).ok()?).ok()?;
    info["git"]["sha1"].as_str().map(str::to_owned)
}

/// The commit of the work tree. Only a release asks: a build for development is not to be made again after each commit.
fn checked_out() -> Option<String> {
    if env::var("PROFILE").ok()? != "release" {
        return None;
    }
    // A repository around an unpacked archive is not ours.
    if !fs::exists(".git").ok()? {
        return None;
    }
    for name in ["HEAD", git(&["symbolic-ref", "--quiet", "HEAD"]).as_deref().unwrap_or("HEAD"), "packed-refs"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]).filter(|path| fs::exists(path).unwrap_or_default())
        {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    git(&["rev-parse", "HEAD"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|text| text.trim().to_owned())
}
