//! The tasks of a set-up, each with who does it and why.

use std::io;

use super::finding::line;
use super::line::Line;
use super::page::Page;
use crate::report::Task;

/// Writes all tasks, numbered.
pub(super) fn write(tasks: &[Task], page: &mut Page<'_>) -> io::Result<()> {
    // A terminal that opens links needs no addresses beside them.
    let opens = page.view.links;
    for (index, task) in tasks.iter().enumerate() {
        page.gap()?;
        let heading = Line::default().strong(format!("{}. {}", index + 1, task.title));
        page.text(2, &heading.dim(format!("  for {}", task.by.title())))?;
        page.text(5, &Line::default().plain(task.why.as_str()))?;
        if let Some(done) = &task.done {
            page.led(5, &Line::default().good("done: "), &Line::default().plain(done.as_str()))?;
        }
        for step in &task.steps {
            page.led(5, &Line::default().plain("- "), &line(step))?;
            for link in step.links().filter(|link| link.url != link.title && !opens) {
                page.text(7, &Line::default().dim(link.url.as_str()))?;
            }
        }
    }
    Ok(())
}
