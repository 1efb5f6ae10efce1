//! The set-up of an app that is let in by itself, as a ladder: permission, consent, service principal, right on the mailbox,
//! protocol. Each rung stands on the one below, and no answer of a server names the one that is missing. So each is proven by
//! what an administrator read in the tenant, by what the token says and by what opens, and the first that nothing proves is the one
//! to look at.

use super::mail::means;
use super::situation::Situation;
use super::tenant::{Permission, Principal, TenantSetup};
use crate::diagnosis::catalogue::Meaning;
use crate::diagnosis::told::Told;
use crate::profile::{Channel, Protocol, Side, same_permission};
use crate::report::{Check, Confidence, Finding, FindingCode, Stage};
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
    /// What an administrator read in the tenant.
    pub tenant: Option<TenantSetup>,
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

/// The first step in the directory that is missing there, by what an administrator read: more than a token tells, which lacks
/// a permission the same way where it was not added and where no administrator consented.
pub(super) fn missing_in_directory(situation: &Situation<'_>) -> Option<Finding> {
    let setup = situation.tenant?;
    Ladder::of(situation)?;
    let unfit = situation.checks.iter().filter(|check| check.stage == Stage::Preflight);
    let unfit: Vec<(&Check, &Finding)> = unfit.filter_map(|check| Some((check, check.finding()?))).collect();
    // What else is wrong with a token is not of these steps.
    if unfit.iter().any(|(_, finding)| finding.code != FindingCode::LOCAL_APP_ONLY_TOKEN_WITHOUT_ROLES) {
        return None;
    }
    let over = unfit.iter().find_map(|(check, _)| check.protocol).or_else(|| closed(situation).next())?;
    let needed = |list: &Option<Vec<Permission>>| -> Vec<Permission> {
        // What opens needs no more.
        let is_open = |permission: &&Permission| reach(situation, permission.protocol) == Reach::Opened;
        list.iter().flatten().filter(|permission| !is_open(permission)).cloned().collect()
    };
    let (unasked, unconsented) = (needed(&setup.unasked), needed(&setup.unconsented));
    let told = if !unasked.is_empty() {
        lacking(situation.own(FindingCode::APP_PERMISSION_MISSING, Some(over)), &unasked)
    } else if !unconsented.is_empty() {
        lacking(situation.own(FindingCode::APP_CONSENT_MISSING, Some(over)), &unconsented)
    } else if !unfit.is_empty() && setup.is_consented().is_some() {
        situation.own(FindingCode::APP_SET_UP_NOT_IN_EFFECT, Some(over))
    } else {
        return None;
    };
    let refusal = situation.refusal(over);
    Some(Finding { server_said: refusal.and_then(|refusal| refusal.server_said.clone()), ..told.finding() })
}

/// `told` with the permissions that are lacking: each for a command of its own.
fn lacking<'a>(told: Told<'a>, permissions: &[Permission]) -> Told<'a> {
    let names = || permissions.iter().map(|permission| permission.name);
    let api = permissions.first().map_or("", |permission| permission.api);
    let mut told = told.with("roles", Shown::join(names().map(Shown::from), ", ")).with("api_id", api);
    for ((name, id), permission) in
        [("first_role", "first_id"), ("second_role", "second_id")].into_iter().zip(permissions)
    {
        told = told.with(name, permission.name).with(id, &permission.id);
    }
    if permissions.iter().any(|permission| permission.protocol == Protocol::Smtp) {
        told = told.with("smtp", Protocol::Smtp);
    }
    told
}

