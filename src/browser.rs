//! Starts the user's browser: without a shell, silent, and without our environment's secrets.

mod private;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use url::Url;

use self::private::Known;
use crate::environment;
use crate::profile;
use crate::text::Shown;

/// A starter that fails does so at once; one that is still there after this has found a browser.
const PATIENCE: Duration = Duration::from_millis(800);

/// How long the desktop may take to say which browser is its default.
#[cfg(not(any(target_os = "macos", windows)))]
const ASKING: Duration = Duration::from_secs(2);

const NOT_OPENED: &str = "only https addresses, and http addresses of this machine, are opened";

/// Opens `url` with the program that `BROWSER` names, else with the system's browser. `BROWSER` may list several
/// programs as `PATH` does, with arguments; the first that starts is taken. The address replaces `%s`, or comes last.
///
/// The browser inherits neither our input and output nor the variables whose names are in `hide` or begin with
/// `MAILGRANT_`, because the key of the vault can be among them (SECURITY.md K1).
///
/// # Errors
/// Why no browser was started, in words. The address can still be opened by hand.
pub fn open(url: &Url, hide: &[&str]) -> Result<(), String> {
    if !may_open(url) {
        return Err(NOT_OPENED.to_owned());
    }
    match environment::raw("BROWSER") {
        Some(list) => open_with_list(&list, url, hide),
        None => open_with_system(url, hide),
    }
}

/// Opens `url` in a private window, as [`open`] does: of the program that `BROWSER` names, else of the desktop's default
/// browser. A browser that is not known to have one, or whose flag for it is not, is not started: a window that is not private
/// would sign in the account that is there.
///
/// # Errors
/// Why no private window was opened, in words.
pub fn open_private(url: &Url, hide: &[&str]) -> Result<(), String> {
    if !may_open(url) {
        return Err(NOT_OPENED.to_owned());
    }
    let Some(list) = environment::raw("BROWSER") else { return open_default_privately(url, hide) };
    let mut last = "BROWSER names no browser whose private window is known".to_owned();
    for entry in std::env::split_paths(&list) {
        let Some((program, arguments)) = command_line(&entry, url) else { continue };
        let Some(known) = Known::of_program(&program) else { continue };
        match start(&program, &known.privately(arguments, url.as_str()), hide) {
            Ok(()) => return Ok(()),
            Err(reason) => last = format!("{} from BROWSER: {reason}", program.display()),
        }
    }
    Err(last)
}

fn may_open(url: &Url) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && profile::is_loopback(url)
}

fn open_with_list(list: &OsStr, url: &Url, hide: &[&str]) -> Result<(), String> {
    let mut last = "BROWSER names no program".to_owned();
    for entry in std::env::split_paths(list) {
        let Some((program, arguments)) = command_line(&entry, url) else { continue };
        match start(&program, &arguments, hide) {
            Ok(()) => return Ok(()),
            Err(reason) => last = format!("{} from BROWSER: {reason}", program.display()),
        }
    }
    Err(last)
}

/// Splits one entry of `BROWSER`. A path with blanks in it is taken whole where such a file exists.
fn command_line(entry: &Path, url: &Url) -> Option<(OsString, Vec<OsString>)> {
    if entry.is_file() {
        return Some((entry.into(), vec![url.as_str().into()]));
    }
    let text = entry.to_str()?;
    let mut words = text.split_ascii_whitespace();
    let program = words.next()?.into();
    let mut has_url = false;
    let mut arguments: Vec<OsString> = words
        .map(|word| {
            has_url |= word.contains("%s");
            word.replace("%s", url.as_str()).into()
        })
        .collect();
    if !has_url {
        arguments.push(url.as_str().into());
    }
    Some((program, arguments))
}

#[cfg(any(target_os = "macos", windows))]
fn open_with_system(url: &Url, _hide: &[&str]) -> Result<(), String> {
    // Both systems have a call for it, and no child process of ours comes of it.
    webbrowser::open(url.as_str()).map_err(|error| error.to_string())
}

/// The webbrowser crate is not used here: it would hand our whole environment to the browser, and a text browser would
/// get our terminal.
#[cfg(not(any(target_os = "macos", windows)))]
fn open_with_system(url: &Url, hide: &[&str]) -> Result<(), String> {
    const STARTERS: [&[&str]; 6] =
        [&["xdg-open"], &["gio", "open"], &["kde-open"], &["exo-open"], &["x-www-browser"], &["wslview"]];
    // Under WSL, Windows' own starter; it comes without a shell.
    const WINDOWS: &[&str] = &["rundll32.exe", "url.dll,FileProtocolHandler"];
    let is_wsl = environment::raw("WSL_DISTRO_NAME").is_some();
    if !is_wsl && !has_desktop() {
        return Err(NO_DESKTOP.to_owned());
    }
    let mut reason = "no program that opens addresses was found".to_owned();
    for starter in is_wsl.then_some(WINDOWS).into_iter().chain(STARTERS) {
        let (program, first) = (starter[0], &starter[1..]);
        let arguments: Vec<OsString> = first.iter().copied().chain([url.as_str()]).map(Into::into).collect();
        match start(OsStr::new(program), &arguments, hide) {
            Ok(()) => return Ok(()),
            Err(problem) if problem.is_empty() => {}
            Err(problem) => reason = format!("{program}: {problem}"),
        }
    }
    Err(reason)
}

#[cfg(not(any(target_os = "macos", windows)))]
const NO_DESKTOP: &str = "there is no desktop here";

