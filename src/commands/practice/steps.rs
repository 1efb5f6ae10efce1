//! The steps of the walk: what is done, why, and with which command.

use practice_tenant::faults::Fault;

use super::faults::Chosen;
use super::home::Home;

/// A step of the walk.
pub(super) struct Step {
    /// What it is about, in a few words.
    pub(super) title: &'static str,
    /// What a newcomer has to know for it.
    pub(super) why: &'static str,
    /// The command, in the parts that belong on a line each.
    pub(super) command: Vec<String>,
    /// What happens at the provider before the command runs.
    pub(super) before: Before,
    /// Whether it must fail to have shown what it is to show.
    pub(super) fails: bool,
    /// What has been seen when it is over.
    pub(super) seen: &'static str,
}

/// What happens at the provider before a step's command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    /// Authenticated SMTP is switched off.
    Breaks,
    /// It is switched on again.
    Heals,
}

impl Before {
    pub(super) fn happen(self, home: &Home) {
        match self {
            Self::Nothing => {}
            Self::Breaks => {
                let row = Fault::row("smtp-auth-off-tenant");
                row.into_iter().for_each(|row| home.switch_on(&[Chosen { row, time: None }]));
            }
            Self::Heals => home.heal(),
        }
    }
}

/// The steps to a mailbox that works.
pub(super) fn set_up(home: &Home) -> Vec<Step> {
    vec![
        Step {
            title: "add the mailbox",
            why: "A profile says which app signs in for which mailbox. For a real mailbox,
`mailgrant add` asks for what it needs. The practice tenant has addresses of its
own, so here they are given: the last four lines. The client secret comes from a
variable, never as an argument, which others on the machine could read.",
            command: home.add_command(),
            before: Before::Nothing,
            fails: false,
            seen: "The profile knows the mailbox, and the vault its app's client secret.",
        },
        Step {
            title: "sign in",
            why: "In a browser, the mailbox's user allows the app to use the mailbox. Here the
browser is played; you will be asked who signs in. Try the wrong account first,
if you like: it is the commonest mistake, and the step can be repeated.",
            command: vec!["mailgrant authorize practice".to_owned()],
            before: Before::Nothing,
            fails: false,
            seen: "From now on mailgrant gets access tokens by itself, without a person.",
        },
        Step {
            title: "test it",
            why: "This looks at the whole chain: store, token endpoint, and both mail servers, up
to the point where a mail could be sent.",
            command: vec!["mailgrant test practice".to_owned()],
            before: Before::Nothing,
            fails: false,
            seen: "The mailbox works.",
        },
    ]
}

/// The steps of a mailbox's life after that.
pub(super) fn keep(home: &Home) -> Vec<Step> {
    vec![
        Step {
            title: "see it fail",
            why: "The organisation now forbids its mailboxes to send over SMTP: a common trouble
at Microsoft 365. The same command says what is wrong.",
            command: vec!["mailgrant test practice".to_owned()],
            before: Before::Breaks,
            fails: true,
            seen: "The verdict says what works, what does not, and what to do first. The code in
brackets can be looked up: mailgrant explain exo-smtp-auth-disabled-tenant",
        },
        Step {
            title: "see it heal",
            why: "An administrator has done what the verdict says.",
            command: vec!["mailgrant test practice".to_owned()],
            before: Before::Heals,
            fails: false,
            seen: "It works again.",
        },
        Step {
            title: "rotate the client secret",
            why: "A client secret expires. A new one has been made in the portal. It is tested
with every mailbox of the app before it is used, and the old one is kept until
you discard it.",
            command: home.rotate_command(),
            before: Before::Nothing,
            fails: false,
            seen: "No mailbox has lost a minute, and no user had to sign in again.",
        },
        Step {
            title: "what expires when",
            why: "From a timer, `mailgrant status --fail-within=14` fails two weeks before a
secret expires.",
            command: vec!["mailgrant status".to_owned()],
            before: Before::Nothing,
            fails: false,
            seen: "That was the whole job.",
        },
    ]
}
