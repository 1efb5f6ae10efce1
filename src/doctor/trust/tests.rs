use super::*;
use crate::report::Outcome;

fn words(check: &Check) -> String {
    match &check.outcome {
        Outcome::Passed { detail } => detail.to_string(),
        Outcome::Failed { finding } => format!("{}: {}", finding.code, finding.cause),
        Outcome::Skipped { because } => because.to_string(),
    }
}

#[test]
fn roots_are_counted_in_file_and_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bundle.pem");
    std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n".repeat(3)).unwrap();
    for name in ["3513523f.0", "3513523f.1", "README", "ca.pem", "3513523f.x"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let none = |_: &str| None;
    let all = words(&roots(Some(&file), &[folder.path().to_path_buf()], &none, Instant::now()));
    assert!(all.contains("(3 roots)") && all.contains("(2 roots)"), "{all}");
}

#[test]
fn no_root_at_all_is_a_finding() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("bundle.pem");
    std::fs::write(&empty, "").unwrap();
    for (file, folders) in [(None, vec![]), (Some(empty.as_path()), vec![folder.path().to_path_buf()])] {
        let check = roots(file, &folders, &|_| None, Instant::now());
        assert!(words(&check).starts_with("no-ca-roots"), "{}", words(&check));
    }
}

#[test]
fn a_variable_that_leads_nowhere_is_a_finding_and_a_private_ca_that_is_none_too() {
    let env = |name: &str| (name == "SSL_CERT_FILE").then(|| "/nowhere/ca.pem".to_owned());
    let checks = checks(&Trust::new(), &[PathBuf::from("/nowhere/own.pem")], &env);
    assert!(words(&checks[0]).starts_with("ca-roots-misplaced: SSL_CERT_FILE names /nowhere/ca.pem"));
    assert!(words(checks.last().unwrap()).contains("/nowhere/own.pem"), "{}", words(checks.last().unwrap()));
}
