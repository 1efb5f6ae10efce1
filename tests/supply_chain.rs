//! What is built into the program builds with the Rust that Cargo.toml promises, and is what the fuzz targets are built
//! from. Licences, bans and sources are `cargo deny`'s (deny.toml); unsafe code is forbidden by Cargo.toml.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What `cargo metadata` says of the locked graph, for every platform.
fn metadata() -> Value {
    let run = |more: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["metadata", "--locked", "--format-version", "1"]).args(more);
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).output().expect("cargo runs")
    };
    // Other platforms' packages are there after the first time.
    let mut output = run(&["--offline"]);
    if !output.status.success() {
        output = run(&[]);
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The packages that the program is built from, on any platform; what its tests alone need is left out.
fn built_in(metadata: &Value) -> Vec<&Value> {
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"], "nodes").iter().map(|node| (text(node, "id"), node)).collect();
    let mut found = BTreeSet::new();
    let mut waiting = vec![text(&metadata["resolve"], "root")];
    while let Some(id) = waiting.pop() {
        if found.insert(id) {
            let is_built = |dep: &&Value| list(dep, "dep_kinds").iter().any(|kind| kind["kind"] != "dev");
            waiting.extend(list(nodes[id], "deps").iter().filter(is_built).map(|dep| text(dep, "pkg")));
        }
    }
    list(metadata, "packages").iter().filter(|package| found.contains(text(package, "id"))).collect()
}

/// A lock file; the one of `fuzz/` is in the repository alone, not in the crate that is published.
fn read_lock(path: &str) -> Option<toml::Table> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if path.starts_with("fuzz/") && !root.join("fuzz").exists() {
        return None;
    }
    Some(fs::read_to_string(root.join(path)).expect("it is committed").parse().expect("it is TOML"))
}

fn version(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text.split('.').map(|part| part.parse().expect("a Rust version is numbers")).collect();
    numbers.resize(3, 0);
    numbers
}

#[test]
fn no_dependency_asks_for_a_newer_rust_than_the_program_promises() {
    let ours = env!("CARGO_PKG_RUST_VERSION");
    let metadata = metadata();
    let packages = built_in(&metadata);
    let declared: Vec<_> = packages.iter().filter(|package| package["rust_version"].is_string()).collect();
    assert!(packages.len() > 100 && declared.len() > 50, "too few packages were read");
    let newer: Vec<String> = declared
        .iter()
        .filter(|package| version(text(package, "rust_version")) > version(ours))
        .map(|package| {
            format!("{} {} asks for {}", text(package, "name"), text(package, "version"), text(package, "rust_version"))
        })
        .collect();
    assert!(newer.is_empty(), "{ours} is promised, and {newer:#?}");
}

#[test]
fn the_fuzz_targets_are_built_from_the_programs_own_versions() {
    // With where each comes from and its checksum, which cargo deny looks at in our own lock file.
    let packages = |lock: toml::Table| -> BTreeSet<[String; 4]> {
        let parts = |package: &toml::Value| {
            ["name", "version", "source", "checksum"]
                .map(|part| package.get(part).and_then(toml::Value::as_str).unwrap_or_default().to_owned())
        };
        lock["package"].as_array().expect("it has packages").iter().map(parts).collect()
    };
    let Some(fuzzed) = read_lock("fuzz/Cargo.lock").map(packages) else { return };
    let ours = read_lock("Cargo.lock").map(packages).unwrap_or_default();
    let own: Vec<_> = fuzzed.difference(&ours).map(|[name, ..]| name.as_str()).collect();
    let expected = ["arbitrary", "jobserver", "libfuzzer-sys", "mailgrant-fuzz"];
    assert!(
        own.iter().all(|name| expected.contains(name)),
        "run `cp Cargo.lock fuzz/ && cargo fetch --manifest-path fuzz/Cargo.toml`: {own:?}"
    );
}
