//! What follows once a mailbox is in the profile: a person at the terminal is offered to sign in, where a user has to, and then
//! to test it.

use super::check;
use super::lookup;
use super::parallel::Limits;
use super::plan::Plan;
use super::sign_in::{self, SignInOptions};
use super::workspace::Workspace;
use crate::context::Context;
use crate::error::CommandError;
use crate::profile::{Mailbox, Name, Profile};
use crate::report::{Document, FindingCode, Step};

/// Offers to sign in to the mailbox `name` and to test it; what comes of it is in `document`, in the place of what was to be
/// done next. Where nothing can be offered, `document` stays as it is.
pub fn offer(name: &Name, document: &mut Document, context: &Context) {
    if !context.offers {
        return;
    }
    // All but the last step come before a sign-in, which that is.
    if let Some((_, before)) = document.next.split_last()
        && !before.is_empty()
    {
        context.prompter.say("\nFirst, register at the provider what is not registered yet:");
        before.iter().for_each(|line| context.prompter.say(&shown!("  {}", line)));
        // What was said is not said again.
        document.next = vec![Step::default().command(shown!("mailgrant authorize {}", name))];
    }
    context.prompter.say("");
    if let Err(error) = sign_in_and_test(name, document, context) {
        tell(&error, document);
    }
}

/// Offers to sign in to a mailbox that is in the profile, and then to test it.
fn sign_in_and_test(name: &Name, document: &mut Document, context: &Context) -> Result<(), CommandError> {
    let profile = context.profile()?;
    let mailbox = lookup::mailbox(&profile, name)?;
    if !mailbox.access.needs_person() || sign_in(&profile, mailbox, document, context)? {
        test(&profile, mailbox, document, context)?;
    }
    Ok(())
}

/// Offers to sign in; whether that has been done, and gone well.
///
/// # Errors
/// If the store or the sign-in server cannot be used, or the person gave up.
pub fn sign_in(
    profile: &Profile,
    mailbox: &Mailbox,
    document: &mut Document,
    context: &Context,
) -> Result<bool, CommandError> {
    if !offered(&format!("Sign in now, as {}?", mailbox.signs_in_as()), context)? {
        return Ok(false);
    }
    let workspace = Workspace::open(context, profile)?;
    let report = sign_in::sign_in(&workspace, mailbox, &SignInOptions::default(), context)?;
    let is_signed_in = report.first_finding().is_none();
    document.reports.push(report);
    if is_signed_in {
        document.next = vec![sign_in::next(mailbox)];
    }
    Ok(is_signed_in)
}

/// Offers to test the mailbox.
///
/// # Errors
/// If the store cannot be used, or the person gave up.
pub fn test(
    profile: &Profile,
    mailbox: &Mailbox,
    document: &mut Document,
    context: &Context,
) -> Result<(), CommandError> {
    if !offered("Test it now?", context)? {
        return Ok(());
    }
    check::each(context, profile, &[mailbox], Limits::USUAL, document, |workspace, mailbox| {
        check::run(workspace, &Plan::end_to_end(mailbox))
    })?;
    document.next.clear();
    Ok(())
}

fn offered(question: &str, context: &Context) -> Result<bool, CommandError> {
    context.prompter.offer(question).map_err(|error| CommandError::unasked(&error, "mailgrant authorize NAME"))
}

/// Adds to `document` why a step could not be done. One that the person gave up is left to later: what came before it holds.
fn tell(error: &CommandError, document: &mut Document) {
    let finding = error.finding();
    if finding.code != FindingCode::CANCELLED {
        document.error = Some(finding.clone());
    }
}
