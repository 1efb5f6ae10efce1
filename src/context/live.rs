//! Standard error of a terminal while a command runs: the checks as they end, and what is waited for. All of it is gone before
//! the results are shown, and what is said meanwhile stands above it.

mod screen;

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub use self::screen::Look;
use self::screen::{QUIET, Screen};
use crate::progress::Progress;
use crate::text;

/// How often the screen is drawn.
const TICK: Duration = Duration::from_millis(100);

/// Whether nothing is drawn any more.
static CLOSED: AtomicBool = AtomicBool::new(false);
/// What is drawn, while something is.
static DRAWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

fn drawn() -> MutexGuard<'static, Option<ProgressBar>> {
    DRAWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says a line on standard error, above what is drawn there; prose is wrapped at the terminal's width.
pub fn say(line: &str) {
    let line = match Term::stderr().size_checked() {
        Some((_, columns)) if io::stderr().is_terminal() => text::wrap(line, usize::from(columns).max(1)),
        _ => line.to_owned(),
    };
    // A closed standard error does not stop the command.
    let write = || drop(writeln!(anstream::stderr(), "{line}"));
    aside(write);
}

/// Does something on standard error while nothing else is drawn there.
pub fn aside<T>(write: impl FnOnce() -> T) -> T {
    // Not held while it is done: a panic over it says a line too.
    let bar = drawn().clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Shows progress as long as it lives.
pub struct Live(Option<(Arc<Bell>, JoinHandle<()>)>);

/// Rings when no more is to be shown.
#[derive(Default)]
struct Bell {
    is_over: Mutex<bool>,
    rung: Condvar,
}

impl Live {
    /// Shows nothing.
    #[must_use]
    pub fn off() -> Self {
        Self(None)
    }

    /// Shows `progress` where standard error is a terminal.
    #[must_use]
    pub fn start(progress: Progress, look: Look) -> Self {
        if !io::stderr().is_terminal() {
            return Self::off();
        }
        let bell = Arc::new(Bell::default());
        let heard = Arc::clone(&bell);
        // Without a thread nothing is shown, and that is all.
        let thread = thread::Builder::new().spawn(move || show(&progress, look, &heard));
        Self(thread.ok().map(|thread| (bell, thread)))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some((bell, thread)) = self.0.take() {
            *bell.is_over.lock().unwrap_or_else(PoisonError::into_inner) = true;
            bell.rung.notify_all();
            let _ = thread.join();
        }
        clear();
    }
}

/// Takes away what is drawn. Nothing is drawn any more.
pub fn close() {
    CLOSED.store(true, Ordering::SeqCst);
    clear();
}

/// Takes away what is drawn, for a question: where nothing is done meanwhile, nothing is drawn.
pub(super) fn clear() {
    take_away(&mut drawn());
}

/// Draws until the bell rings.
fn show(progress: &Progress, look: Look, bell: &Bell) {
    let mut screen = Screen::new(look);
    let mut is_over = bell.is_over.lock().unwrap_or_else(PoisonError::into_inner);
    let mut since = None;
    while !*is_over {
        // Held while it is looked and drawn: once `clear` has come, nothing is drawn of what was before.
        let mut drawn = drawn();
        let standing = progress.standing();
        let mut lines = Vec::new();
        if CLOSED.load(Ordering::SeqCst) || !standing.is_at_work() {
            since = None;
            take_away(&mut drawn);
        } else if Instant::now() >= *since.get_or_insert_with(|| Instant::now() + QUIET) {
            match look.moves {
                true => draw(&mut drawn, &screen.text(&standing)),
                false => lines = screen.lines(&standing),
            }
        }
        drop(drawn);
        lines.iter().for_each(|line| say(line));
        let rung = bell.rung.wait_timeout(is_over, TICK).unwrap_or_else(PoisonError::into_inner);
        is_over = rung.0;
    }
}

fn draw(drawn: &mut Option<ProgressBar>, text: &str) {
    let bar = drawn.get_or_insert_with(|| {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar
    });
    bar.set_message(text.to_owned());
    bar.tick();
}

fn take_away(drawn: &mut Option<ProgressBar>) {
    if let Some(bar) = drawn.take() {
        bar.finish_and_clear();
    }
}
