//! From what directory and Exchange answer to what it shows of the set-up. Nothing is asked here.

use crate::diagnosis::verdict::{Permission, Principal, TenantSetup};
use crate::directory::{Permissions, ServicePrincipal, Switches};
use crate::profile::provider::{Provider, ServicePreset};
use crate::profile::{App, Mailbox, Protocol};
use crate::text::{Redactor, Shown};

/// The IDs of application permissions, by their names.
pub(super) struct RoleIds(Vec<(String, String)>);

/// What a mailbox needs of the directory.
pub(super) struct Needs {
    all: Vec<&'static str>,
    unasked: Option<Vec<Permission>>,
    unconsented: Option<Vec<Permission>>,
    object: Option<Shown>,
}

/// What Exchange knows of the app and the mailbox, and why it did not say the rest.
pub(super) struct Known {
    pub(super) principal: Option<ServicePrincipal>,
    pub(super) right: Result<Option<bool>, Shown>,
    pub(super) switches: Result<Switches, Shown>,
}

/// A permission that a mailbox needs, with those that include it.
struct Need {
    protocol: Protocol,
    service: &'static ServicePreset,
    api: &'static str,
    role: &'static str,
}

impl Need {
    fn all(app: &App, mailbox: &Mailbox) -> Vec<Self> {
        let need = |channel: crate::profile::Channel| {
            let service = app.deployment().service(channel.protocol, channel.side)?;
            let (role, api) = (service.application?.role, service.audiences?.app_id);
            Some(Self { protocol: channel.protocol, service, api, role })
        };
        mailbox.channels().filter_map(need).collect()
    }

    /// Whether `list` has it, or one that includes it; none where its ID is not known.
    fn is_in(&self, list: &[String], ids: &RoleIds) -> Option<bool> {
        let names = std::iter::once(self.role).chain(self.service.stronger.iter().copied());
        let has = |name: &str| ids.get(name).map(|id| list.iter().any(|known| known.eq_ignore_ascii_case(id)));
        let mut answers = names.map(has);
        // Of stronger ones the ID need not be known.
        let own = answers.next().flatten()?;
        Some(own || answers.flatten().any(|is_there| is_there))
    }
}

impl RoleIds {
    pub(super) fn of(provider: Provider) -> Self {
        Self(provider.role_ids.iter().map(|(name, id)| ((*name).to_owned(), (*id).to_owned())).collect())
    }

    pub(super) fn learn(&mut self, more: Vec<(String, String)>) {
        self.0.extend(more);
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, id)| id.as_str())
    }

    /// The application IDs of the resources that have to be asked for the IDs of what `mailbox` needs.
    pub(super) fn unknown(&self, app: &App, mailbox: &Mailbox) -> Vec<&'static str> {
        let needs = Need::all(app, mailbox);
        let mut apis: Vec<&str> =
            needs.iter().filter(|need| self.get(need.role).is_none()).map(|need| need.api).collect();
        apis.dedup();
        apis
    }
}

impl Needs {
    pub(super) fn of(app: &App, mailbox: &Mailbox, permissions: &Permissions, ids: &RoleIds) -> Self {
        let needs = Need::all(app, mailbox);
        let lacking = |has: &dyn Fn(&Need) -> Option<bool>| -> Option<Vec<Permission>> {
            let mut lacking = Vec::new();
            for need in &needs {
                if !has(need)? {
                    let id = Redactor::by_shape(ids.get(need.role).unwrap_or_default());
                    lacking.push(Permission { protocol: need.protocol, name: need.role, id, api: need.api });
                }
            }
            Some(lacking)
        };
        let granted = |need: &Need| {
            let is_granted = need.is_in(&permissions.granted, ids)?;
            (is_granted || permissions.is_whole).then_some(is_granted)
        };
        // What was consented to counts, whether the registration asks for it or not.
        let asked = |need: &Need| {
            if granted(need) == Some(true) { Some(true) } else { need.is_in(permissions.asked.as_ref()?, ids) }
        };
        Self {
            all: needs.iter().map(|need| need.role).collect(),
            unasked: lacking(&asked),
            unconsented: lacking(&granted),
            object: permissions.principal.as_deref().map(Redactor::by_shape),
        }
    }

    /// What was seen, in words; the rest is put into `setup`.
    pub(super) fn tell(self, setup: &mut TenantSetup) -> Shown {
        let names = |list: &[Permission]| Shown::join(list.iter().map(|one| Shown::from(one.name)), ", ");
        let said = match (&self.unasked, &self.unconsented) {
            (Some(unasked), _) if !unasked.is_empty() => {
                shown!("the app registration does not ask for {}", names(unasked))
            }
            (_, Some(unconsented)) if !unconsented.is_empty() => {
                shown!("no administrator has consented to {}", names(unconsented))
            }
            (_, Some(_)) => {
                let all = Shown::join(self.all.iter().map(|name| Shown::from(*name)), ", ");
                shown!("an administrator has consented to {}", all)
            }
            (_, None) => "the directory does not say which permissions the app has".into(),
        };
        (setup.unasked, setup.unconsented, setup.object) = (self.unasked, self.unconsented, self.object);
        said
    }
}

impl Known {
    /// What was seen, in words; the rest is put into `setup`, which knows by now what the directory says.
    pub(super) fn tell(self, mailbox: &Mailbox, setup: &mut TenantSetup) -> Shown {
        setup.principal = match (&self.principal, &setup.object) {
            (None, _) => Some(Principal::Missing),
            (Some(known), Some(object)) if object.eq_ignore_ascii_case(&known.object_id) => Some(Principal::Known),
            (Some(known), Some(_)) => Some(Principal::Other(Redactor::by_shape(&known.object_id))),
            // Whether it is the right one is not known.
            (Some(_), None) => None,
        };
        let mut said = vec![match (&self.principal, &setup.principal) {
            (None, _) => "no service principal".into(),
            (Some(known), Some(Principal::Other(_))) => {
                shown!("a service principal with the wrong object ID, {}", Redactor::by_shape(&known.object_id))
            }
            (Some(known), _) => shown!("service principal {}", Redactor::by_shape(&known.object_id)),
        }];
        match self.right {
            Ok(right) => {
                setup.right = right;
                let words = |has_it: bool| if has_it { "FullAccess" } else { "no FullAccess" };
                said.extend(right.map(|right| Shown::from(words(right))));
            }
            Err(why) => said.push(shown!("FullAccess not read: {}", why)),
        }
        match self.switches {
            Ok(switches) => {
                for protocol in mailbox.protocols() {
                    let Some(is_on) = switches.of(protocol) else { continue };
                    setup.switches.push((protocol, is_on));
                    said.push(shown!("{} {}", protocol, if is_on { "on" } else { "off" }));
                }
            }
            Err(why) => said.push(shown!("protocols not read: {}", why)),
        }
        shown!("Exchange: {}", Shown::join(said, ", "))
    }
}
