//! A value that is most likely a mistake: a person at the terminal decides, a script needs `--force`.

use crate::context::Prompter;
use crate::error::CommandError;
use crate::report::{Finding, FindingCode};

/// What becomes of a doubted value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It is used as it is.
    Use,
    /// Another one is asked for.
    AskAgain,
}

/// Decides about a value that is doubted for the catalogue's reason `code`.
///
/// # Errors
/// Without `force` and without a terminal: the reason. What the prompt says.
pub fn rule(code: FindingCode, force: bool, prompter: &dyn Prompter) -> Result<Ruling, CommandError> {
    if force {
        return Ok(Ruling::Use);
    }
    let refused = refused(code);
    if !prompter.is_interactive() {
        return Err(refused);
    }
    say(&refused, prompter);
    let wanted = prompter.confirm("Use it all the same?").map_err(|error| CommandError::unasked(&error, "--force"))?;
    Ok(if wanted { Ruling::Use } else { Ruling::AskAgain })
}

/// Why a value is not taken, in the catalogue's words.
pub fn refused(code: FindingCode) -> CommandError {
    Finding::of(code).into()
}

/// Says at the terminal what is wrong, before the question is asked again.
pub fn say(error: &CommandError, prompter: &dyn Prompter) {
    let finding = error.finding();
    prompter.say(&finding.cause);
    for step in &finding.fix {
        prompter.say(&format!("  {step}"));
    }
}
