//! The one delivery of a command's results: at its end, or of what there is when it is cancelled or its time is up.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Ended, Outputs, ended_by};
use crate::context::interrupt::Why;
use crate::context::{interrupt, live};
use crate::progress::{Progress, SoFar};
use crate::report::{Document, ExitCode, Finding, FindingCode};
use crate::text::Shown;

/// Outputs that are used once: by the command's end, or by Ctrl-C.
pub struct Delivery(Arc<Mutex<Option<Outputs>>>);

impl Delivery {
    /// From now on Ctrl-C delivers what there is, as `progress` knows it. A plugin's answer is delivered in any case, and when
    /// its `time` is up as well.
    #[must_use]
    pub fn prepare(outputs: Outputs, progress: Progress, time: Option<Duration>) -> Self {
        let (is_plugin, status) = (outputs.format.is_plugin(), ended_by(outputs.format, ExitCode::Cancelled));
        let shared = Arc::new(Mutex::new(Some(outputs)));
        let own = Arc::clone(&shared);
        interrupt::before_end(move |why| {
            let nothing = is_plugin.then(|| SoFar { reports: Vec::new(), streamed: Default::default(), untouched: 0 });
            if let Some(so_far) = progress.so_far().or(nothing)
                && let Some(outputs) = take(&own)
            {
                live::close();
                let document = cancelled(outputs.command.clone(), so_far, why);
                interrupt::end_with(outputs.deliver(Ended::Document(Box::new(document))));
                return true;
            }
            false
        });
        if is_plugin {
            interrupt::end_with(status);
            time.into_iter().for_each(interrupt::end_after);
        }
        Self(shared)
    }

    /// Delivers what the command came to. Where Ctrl-C was faster, the process ends by that.
    pub fn deliver(self, ended: Ended) -> u8 {
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

fn cancelled(command: Shown, SoFar { reports, streamed, untouched }: SoFar, why: Why) -> Document {
    let rest = match untouched {
        0 => Shown::default(),
        count => shown!("; {} more had not been begun", count),
    };
    let mut document = Document::new(command);
    (document.reports, document.streamed) = (reports, streamed);
    let case = match why {
        Why::Signal => "looking",
        Why::TimeIsUp => "late",
    };
    document.error = Some(Finding::of(FindingCode::CANCELLED).case(case).with("rest", rest).bare().finding());
    document
}