/// The first step at Exchange that nothing shows to be done, where a server does not open the mailbox for the app.
pub(super) fn first_unproven(situation: &Situation<'_>) -> Option<Finding> {
    let ladder = Ladder::of(situation)?;
    let setup = ladder.tenant.clone().unwrap_or_default();
    let is_off = |protocol: &Protocol| setup.is_on(*protocol) == Some(false);
    let closed = closed(situation).find(is_off).or_else(|| closed(situation).next())?;
    let refusal = situation.refusal(closed)?;
    // What the token lacks is told before this.
    let roles = ladder.roles.clone().or_else(|| (setup.is_consented() == Some(true)).then(Shown::default))?;
    let told = |code| {
        let told = situation.own(code, Some(closed)).with("roles", &roles).with(closed.key(), closed);
        setup.object.iter().fold(told, |told, object| told.with("object_id", object))
    };
    let is_known = setup.is_known().or_else(|| ladder.enrolled.map(|_| true));
    // How Exchange lists the rights of apps is not documented: a mailbox that opens says more.
    let has_right = ladder.opened.map(|_| true).or(setup.right);
    let mut finding = match (is_known, has_right, setup.is_on(closed)) {
        (None, ..) => told(FindingCode::APP_NOT_KNOWN_TO_EXCHANGE).in_general(),
        (Some(false), ..) => match &setup.principal {
            Some(Principal::Other(other)) => {
                told(FindingCode::APP_NOT_KNOWN_TO_EXCHANGE).case("other").with("known_as", other).finding()
            }
            Some(Principal::Missing | Principal::Known) | None => {
                told(FindingCode::APP_NOT_KNOWN_TO_EXCHANGE).case("missing").finding()
            }
        },
        (Some(true), None, _) => match ladder.enrolled {
            Some(proof) => told(FindingCode::APP_WITHOUT_MAILBOX_RIGHT).with("proof", proof).in_general(),
            None => told(FindingCode::APP_WITHOUT_MAILBOX_RIGHT).case("unread").finding(),
        },
        (Some(true), Some(false), _) => told(FindingCode::APP_WITHOUT_MAILBOX_RIGHT).case("missing").finding(),
        (Some(true), Some(true), Some(false)) => told(FindingCode::APP_PROTOCOL_OFF).case("off").finding(),
        (Some(true), Some(true), None) => match ladder.opened {
            Some(proof) => told(FindingCode::APP_PROTOCOL_OFF).with("proof", proof).in_general(),
            None => told(FindingCode::APP_PROTOCOL_OFF).case("unread").finding(),
        },
        (Some(true), Some(true), Some(true)) => told(FindingCode::APP_SET_UP_NOT_IN_EFFECT).finding(),
    };
    let is_read = setup.is_known() == Some(false) || [has_right, setup.is_on(closed)].contains(&Some(false));
    if !is_read {
        // Exchange lists no answers for these steps: only what was read, or opens elsewhere, makes it sure.
        finding.confidence = Confidence::Likely;
    }
    finding.server_said.clone_from(&refusal.server_said);
    Some(finding)
}

/// The protocols over which a server does not let the app in.
fn closed<'a>(situation: &'a Situation<'_>) -> impl Iterator<Item = Protocol> + use<'a> {
    let is_closed = |protocol: &Protocol| matches!(reach(situation, *protocol), Reach::Refused | Reach::Taken);
    servers(situation).map(|channel| channel.protocol).filter(is_closed)
}

impl Ladder {
    /// What a reading of the tenant alone shows.
    #[must_use]
    pub fn read(setup: TenantSetup) -> Self {
        Self { object: setup.object.clone(), tenant: Some(setup), ..Self::default() }
    }

    /// What is proven; none where a person signs in, or where no mail server has to know the app.
    #[must_use]
    pub fn of(situation: &Situation<'_>) -> Option<Self> {
        let (app, mailbox) = (situation.about.app?, situation.about.mailbox?);
        if mailbox.access.needs_person() || !app.provider.quirks.enrols_apps {
            return None;
        }
        let mut ladder = Self { tenant: situation.tenant.cloned(), ..Self::default() };
        let has_come = |wanted: &[Reach]| {
            let mut channels = servers(situation);
            channels.find(|channel| wanted.contains(&reach(situation, channel.protocol)))
        };
        ladder.object = situation.tenant.and_then(|setup| setup.object.clone());
        ladder.enrolled = has_come(&[Reach::Opened, Reach::Taken]).map(|channel| channel.protocol);
        let Some(own) = situation.about.token.own else { return Some(ladder) };
        ladder.object = own.object.map(Redactor::by_shape).or(ladder.object);
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
