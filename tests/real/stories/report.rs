//! The report as a page, looked at in a real browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::parts::scripts;
use crate::stack::{ALICE, Stack};

#[test]
fn report_is_a_page_that_loads_nothing_and_fits_a_phone_by_day_and_by_night() {
    let Some(stack) = Stack::start() else { return };
    let stack = stack.with_shop();
    let file = |name: &str| stack.fixture.path().join(name).display().to_string();
    stack.run(&["test", "shop", "--html", &file("report.html")]).code(0).says(" works: ");
    stack.provider.revoke(ALICE);
    let refused = stack.run(&["test", "shop", "--html", &file("refused.html")]);
    assert_ne!(refused.code, Some(0), "{refused:?}");
    let page = looked_at(&stack, "report.html", "report");
    assert!(page.contains(": all is well") && page.contains("IMAP folder"), "{page}");
    let page = looked_at(&stack, "refused.html", "refused");
    assert!(page.contains("Do this first") && page.contains("mailgrant authorize shop"), "{page}");
    stack.run(&["guide", "shop", "--html", &file("guide.html")]).code(0);
    let page = looked_at(&stack, "guide.html", "guide");
    assert!(page.contains("What has to be set up for") && page.contains("mailgrant authorize shop"), "{page}");
    let page = stack.fixture.path().join("refused.html");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(page).expect("it was written").permissions());
    assert_eq!(mode & 0o777, 0o600, "other users must not read addresses");
}

/// Opens a page of this home in Chromium, keeps its pictures, and returns its text.
fn looked_at(stack: &Stack, page: &str, name: &str) -> String {
    let parts = stack.parts();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    fs::create_dir_all(&folder).expect("the target folder is ours");
    let picture = |scheme: &str, width: u32| {
        let file: PathBuf = folder.join(format!("{name}-{scheme}-{width}.png"));
        json!({ "file": file, "scheme": scheme, "width": width })
    };
    let pictures = [390, 700, 1100].map(|width| ["light", "dark"].map(|scheme| picture(scheme, width)));
    let options = json!({
        "chromium": parts.chromium,
        "page": stack.fixture.path().join(page),
        "pictures": pictures.concat(),
    });
    let file = stack.fixture.path().join("picture.json");
    fs::write(&file, options.to_string()).expect("the home is ours");
    let output = Command::new(&parts.node)
        .args([scripts().join("picture.mjs"), file])
        .env("HOME", stack.fixture.path())
        .output()
        .expect("node starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).expect("it prints JSON");
    assert_eq!(seen["requests"], json!([]), "the page asks for something");
    assert_eq!(seen["errors"], json!([]), "the browser complains");
    assert_eq!(seen["overflow"], 0, "the page is wider than the window");
    seen["text"].as_str().unwrap_or_default().to_owned()
}
