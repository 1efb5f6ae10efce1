//! What every case must fulfil, and what its own line of data asks for besides.

use std::time::Duration;

use crate::case::{Case, Protocol};
use crate::server::Heard;
use crate::support::canary;
use crate::support::finished::Finished;
use crate::words::{self, FRESH, NEXT, REFRESH, fill};

/// How long after its deadline a command may end.
const GRACE: Duration = Duration::from_secs(1);

/// What a case came to.
pub(crate) struct Verdict {
    pub(crate) complaints: Vec<String>,
    /// How many bytes of credentials reached a peer outside verified TLS.
    pub(crate) leaked: usize,
    pub(crate) peak_kib: u64,
    pub(crate) over_deadline: Duration,
}

/// What the run left behind.
pub(crate) struct After {
    pub(crate) refresh_token: String,
    pub(crate) is_lost: bool,
    /// What the browser was given, where it was started.
    pub(crate) browser_arguments: Option<Vec<String>>,
}

pub(crate) fn of(
    case: &Case,
    finished: &Finished,
    heard: &Heard,
    after: &After,
    over_deadline: Duration,
    peak_kib: u64,
) -> Verdict {
    let mut complaints = heard.complaints.clone();
    let mut check = |is_fine: bool, what: String| {
        if !is_fine {
            complaints.push(what);
        }
    };
    let leaked = leaked(case, heard);
    check(leaked == 0, format!("{leaked} bytes of credentials reached the peer before verified TLS"));
    let misdirected = misdirected(case, heard);
    check(misdirected.is_empty(), format!("this is not for this peer: {misdirected:?}"));
    check(over_deadline <= GRACE, format!("it ended {over_deadline:?} after its deadline"));
    check(
        (1..=case.connections).contains(&heard.connections),
        format!("it connected {} times, not 1 to {}", heard.connections, case.connections),
    );
    shown(case, finished, &mut check);
    outcome(case, finished, &mut check);
    let refresh_token = if case.renewed { NEXT } else { REFRESH };
    check(after.refresh_token == refresh_token, "the stored refresh token is not the right one".to_owned());
    check(after.is_lost == case.lost, format!("needs authorization now: {}", after.is_lost));
    if case.protocol == Protocol::Discovery && case.exit != 0 {
        let is_control = case.fault == "none";
        let arguments = after.browser_arguments.as_deref();
        check(arguments.is_some() == is_control, format!("a browser was started: {arguments:?}"));
        // One argument, and the address that was shown: what a shell would take apart is in it as it came.
        let is_shown = |arguments: &[String]| {
            let [address] = arguments else { return false };
            finished.stderr.lines().any(|line| line.trim() == address)
        };
        check(arguments.is_none_or(is_shown), format!("the browser was given {arguments:?}"));
    }
    if !complaints.is_empty() {
        complaints.push(format!("--- stdout\n{}--- stderr\n{}", cut(&finished.stdout), cut(&finished.stderr)));
    }
    Verdict { complaints, leaked, peak_kib, over_deadline }
}

/// Credentials outside TLS, or inside TLS with a peer that proved nothing.
fn leaked(case: &Case, heard: &Heard) -> usize {
    let secrets = words::secrets();
    let mut found = canary::find("the clear", &heard.clear, &secrets).len();
    if !case.certificate.is_good() {
        found += canary::find("unverified TLS", &heard.secured, &secrets).len();
    }
    found * words::ACCESS.len()
}

/// Secrets that this peer has no business with, verified or not.
fn misdirected(case: &Case, heard: &Heard) -> Vec<String> {
    let (access, refresh, secret) =
        (words::ACCESS.to_owned(), words::REFRESH.to_owned(), canary::CLIENT_SECRET.to_owned());
    let foreign = match case.protocol {
        Protocol::Token => vec![access],
        Protocol::Discovery => vec![access, refresh, secret],
        _ => vec![refresh, secret],
    };
    canary::find("what the peer heard", &heard.secured, &foreign)
}

/// Nothing secret and nothing that moves a cursor is shown.
fn shown(case: &Case, finished: &Finished, check: &mut impl FnMut(bool, String)) {
    for (place, text) in [("stdout", &finished.stdout), ("stderr", &finished.stderr)] {
        let found = canary::find(place, text.as_bytes(), &words::secrets());
        check(found.is_empty(), format!("{found:?}"));
        // What `token` prints on success is its purpose.
        if case.exit != 0 || place == "stderr" {
            let found = canary::find(place, text.as_bytes(), &[FRESH.to_owned()]);
            check(found.is_empty(), format!("{found:?}"));
        }
        let raw = text.chars().find(|c| is_raw(*c));
        check(raw.is_none(), format!("{place} holds a raw {raw:?}"));
    }
}

/// Control and format characters (Unicode categories Cc and Cf), as far as they are known here, written out once more so
/// that a mistake of ours is not repeated.
fn is_raw(c: char) -> bool {
    c.is_control() && c != '\n'
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn outcome(case: &Case, finished: &Finished, check: &mut impl FnMut(bool, String)) {
    check(finished.code == Some(case.exit), format!("exit {:?} instead of {}", finished.code, case.exit));
    let all = finished.all_text();
    for words in &case.says {
        check(all.contains(&fill(words, 0)), format!("it does not say {words:?}"));
    }
    for words in &case.hides {
        check(!all.contains(&fill(words, 0)), format!("it says {words:?}"));
    }
    if case.human {
        return check(
            case.code.as_ref().is_none_or(|code| all.contains(&format!("[{code}]"))),
            "another finding".into(),
        );
    }
    let Ok(document) = serde_json::from_str::<serde_json::Value>(&finished.stdout) else {
        return check(false, "its standard output is not a JSON document".to_owned());
    };
    if case.protocol == Protocol::Token && case.exit == 0 {
        check(document["access_token"] == FRESH, "the token is not the fresh one".to_owned());
        return;
    }
    let failed = document["reports"][0]["checks"]
        .as_array()
        .and_then(|checks| checks.iter().find(|check| check["outcome"] == "failed"));
    let finding = failed.map_or(&document["error"], |check| &check["finding"]);
    if let Some(code) = &case.code {
        check(finding["code"] == code.as_str(), format!("finding {} instead of {code:?}", finding["code"]));
    }
    if let Some(stage) = &case.stage {
        let failing = failed.map_or(&serde_json::Value::Null, |check| &check["stage"]);
        check(failing == stage.as_str(), format!("{failing} fails instead of {stage:?}"));
    }
}

fn cut(text: &str) -> String {
    text.chars().take(3_000).collect::<String>() + "\n"
}
