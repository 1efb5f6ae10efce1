//! The picture in README.md, from a real run: `cargo run --example picture` writes `docs/terminal.svg`.
//!
//! It builds the real `mailgrant`, starts the practice tenant beside it, and runs one test that fails and one that passes at a
//! terminal of 80 columns. What the terminal gets is what the picture shows, as text.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "an example's own output")]

#[path = "../tour/build.rs"]
mod build;
#[cfg(unix)]
mod screen;
#[path = "../tour/workspace.rs"]
#[allow(dead_code, reason = "the tour uses more of it")]
mod workspace;

use std::path::Path;
use std::process::ExitCode;

use anstyle::{Color, RgbColor};
use anstyle_svg::{Palette, Term};
use practice_tenant::browser::{self, Person};
use practice_tenant::faults::Fault;
use practice_tenant::world::{CONFIDENTIAL_CLIENT, SHOP, TENANT_DOMAIN};
use practice_tenant::{Sandbox, SandboxConfig};
use workspace::Workspace;

const PLACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/terminal.svg");
const COMMAND: &str = "mailgrant test shop";
const TITLE: &str = "A test that fails, with what to do first, and one that passes";

fn main() -> ExitCode {
    // As in the tour, this very program is the browser too.
    if let Some((person, ca_file)) = workspace::browser_role() {
        let url = std::env::args().next_back().unwrap_or_default();
        let landed = browser::sign_in(&url, Path::new(&ca_file), &Person::SignsInAs(person));
        return if landed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let drawn = screens().and_then(|screens| std::fs::write(PLACE, svg(&screens)).map_err(|error| error.to_string()));
    match drawn {
        Ok(()) => {
            eprintln!("\n{PLACE}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("picture: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the terminal shows of both runs, with the prompts.
fn screens() -> Result<String, String> {
    let binary = build::mailgrant()?;
    let config = SandboxConfig::default();
    let secret = config.client_secret.clone();
    let sandbox = Sandbox::start(config).map_err(|error| error.to_string())?;
    let mut workspace = Workspace::new(binary, sandbox.ca_file())?;
    workspace.sign_in_as(SHOP);
    set_up(&mut workspace, &sandbox, &secret)?;
    let fault = Fault::named("smtp-auth-off-tenant");
    sandbox.switch_on(fault);
    let failing = run(&workspace)?;
    sandbox.switch_off(fault);
    let passing = run(&workspace)?;
    let prompt = "\x1b[1m$\x1b[0m";
    Ok(format!("{prompt} {COMMAND}\n{failing}\n{prompt} {COMMAND}\n{passing}"))
}

#[cfg(unix)]
fn run(workspace: &Workspace) -> Result<String, String> {
    screen::shown(workspace, &["test", "shop"])
}

#[cfg(not(unix))]
fn run(_: &Workspace) -> Result<String, String> {
    Err("this needs a pseudo terminal".to_owned())
}

fn set_up(workspace: &mut Workspace, sandbox: &Sandbox, secret: &str) -> Result<(), String> {
    let ports = sandbox.ports();
    let (imap, smtp) = (ports.imap_implicit.to_string(), ports.smtp_starttls.to_string());
    let ca_file = sandbox.ca_file().display().to_string();
    workspace.step("A key for the vault.", &["new-vault-key"], "")?.code(0)?;
    let add = ["add", "shop", "--provider", "microsoft365", "--tenant", TENANT_DOMAIN, "--address", SHOP];
    let app = ["--client-id", CONFIDENTIAL_CLIENT, "--secret-stdin", "--authority", sandbox.authority()];
    let incoming = ["--incoming", "imap", "--incoming-host", "localhost", "--incoming-port", &imap];
    let outgoing = ["--outgoing", "smtp", "--outgoing-host", "localhost", "--outgoing-port", &smtp];
    let add = [&add[..], &app, &incoming, &outgoing, &["--ca-file", &ca_file]].concat();
    workspace.step("The mailbox.", &add, secret)?.code(0)?;
    workspace.step("The sign-in.", &["authorize", "shop"], "")?.code(0)?;
    Ok(())
}

/// The picture of a terminal. It has a background of its own, so that it is readable on light and dark pages.
fn svg(screens: &str) -> String {
    let background = Color::Rgb(RgbColor(0x12, 0x16, 0x1c));
    let foreground = Color::Rgb(RgbColor(0xdc, 0xe1, 0xe8));
    let drawn = Term::new().palette(COLOURS).fg_color(foreground).bg_color(background).render_svg(screens);
    let plain = anstream::adapter::strip_str(screens).to_string();
    let told = format!("role=\"img\" aria-labelledby=\"title description\">\n  <title id=\"title\">{TITLE}</title>\n");
    let told = format!("{told}  <desc id=\"description\">{}</desc>", escaped(&plain));
    // What is dim must be readable too.
    let drawn = drawn.replace("opacity: 0.4;", "opacity: 0.75;");
    drawn.replacen('>', &format!(" {told}"), 1)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The sixteen colours, each with enough contrast on the background.
const COLOURS: Palette = Palette([
    RgbColor(0x6b, 0x75, 0x82),
    RgbColor(0xff, 0x7b, 0x72),
    RgbColor(0x5f, 0xd0, 0x7a),
    RgbColor(0xe3, 0xb3, 0x41),
    RgbColor(0x79, 0xb8, 0xff),
    RgbColor(0xd2, 0xa8, 0xff),
    RgbColor(0x56, 0xd4, 0xdd),
    RgbColor(0xdc, 0xe1, 0xe8),
    RgbColor(0x8b, 0x96, 0xa3),
    RgbColor(0xff, 0xa1, 0x98),
    RgbColor(0x7e, 0xe7, 0x98),
    RgbColor(0xf2, 0xcc, 0x60),
    RgbColor(0xa5, 0xd6, 0xff),
    RgbColor(0xe2, 0xc5, 0xff),
    RgbColor(0x87, 0xe8, 0xee),
    RgbColor(0xff, 0xff, 0xff),
]);
