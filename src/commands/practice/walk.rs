//! The walk: each step shows its command, runs it at Enter, and says what was seen. Any other command may come between.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use super::faults::{self, Chosen};
use super::home::Home;
use super::lines::{self, Who};
use super::steps::{self, Step};
use crate::context::{Context, Prompter, interrupt};
use crate::error::CommandError;

const WELCOME: &str = "A practice tenant is running on this machine: a sign-in server, IMAP, POP3,
SMTP, Graph and the Gmail API. Nothing leaves the machine, and your own profile
and keyring are not touched.

Enter runs the command that is shown. Any other mailgrant command works as well;
`help` says what else there is, and `exit` ends the practice and removes it all.";

const HELP: &str = "  Enter                  run the command that is shown
  mailgrant …            any command of mailgrant: mailgrant show practice
  skip                   go on to the next step
  fault NAME[=SECONDS]   break something; `faults` lists what can be broken
  heal                   repair everything
  shell                  your shell, in which plain `mailgrant` commands practise
  env                    the variables, to practise in another terminal
  exit                   end the practice";

const WALKED: &str = "The walk ends here, and the tenant goes on. Break something with `fault NAME`,
find it with `mailgrant test practice`, or type `exit`.";

/// A line that was typed.
enum Typed {
    /// Nothing: the step's own command.
    Step,
    Help,
    Skip,
    Fault(Chosen),
    Faults,
    Heal,
    Shell,
    Env,
    Exit,
    /// A command of mailgrant's.
    Command(String),
    /// What is wrong with it.
    Wrong(String),
}

fn typed(line: &str) -> Typed {
    let line = line.trim();
    match line.split_once(' ').map_or((line, ""), |(word, rest)| (word, rest.trim())) {
        ("", _) => Typed::Step,
        ("help" | "?", "") => Typed::Help,
        ("skip", "") => Typed::Skip,
        ("faults", "") | ("fault", "") => Typed::Faults,
        ("fault", name) => faults::chosen(name).map_or_else(Typed::Wrong, Typed::Fault),
        ("heal", "") => Typed::Heal,
        ("shell", "") => Typed::Shell,
        ("env", "") => Typed::Env,
        ("exit" | "quit", "") => Typed::Exit,
        ("mailgrant", _) => Typed::Command(line.to_owned()),
        _ => Typed::Command(format!("mailgrant {line}")),
    }
}

/// The walk, for a person at the terminal.
struct Walk<'a> {
    home: &'a Home,
    prompter: &'a dyn Prompter,
    steps: VecDeque<Step>,
    count: usize,
    /// Whether something is broken on purpose: then a step may end in any way.
    is_broken: bool,
    caught: interrupt::Caught,
}

/// Walks with the person at the terminal until they leave.
///
/// # Errors
/// If a command cannot be started.
pub(super) fn walk(context: &Context, home: &Home, broken: &[Chosen]) -> Result<(), CommandError> {
    let is_broken = !broken.is_empty();
    let mut steps: VecDeque<Step> = steps::set_up(home).into();
    if !is_broken {
        steps.extend(steps::keep(home));
    }
    let (prompter, count) = (context.prompter.as_ref(), steps.len());
    let walk = Walk { home, prompter, steps, count, is_broken, caught: interrupt::catch() };
    walk.say(WELCOME);
    if is_broken {
        walk.say(&faults::said(broken).join("\n"));
    }
    walk.run()
}

impl Walk<'_> {
    fn run(mut self) -> Result<(), CommandError> {
        self.show();
        // Ctrl-C and Ctrl-D leave.
        while let Ok(line) = self.prompter.ask("practice", None, &|_| Ok(())) {
            match typed(&line) {
                Typed::Step => self.step()?,
                Typed::Command(line) => drop(self.command(&line)?),
                Typed::Skip => self.advance(),
                Typed::Fault(fault) => self.break_it(fault),
                Typed::Faults => drop(self.command("mailgrant practice --list-faults")?),
                Typed::Heal => self.heal(),
                Typed::Shell => {
                    self.say("`exit` leads back here. PRACTICE_SIGNS_IN_AS says who signs in.");
                    self.home.open_shell()?;
                    self.was_interrupted();
                }
                Typed::Env => {
                    self.say("Paste this into another terminal:");
                    self.prompter.say(&lines::exports(&self.home.variables(Who::Shop)));
                }
                Typed::Help => self.say(HELP),
                Typed::Wrong(problem) => self.say(&problem),
                Typed::Exit => break,
            }
        }
        self.say("The practice has ended, and its profile and vault are removed.");
        Ok(())
    }

    /// Says a paragraph.
    fn say(&self, text: &str) {
        self.prompter.say(&format!("\n{text}"));
    }

    /// Shows the step that comes next.
    fn show(&self) {
        let Some(step) = self.steps.front() else { return self.say(WALKED) };
        let number = self.count - self.steps.len() + 1;
        step.before.happen(self.home);
        self.say(&format!("{number} of {}: {}\n\n{}", self.count, step.title, step.why));
        self.say(&format!("  $ {}\n", step.command.join(" \\\n      ")));
    }

    fn step(&mut self) -> Result<(), CommandError> {
        let Some(step) = self.steps.front() else {
            self.say(WALKED);
            return Ok(());
        };
        let (line, fails, seen) = (step.command.join(" "), step.fails, step.seen);
        let code = self.command(&line)?;
        if self.is_broken || (code == Some(0)) != fails {
            if !self.is_broken {
                self.say(seen);
            }
            self.advance();
        } else {
            let code = code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
            self.say(&format!("It ended with {code}: read what it says.\nEnter runs it again, `skip` goes on."));
        }
        Ok(())
    }

    fn advance(&mut self) {
        self.steps.pop_front();
        self.show();
    }

    /// Runs a command of mailgrant's; its exit code. Before a sign-in, asks who is at the browser.
    fn command(&self, line: &str) -> Result<Option<i32>, CommandError> {
        let mut who = Who::Shop;
        if line.split_whitespace().nth(1).is_some_and(|verb| matches!(verb, "authorize" | "login")) {
            let titles = Who::ALL.map(Who::title);
            match self.prompter.choose("Who signs in at the browser", &titles) {
                Ok(index) => who = Who::ALL.get(index).copied().unwrap_or(Who::Shop),
                Err(_) => return Ok(None),
            }
        }
        let code = self.home.run(line, who);
        self.was_interrupted();
        code
    }

    /// Ctrl-C was for the command that ran: the next one is answered as if there had been none.
    fn was_interrupted(&self) {
        self.caught.flag().store(false, Ordering::SeqCst);
    }

    fn break_it(&mut self, fault: Chosen) {
        self.home.switch_on(&[fault]);
        self.is_broken = true;
        self.say(&faults::said(&[fault]).join("\n"));
        self.say("Find it: mailgrant test practice. `heal` repairs it.");
    }

    fn heal(&mut self) {
        self.home.heal();
        self.is_broken = false;
        self.say("Everything is repaired.");
    }
}
