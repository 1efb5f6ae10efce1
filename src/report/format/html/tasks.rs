//! The tasks of a set-up in a page, each with who does it and why.

use maud::{Markup, html};

use super::finding::steps;
use crate::report::Task;
use crate::text::html::Text;

/// All tasks, numbered.
pub(super) fn all(tasks: &[Task]) -> Markup {
    html! {
        @for (index, task) in tasks.iter().enumerate() {
            div.task.good[task.done.is_some()] {
                h3 { (index + 1) ". " (Text(&task.title)) }
                p.who { "For " (task.by.title()) ". " (Text(&task.why)) }
                @if let Some(done) = &task.done { p { span.mark { "\u{2713} Done: " } (Text(done)) "." } }
                (steps(&task.steps, &[], Some(task.by)))
            }
        }
    }
}
