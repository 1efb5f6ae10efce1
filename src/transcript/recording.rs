//! Collects the lines of a transcript, for a support bundle.

use std::sync::{Arc, Mutex, PoisonError};

use super::Sink;

/// More bytes than this are not kept: a conversation of ours has a few kilobytes.
const MOST: usize = 128 * 1024;

/// The lines of one conversation, redacted, in order.
#[derive(Clone, Default)]
pub struct Recording(Arc<Mutex<String>>);

impl Recording {
    /// A sink that stores each line, and hands it on to `next`.
    pub(super) fn sink(&self, next: Option<Sink>) -> Sink {
        let kept = Arc::clone(&self.0);
        Arc::new(move |line| {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() + line.len() < MOST {
                kept.push_str(line);
                kept.push('\n');
            } else if !kept.ends_with("…\n") {
                kept.push_str("…\n");
            }
            drop(kept);
            if let Some(next) = &next {
                next(line);
            }
        })
    }

    /// The lines so far.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Speaker, Transcript};

    #[test]
    fn lines_are_kept_in_order_and_a_flood_is_cut() {
        let (transcript, recording) = Transcript::default().recorded();
        transcript.line("IMAP", Speaker::Server, "* OK hello");
        transcript.at("mail.example").line("IMAP", Speaker::Client, "p1 CAPABILITY");
        assert_eq!(recording.text(), "IMAP <- * OK hello\nmail.example IMAP -> p1 CAPABILITY\n");
        for _ in 0..200 {
            transcript.line("IMAP", Speaker::Server, &"x ".repeat(1000));
        }
        assert!(recording.text().len() < 130 * 1024);
        assert!(recording.text().ends_with("\n…\n"));
    }
}
