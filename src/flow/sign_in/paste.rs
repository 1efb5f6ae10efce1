//! The address that the browser ended on, pasted at the terminal: the browser may be on another machine.

use secrecy::ExposeSecret;

use crate::context::{Context, PasteReader, Typed};
use crate::failure::{Failure, FailureKind};
use crate::oauth::{AuthorizationRequest, AuthorizationResponse};

/// Takes the pasted answer to a sign-in, and asks again for what is none.
pub(super) struct Paste<'a> {
    reader: PasteReader,
    context: &'a Context,
    request: &'a AuthorizationRequest,
    /// Ctrl-D was pressed.
    pub(super) has_ended: bool,
}

impl<'a> Paste<'a> {
    /// Beside a listener, and says so; `None` where there is no terminal to paste at.
    pub(super) fn beside(context: &'a Context, request: &'a AuthorizationRequest) -> Option<Self> {
        let paste = Self::alone(context, request)?;
        context.prompter.say(
            "Waiting for the browser; Ctrl-C ends it. If it is on another machine, it ends on an address that does not \
             load: paste that address here.",
        );
        Some(paste)
    }

    /// The only way for the answer.
    pub(super) fn alone(context: &'a Context, request: &'a AuthorizationRequest) -> Option<Self> {
        let reader = context.prompter.paste_reader()?;
        Some(Self { reader, context, request, has_ended: false })
    }

    /// The answer, if a whole one has been pasted.
    pub(super) fn look(&mut self) -> Option<Result<AuthorizationResponse, Failure>> {
        let line = match self.reader.poll() {
            Typed::Nothing => return None,
            Typed::End => {
                self.has_ended = true;
                return None;
            }
            Typed::Line(line) => line,
        };
        match self.request.parse_pasted(line.expose_secret(), self.context.transcript.redactor()) {
            Err(Failure { kind: FailureKind::WrongPaste { what }, .. }) => {
                self.context.prompter.say(&format!(
                    "That is not the whole address from the browser's address bar: {what}. Paste it again:"
                ));
                None
            }
            result => Some(result),
        }
    }
}
