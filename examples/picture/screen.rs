//! What a terminal of 80 columns gets from a command.

use std::path::Path;

use rexpect::session::spawn_command;

use crate::workspace::Workspace;

/// Runs the binary at a terminal, and answers what it wrote to standard output there, colours among it.
pub(crate) fn shown(workspace: &Workspace, arguments: &[&str]) -> Result<String, String> {
    // What moves while it waits is for standard error.
    const SCRIPT: &str = "stty cols 80 rows 40; exec \"$0\" \"$@\" 2>/dev/null";
    let mut command = workspace.command(Path::new("sh"));
    command.args(["-c", SCRIPT]).arg(workspace.binary()).args(arguments);
    command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
    let mut terminal = spawn_command(command, Some(60_000)).map_err(|error| error.to_string())?;
    let text = terminal.exp_eof().map_err(|error| error.to_string())?;
    // rexpect takes each byte for a character.
    let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    let text = String::from_utf8(bytes).map_err(|error| error.to_string())?;
    Ok(text.replace("\r\n", "\n"))
}
