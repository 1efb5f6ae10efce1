//! What is told of a run.

use jiff::SignedDuration;

use super::{Ended, Run};
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::flow::describe;
use crate::flow::rotation::certificate_proof::{Seen, Verdict, failed, page, passed};
use crate::flow::rotation::forward::mailbox_reports;
use crate::flow::rotation::issue::is_planned;
use crate::flow::rotation::job::{self, roll_back, tell_changed};
use crate::oauth::assertion::certificate;
use crate::profile::App;
use crate::report::{Check, Document, Finding, FindingCode, Report, Stage, Step};

impl Run<'_, '_> {
    /// The document of a run that has ended so, and whether the certificate in use is the new one.
    pub(super) fn told(mut self, ended: Ended) -> Result<(Document, bool), CommandError> {
        let app = self.job.app_now();
        match ended {
            Ended::Shown => Ok((self.finished(Vec::new())?, false)),
            Ended::NotDue(day) => {
                let told = shown!("not due yet: the certificate is good until {}", day);
                self.report.checks.push(Check::skipped(Stage::Rotation, told));
                Ok((self.finished(Vec::new())?, false))
            }
            Ended::Unfinished(Seen { verdict, proofs, connections }) => {
                if let Verdict::Open(Some(failure)) | Verdict::Refused(failure) = verdict {
                    let finding = diagnosis::finding(&failure, FailureContext::of_app(&app));
                    self.report.checks.push(failed(finding));
                }
                let told = Finding::of(FindingCode::CERTIFICATE_UNPROVEN).case("issued").with("name", &app.name);
                self.report.checks.push(failed(told.finding()));
                let mailboxes = mailbox_reports(&self.job, proofs, connections);
                Ok((self.finished(mailboxes)?, false))
            }
            Ended::InUse(Seen { proofs, connections, .. }) => {
                self.report.checks.push(passed("the new certificate is in use"));
                self.advise(&app)?;
                let mailboxes = mailbox_reports(&self.job, proofs, connections);
                Ok((self.finished(mailboxes)?, true))
            }
        }
    }

    /// What becomes of the old certificate.
    fn advise(&mut self, app: &App) -> Result<(), CommandError> {
        let spec = self.spec()?;
        let Some(previous) = &spec.previous else { return Ok(()) };
        let next = &mut self.document.next;
        if previous.key_id.is_some() && spec.key_id.is_some() {
            let due = self.job.rotation.clock.now();
            let due = due.max(certificate::certificate(&spec).map(|in_use| in_use.not_before)?)
                + SignedDuration::from_hours(24 * i64::from(self.options.keep_previous));
            let until = due.strftime("%Y-%m-%d");
            let until = shown!("The old certificate is good until {}; from then on the next run removes it: ", until);
            let run = shown!("mailgrant rotate-secret {} --issue --if-expires-within 30", app.name);
            next.push(Step::from(until).command(run));
        } else {
            next.push(
                Step::from("When all is well: ")
                    .command(shown!("mailgrant rotate-secret {} --discard-previous", app.name))
                    .words(shown!(", and remove the old certificate in {}", page(app))),
            );
        }
        next.push(roll_back("To return to it before: ", &app.name));
        Ok(())
    }

    /// The document of this run; `mailboxes` are behind the app.
    pub(super) fn finished(&mut self, mailboxes: Vec<Report>) -> Result<Document, CommandError> {
        let mut report = std::mem::replace(&mut self.report, job::report(self.job.rotation));
        let app = self.job.app_now();
        let is_edited = self.has_named_object || app.certificate != self.job.rotation.app.certificate;
        if self.options.is_dry_run {
            report.fact("changed", "no");
            report.changed = Some(report.checks.iter().any(is_planned));
        } else {
            tell_changed(&mut report, is_edited || self.keys.has_changed());
        }
        describe::certificate(&mut report, &app, self.job.context.clock.now())?;
        let mut document = std::mem::replace(&mut self.document, Document::new("rotate-secret"));
        document.reports.push(report);
        document.reports.extend(mailboxes);
        Ok(document)
    }
}
