//! The set-up of an app that is let in by itself, as a ladder: permission, consent, service principal, right on the mailbox,
//! protocol. Each rung stands on the one below, and no answer of a server names the one that is missing. So each is proven by
//! what the token says and by what opens, and the first that nothing proves is the one to look at.

use super::mail::means;
use super::situation::Situation;
use crate::diagnosis::catalogue::Meaning;
use crate::profile::{Channel, Protocol, Side, same_permission};
use crate::report::{Confidence, Finding, FindingCode, Stage};
use crate::text::{Redactor, Shown};

/// What is proven of the set-up of an app that is let in by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ladder {
    /// The permissions that its token names, where they are all that the mailbox needs: they were added and consented to.
    pub roles: Option<Shown>,
    /// The object ID of its enterprise application, as the token names it.
    pub object: Option<Shown>,
    /// The protocol over which the mail server took its token: the server knows the app.
    pub enrolled: Option<Protocol>,
    /// The protocol over which the mailbox opened by a permission that looks for a right on it: the app has the right.
    pub opened: Option<Protocol>,
}

/// How far the app's token came at one mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The mailbox opened.
    Opened,
    /// The server took the token, and did not open the mailbox.
    Taken,
    /// The server did not take it.
    Refused,
    /// Nothing is known: it was not asked, not reached, busy, or says that the protocol is off for all.
    Unknown,
}

/// The first step that nothing shows to be done, where a server does not open the mailbox for the app.
pub(super) fn first_unproven(situation: &Situation<'_>) -> Option<Finding> {
    let ladder = Ladder::of(situation)?;
    let is_closed = |protocol: &Protocol| matches!(reach(situation, *protocol), Reach::Refused | Reach::Taken);
    let closed = servers(situation).map(|channel| channel.protocol).find(is_closed)?;
    let told = |code| situation.own(code, Some(closed)).with("roles", ladder.roles.clone().unwrap_or_default());
    let told = match ladder {
        // What the token lacks is told before this.
        Ladder { roles: None, .. } => return None,
        Ladder { enrolled: None, .. } => told(FindingCode::APP_NOT_KNOWN_TO_EXCHANGE),
        Ladder { opened: None, enrolled: Some(proof), .. } => {
            told(FindingCode::APP_WITHOUT_MAILBOX_RIGHT).with("proof", proof)
        }
        Ladder { opened: Some(proof), .. } => {
            told(FindingCode::APP_PROTOCOL_OFF).with("proof", proof).with(closed.key(), closed)
        }
    };
    let refusal = situation.refusal(closed)?;
    let mut finding = told.finding();
    // Exchange lists no answers for these steps: only what opens elsewhere makes it sure.
    finding.confidence = Confidence::Likely;
    finding.server_said.clone_from(&refusal.server_said);
    Some(finding)
}

impl Ladder {
    /// What is proven; none where a person signs in, or where no mail server has to know the app.
    #[must_use]
    pub fn of(situation: &Situation<'_>) -> Option<Self> {
        let (app, mailbox) = (situation.about.app?, situation.about.mailbox?);
        if mailbox.access.needs_person() || !app.provider.quirks.enrols_apps {
            return None;
        }
        let mut ladder = Self::default();
        let has_come = |wanted: &[Reach]| {
            let mut channels = servers(situation);
            channels.find(|channel| wanted.contains(&reach(situation, channel.protocol)))
        };
        ladder.enrolled = has_come(&[Reach::Opened, Reach::Taken]).map(|channel| channel.protocol);
        let Some(own) = situation.about.token.own else { return Some(ladder) };
        ladder.object = own.object.map(Redactor::by_shape);
        let names = |channel: Channel| {
            let service = app.deployment().service(channel.protocol, channel.side)?;
            let mut enough = std::iter::once(service.application?.role).chain(service.stronger.iter().copied());
            enough.find(|role| own.roles.iter().any(|named| same_permission(named, role)))
        };
        let is_open = |channel: &Channel| reach(situation, channel.protocol) == Reach::Opened;
        let named: Vec<Option<&'static str>> = mailbox.channels().map(names).collect();
        // A role of the server's own opens the mailbox without one in the token.
        let is_enough = mailbox.channels().zip(&named).all(|(channel, role)| role.is_some() || is_open(&channel));
        ladder.roles = is_enough.then(|| match named.iter().flatten().copied().collect::<Vec<_>>() {
            roles if roles.is_empty() => "no role, and none is needed".into(),
            roles => Redactor::by_shape(&roles.join(" ")),
        });
        let opens = |channel: &Channel| is_open(channel) && names(*channel).is_some();
        ladder.opened = servers(situation).find(opens).map(|channel| channel.protocol);
        Some(ladder)
    }
}

/// The sides of the mailbox that are used through a mail server.
fn servers<'a>(situation: &Situation<'a>) -> impl Iterator<Item = Channel> + use<'a> {
    let mailbox = situation.about.mailbox;
    let is_server = move |channel: &Channel| {
        let service = mailbox.and_then(|mailbox| mailbox.service(channel.side));
        service.is_some_and(|service| service.endpoint.server().is_some())
    };
    mailbox.into_iter().flat_map(crate::profile::Mailbox::channels).filter(is_server)
}

fn reach(situation: &Situation<'_>, protocol: Protocol) -> Reach {
    let opens = if protocol.serves(Side::Incoming) { Stage::Folder } else { Stage::Authentication };
    if situation.passed(Some(protocol), opens) {
        return Reach::Opened;
    }
    let is_off = |finding: &Finding| means(finding, Meaning::SendingOff) || means(finding, Meaning::ReadingOff);
    match situation.refusal(protocol) {
        Some(refusal) if is_off(refusal) => Reach::Unknown,
        Some(_) if situation.passed(Some(protocol), Stage::Authentication) => Reach::Taken,
        Some(_) => Reach::Refused,
        None => Reach::Unknown,
    }
}
