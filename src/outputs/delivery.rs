//! The one delivery of a command's results: at its end, or of what there is when it is cancelled.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::{Ended, Outputs};
use crate::context::{interrupt, live};
use crate::progress::{Progress, SoFar};
use crate::report::{Document, ExitCode, Finding, FindingCode};
use crate::text::Shown;

/// Outputs that are used once: by the command's end, or by Ctrl-C.
pub struct Delivery(Arc<Mutex<Option<Outputs>>>);

impl Delivery {
    /// From now on Ctrl-C delivers what there is, as `progress` knows it.
    #[must_use]
    pub fn prepare(outputs: Outputs, progress: Progress) -> Self {
        let shared = Arc::new(Mutex::new(Some(outputs)));
        let own = Arc::clone(&shared);
        interrupt::before_end(move || {
            if let Some(so_far) = progress.so_far()
                && let Some(outputs) = take(&own)
            {
                live::close();
                let document = cancelled(outputs.command.clone(), so_far);
                outputs.deliver(Ended::Document(Box::new(document)));
            }
        });
        Self(shared)
    }

    /// Delivers what the command came to. Where Ctrl-C was faster, the process ends by that.
    pub fn deliver(self, ended: Ended) -> ExitCode {
        match take(&self.0) {
            Some(outputs) => outputs.deliver(ended),
            None => loop {
                thread::park();
            },
        }
    }
}

fn take(outputs: &Mutex<Option<Outputs>>) -> Option<Outputs> {
    outputs.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn cancelled(command: Shown, SoFar { reports, streamed, untouched }: SoFar) -> Document {
    let rest = match untouched {
        0 => Shown::default(),
        count => shown!("; {} more had not been begun", count),
    };
    let mut document = Document::new(command);
    (document.reports, document.streamed) = (reports, streamed);
    document.error = Some(Finding::of(FindingCode::CANCELLED).case("looking").with("rest", rest).bare().finding());
    document
}
