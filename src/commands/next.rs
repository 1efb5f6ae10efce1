//! `mailgrant` alone: the next step that the state of the profile calls for, offered to the person at the terminal.

use crate::context::Context;
use crate::error::CommandError;
use crate::flow::first_steps;
use crate::flow::next_step::{self, NextStep};
use crate::flow::workspace::Workspace;
use crate::report::{Document, Finding, FindingCode, Step};

/// What came of it.
pub(super) enum Next {
    /// A mailbox is to be added, which is another command's work.
    Add,
    /// A step was offered, and done or left.
    Done(Box<Document>),
}

/// Runs the command.
///
/// # Errors
/// Without a person at a terminal: the usual commands. Else why the step could not be done.
pub(super) fn run(context: &Context) -> Result<Next, CommandError> {
    if !context.offers {
        return Err(Finding::of(FindingCode::USAGE).case("bare").into());
    }
    if !context.profile_path.exists() {
        return Ok(begin(context));
    }
    let profile = context.profile()?;
    if profile.mailboxes.is_empty() {
        return Ok(begin(context));
    }
    let workspace = Workspace::open(context, &profile)?;
    let step = next_step::of(&workspace)?;
    context.prompter.say(&step.words(context.clock.now()));
    let mut document = Document::new("next");
    document.next.push(Step::default().command(step.command()));
    match step {
        NextStep::Authorize(mailbox, _) => {
            if first_steps::sign_in(&profile, mailbox, &mut document, context)? {
                first_steps::test(&profile, mailbox, &mut document, context)?;
            }
        }
        NextStep::Test(mailbox, _) => first_steps::test(&profile, mailbox, &mut document, context)?,
        NextStep::Add | NextStep::FinishRotation(_) | NextStep::Rotate(..) => {}
        NextStep::Nothing => document.next.extend(["`mailgrant status`", "`mailgrant --help`"].map(Step::from)),
    }
    Ok(Next::Done(Box::new(document)))
}

/// The first mailbox.
fn begin(context: &Context) -> Next {
    context.prompter.say("No mailbox is set up yet: this adds the first one.");
    if cfg!(feature = "practice") {
        context.prompter.say("To try everything without a mailbox of your own: mailgrant practice");
    }
    Next::Add
}
