//! What is pasted at the terminal during a sign-in: the address that the browser ended on, which may be on another machine, or
//! the text of an error page.

use secrecy::ExposeSecret;

use super::attempt::Attempt;
use super::patience::Patience;
use crate::context::{Context, PasteReader, Typed};
use crate::diagnosis::{FailureContext, explain};
use crate::failure::{Failure, FailureKind};
use crate::oauth::{AuthorizationRequest, AuthorizationResponse};
use crate::report::Finding;
use crate::text::Shown;

/// Takes the pasted answer to a sign-in, explains a pasted error page, and asks again for what is neither.
pub(super) struct Paste<'a> {
    reader: PasteReader,
    context: &'a Context,
    about: FailureContext<'a>,
    request: &'a AuthorizationRequest,
    patience: &'a Patience,
    /// Ctrl-D was pressed.
    pub(super) has_ended: bool,
}

impl<'a> Paste<'a> {
    /// Begins to read; `None` where there is no terminal to paste at.
    pub(super) fn open(
        attempt: &Attempt<'a>,
        request: &'a AuthorizationRequest,
        patience: &'a Patience,
    ) -> Option<Self> {
        let Attempt { app, mailbox, context, .. } = *attempt;
        let reader = context.prompter.paste_reader()?;
        let about = FailureContext::of_mailbox(app, mailbox);
        Some(Self { reader, context, about, request, patience, has_ended: false })
    }

    /// The answer, if a whole one has been pasted.
    pub(super) fn look(&mut self) -> Option<Result<AuthorizationResponse, Failure>> {
        let text = match self.reader.poll() {
            Typed::Nothing | Typed::Enter => return None,
            Typed::End => {
                self.has_ended = true;
                return None;
            }
            Typed::Line(text) => text,
        };
        let what = match self.request.parse_pasted(text.expose_secret(), self.context.transcript.redactor()) {
            Err(Failure { kind: FailureKind::WrongPaste { what }, .. }) => what,
            result => return Some(result),
        };
        let ours = self.request.redirect_uri().to_string();
        let is_our_address = text.expose_secret().trim_start().starts_with(&ours);
        match explain::page(text.expose_secret(), self.about).filter(|_| !is_our_address) {
            Some(finding) => self.explain(&finding),
            None => self.context.prompter.say(&format!(
                "That is not the complete address from the browser's address bar: {what}. Paste it again:"
            )),
        }
        None
    }

    /// What the page means, while the wait goes on. The text of the page may hold anything, and is not repeated.
    fn explain(&self, finding: &Finding) {
        let say = |line: Shown| self.context.prompter.say(&line);
        say(shown!("\n{} [{}]", finding.cause, finding.code));
        for (number, step) in (1..).zip(&finding.fix) {
            say(shown!("  {}. {}", number, step));
        }
        say(shown!(
            "Still waiting until {}. When the page can work, open the address above again. If the profile had to change, \
             press Ctrl-C and run authorize again.",
            self.patience.until()
        ));
    }
}
