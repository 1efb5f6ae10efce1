//! What `apply` has done, as a report for each app and mailbox, and a table of what changed.

use super::plan::Plan;
use super::some::some;
use crate::config::Put;
use crate::context::Context;
use crate::diagnosis::slips;
use crate::profile::{Name, Profile};
use crate::report::{Document, Report, Step, Subject, Table, Warning};
use crate::secrets::{self, SecretStore};
use crate::text::{self, Shown};

/// What was done so far.
#[derive(Default)]
pub(super) struct Told {
    reports: Vec<Report>,
    rows: Vec<Vec<Shown>>,
    warnings: Vec<Warning>,
}

impl Told {
    /// An app or a mailbox that the file names.
    pub(super) fn item(&mut self, subject: Subject, address: Option<Shown>, put: Put) {
        let change = match put {
            Put::Added => "added",
            Put::Changed => "changed",
            Put::Unchanged => "unchanged",
        };
        let mut report = Report::new(subject);
        if let Some(address) = &address {
            report.fact("address", address);
        }
        report.changed = Some(put != Put::Unchanged);
        report.fact("change", change);
        if put != Put::Unchanged {
            self.row(change, &report.subject, address);
        }
        self.reports.push(report);
    }

    /// A secret was stored.
    pub(super) fn secret(&mut self, app: &Name) {
        let subject = Subject::App(Shown::of(app));
        self.row("secret stored", &subject, None);
        match self.reports.iter_mut().find(|report| report.subject == subject) {
            Some(report) => {
                report.changed = Some(true);
                report.fact("client_secret", "stored");
            }
            None => {
                let mut report = Report::new(subject);
                report.changed = Some(true);
                report.fact("client_secret", "stored");
                self.reports.push(report);
            }
        }
    }

    /// A mailbox that goes.
    pub(super) fn removal(&mut self, removal: Document) {
        self.warnings.extend(removal.warnings);
        for report in removal.reports {
            self.row("removed", &report.subject, report.address().cloned());
            self.reports.push(report);
        }
    }

    fn row(&mut self, change: &'static str, subject: &Subject, address: Option<Shown>) {
        let kind = if let Subject::App(_) = subject { "app" } else { "mailbox" };
        self.rows.push(vec![change.into(), kind.into(), subject.name().clone(), address.unwrap_or_default()]);
    }

    /// The document, with `diff`. `known` is the profile as it was.
    pub(super) fn document(self, plan: &Plan, diff: Vec<Shown>, known: &Profile, context: &Context) -> Document {
        let mut document = Document::new("apply");
        document.warnings = self.warnings;
        document.warnings.extend(slips(&plan.after, known));
        document.next = next(plan, known, self.rows.is_empty(), context);
        document.diff = diff;
        document.reports = self.reports;
        document.table = Some(Table { rows: self.rows, ..Table::of(&["CHANGE", "KIND", "NAME", "ADDRESS"]) });
        document
    }
}

/// What is right, but deserves a look, of what is new in `after` or changed.
fn slips(after: &Profile, known: &Profile) -> Vec<Warning> {
    let apps = after.apps.iter().filter(|(name, app)| known.apps.get(*name) != Some(*app));
    let mailboxes = after.mailboxes.iter().filter(|(name, mailbox)| known.mailboxes.get(*name) != Some(*mailbox));
    let of_apps = apps.flat_map(|(_, app)| slips::of_app(app));
    of_apps.chain(mailboxes.flat_map(|(_, mailbox)| slips::of_mailbox(mailbox))).collect()
}

/// What comes next: secrets that are missing, and the sign-ins.
fn next(plan: &Plan, known: &Profile, is_unchanged: bool, context: &Context) -> Vec<Step> {
    let mut next = Vec::new();
    if is_unchanged {
        let mailboxes = text::count(plan.mailboxes.len() as u64, "mailbox");
        let apps = text::count(plan.apps.len() as u64, "app");
        next.push(shown!("Nothing: {} and {} are in the profile as the file has them", mailboxes, apps).into());
    }
    let is_handed_over = |name: &Name| plan.after.apps.get(name).is_some_and(|app| app.handed_over().is_some());
    let handed_over: Vec<&Name> = plan.apps.iter().map(|(name, _)| name).filter(|name| is_handed_over(name)).collect();
    let lacking: Vec<&Name> =
        match Some(&plan.after).filter(|_| !handed_over.is_empty()).map(|after| context.store(after)) {
            Some(Ok(store)) => handed_over.into_iter().filter(|name| lacks_secret(name, &plan.after, store)).collect(),
            Some(Err(_)) | None => Vec::new(),
        };
    if let Some(first) = lacking.first() {
        let lead = shown!("Give each its client secret ({}): ", some(&lacking));
        next.push(Step::from(lead).command(shown!("mailgrant rotate-secret {}", first)));
    }
    let is_new = |name: &Name| plan.after.mailboxes.get(name) != known.mailboxes.get(name);
    let mut changed =
        plan.mailboxes.iter().filter(|(name, _)| is_new(name)).filter_map(|(name, _)| plan.after.mailboxes.get(name));
    if changed.any(|mailbox| mailbox.access.needs_person()) {
        next.push("Sign in for those that are not authorized: `mailgrant authorize --pending`".into());
    }
    if !is_unchanged {
        next.push("Then test all of them: `mailgrant test --all`".into());
    }
    next
}

/// Whether the store lacks what `name` authenticates with. A store that cannot be asked is not known to lack it.
fn lacks_secret(name: &Name, profile: &Profile, store: &dyn SecretStore) -> bool {
    let Some(app) = profile.apps.get(name) else { return false };
    match secrets::load_app(store, name) {
        Ok(record) => record.filter(|record| record.is_of(app)).is_none_or(|record| record.active.is_none()),
        Err(_) => false,
    }
}