#[cfg(not(any(target_os = "macos", windows)))]
fn has_desktop() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(|name| environment::raw(name).is_some())
}

#[cfg(any(target_os = "macos", windows))]
fn open_default_privately(_url: &Url, _hide: &[&str]) -> Result<(), String> {
    Err("which browser is the default is not known here; BROWSER can name one".to_owned())
}

#[cfg(not(any(target_os = "macos", windows)))]
fn open_default_privately(url: &Url, hide: &[&str]) -> Result<(), String> {
    if !has_desktop() {
        return Err(NO_DESKTOP.to_owned());
    }
    let entry = default_browser(hide).ok_or("which browser is the default is not known; BROWSER can name one")?;
    let Some(known) = Known::of_entry(&entry) else {
        return Err(format!("how {} opens one is not known", entry.trim_end_matches(".desktop").escape_debug()));
    };
    let arguments = known.privately(vec![url.as_str().into()], url.as_str());
    let mut reason = String::new();
    for program in known.programs {
        match start(OsStr::new(program), &arguments, hide) {
            Ok(()) => return Ok(()),
            Err(problem) => reason.push_str(&format!("{program}: {problem}; ")),
        }
    }
    Err(reason.trim_end_matches("; ").to_owned())
}

/// The desktop entry of the default browser (xdg-settings(1)).
#[cfg(not(any(target_os = "macos", windows)))]
fn default_browser(hide: &[&str]) -> Option<String> {
    use std::io::Read as _;

    const LONGEST: u64 = 256;
    let mut command = command("xdg-settings".as_ref(), &["get".into(), "default-web-browser".into()], hide);
    let mut child = command.stdout(Stdio::piped()).spawn().ok()?;
    let output = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        let read = output.take(LONGEST).read_to_string(&mut text);
        let _ = sender.send(read.map(|_| text.trim().to_owned()));
    });
    let said = receiver.recv_timeout(ASKING);
    let _ = child.kill();
    let _ = child.wait();
    said.ok()?.ok().filter(|entry| !entry.is_empty())
}

/// A program that inherits nothing that it needs not have.
fn command(program: &OsStr, arguments: &[OsString], hide: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let is_secret = name.to_str().is_some_and(|name| name.starts_with("MAILGRANT_") || hide.contains(&name));
        if is_secret {
            command.env_remove(name);
        }
    }
    #[cfg(unix)]
    {
        // A group of its own, so that Ctrl-C in our terminal does not end the browser too.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
    }
    command
}

/// Starts a program and looks for [`PATIENCE`] whether it gives up.
fn start(program: &OsStr, arguments: &[OsString], hide: &[&str]) -> Result<(), String> {
    let mut child = command(program, arguments, hide).spawn().map_err(|error| Shown::of(error).to_string())?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let _ = sender.send(child.wait());
    });
    match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(status)) if !status.success() => Err(format!("it failed ({status})")),
        Ok(Err(error)) => Err(Shown::of(error).to_string()),
        Ok(Ok(_)) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn only_web_addresses_are_opened() {
        for good in ["https://login.example/a?b=c", "http://localhost:1/", "http://127.0.0.1:8080/", "http://[::1]/"] {
            assert!(may_open(&url(good)), "{good}");
        }
        for bad in ["file:///etc/passwd", "javascript:alert(1)", "http://login.example/", "ftp://localhost/", "x:y"] {
            assert!(!may_open(&url(bad)), "{bad}");
            assert!(open(&url(bad), &[]).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_address_comes_last_or_where_the_entry_says() {
        let address = url("https://login.example/?a=$(id)&calc");
        let line = |entry: &str| command_line(Path::new(entry), &address).unwrap();
        let text = address.as_str();
        assert_eq!(line("firefox"), ("firefox".into(), vec![text.into()]));
        assert_eq!(line("firefox -P work"), ("firefox".into(), vec!["-P".into(), "work".into(), text.into()]));
        let inside = format!("--app={text}");
        assert_eq!(line("chromium --app=%s --new"), ("chromium".into(), vec![inside.into(), "--new".into()]));
        assert_eq!(command_line(Path::new(" "), &address), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_list_is_tried_in_order_and_no_shell_reads_the_address() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("a browser");
        let seen = folder.path().join("seen");
        let text = format!("#!/bin/sh\necho noise\nprintf '%s' \"$1\" > '{}'\n", seen.display());
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let address = url("https://login.example/?a=$(touch%20x)&b=;id");
        let list = std::env::join_paths(["/nonexistent/browser", "false", script.to_str().unwrap()]).unwrap();
        open_with_list(&list, &address, &[]).unwrap();
        assert_eq!(std::fs::read_to_string(seen).unwrap(), address.as_str());
        let error = open_with_list(OsStr::new("/nonexistent/browser"), &address, &[]).unwrap_err();
        assert!(error.contains("/nonexistent/browser"), "{error}");
        assert!(open_with_list(OsStr::new("false"), &address, &[]).unwrap_err().contains("it failed"));
    }

    #[cfg(unix)]
    #[test]
    fn hidden_variables_are_not_inherited() {
        // CARGO_PKG_NAME is set for every test; here it plays a variable with a secret.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let script: Vec<OsString> = vec!["-c".into(), "test -z \"$CARGO_PKG_NAME\"".into()];
        start(OsStr::new("sh"), &script, &["CARGO_PKG_NAME"]).unwrap();
        start(OsStr::new("sh"), &script, &[]).unwrap_err();
    }
}
