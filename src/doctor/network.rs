//! One server: DNS, TCP, TLS with who issued the certificate, and its clock beside ours. There is no sign-in.

use std::time::{Duration, Instant};

use super::hosts::{Host, Role};
use crate::clock::Clock;
use crate::diagnosis::{self, FailureContext, clock};
use crate::failure::{Failure, FailureKind};
use crate::flow::parallel::Panicked;
use crate::flow::so_far::cut_off;
use crate::net::HttpClient;
use crate::net::Proxies;
use crate::net::{PeerCertificate, Trust};
use crate::profile::EndpointUrl;
use crate::progress::{Observation, Step, Wait, Watch};
use crate::report::{Check, Confidence, ExitCode, Finding, FindingCode, Outcome, Report, Stage, Subject, Warning};
use crate::text::{Redactor, Shown};
use crate::transcript::Transcript;
use crate::transport::{self, Log, Target};

/// What a look at the network needs.
pub(super) struct Network<'a> {
    pub(super) trust: &'a Trust,
    pub(super) proxies: &'a Proxies,
    pub(super) transcript: &'a Transcript,
    pub(super) clock: Clock,
    pub(super) deadline: Instant,
}

/// What was seen of one server.
pub(super) struct Look {
    pub(super) report: Report,
    pub(super) warning: Option<Warning>,
    pub(super) conversation: String,
}

fn is_of_another_service(seen: &Observation) -> bool {
    matches!(&seen.result, Err(Failure { kind: FailureKind::OtherService(_), .. }))
}

/// A report on a server, before it is looked at.
pub(super) fn report(host: &Host<'_>) -> Report {
    let mut report = Report::new(Subject::Host(host.label()));
    report.fact("role", host.role());
    if let Some(ca_file) = host.ca_file {
        report.fact("ca_file", ca_file);
    }
    report
}

/// The report on a server whose look was cancelled: `known`, the steps that had ended, and those that were waited for.
pub(super) fn so_far(known: &Report, steps: &[Step], waits: &[Wait]) -> Report {
    let mut report = known.clone();
    report.checks.extend(steps.iter().map(|step| check(step.seen.clone(), FailureContext::default())));
    report.checks.extend(waits.iter().map(cut_off));
    report
}

/// What is known of a server over whose look this program stumbled.
pub(super) fn fallen(host: &Host<'_>, _: Panicked) -> Look {
    let mut report = report(host);
    report.checks.push(bug(Stage::Tcp));
    Look { report, warning: None, conversation: String::new() }
}

impl Network<'_> {
    /// Looks at one server; `watch` looks on.
    pub(super) fn look(&self, host: &Host<'_>, watch: &Watch) -> Look {
        let (transcript, recording) = self.transcript.recorded();
        let mut report = report(host);
        let watch = watch.at(None, host.endpoint.host(), None);
        let warning = match &host.role {
            Role::Mail(protocol) => {
                let log =
                    self.reach(host, &transcript, &watch, |target, log| transport::of(*protocol).reach(target, log));
                // What comes after TLS is the mailbox's matter.
                let tls = log.observations.iter().position(|seen| seen.stage == Stage::Tls);
                let until = tls.map_or(log.observations.len(), |at| at + 1);
                // Unless it is not the server that is meant.
                let until = until + usize::from(log.observations.get(until).is_some_and(is_of_another_service));
                report.checks.extend(log.observations.into_iter().take(until).map(|seen| check(seen, host.about)));
                None
            }
            Role::SignIn(url) => self.look_at_sign_in(host, url, (&transcript, &watch), &mut report),
        };
        Look { report, warning, conversation: recording.text() }
    }

    fn look_at_sign_in(
        &self,
        host: &Host<'_>,
        url: &EndpointUrl,
        (transcript, watch): (&Transcript, &Watch),
        report: &mut Report,
    ) -> Option<Warning> {
        let http = HttpClient::new(self.trust, host.ca_file, transcript.clone(), self.proxies).until(self.deadline);
        let proxy = http.proxy_to(url);
        let is_https = url.as_url().scheme() == "https";
        if proxy.is_some() {
            report.checks.push(Check::skipped(Stage::Dns, "the proxy looks the name up"));
        } else if is_https {
            let log = self.reach(host, transcript, watch, transport::reach_tls);
            report.checks.extend(log.observations.into_iter().map(|seen| check(seen, host.about)));
            if report.findings().next().is_some() {
                report.checks.push(Check::skipped(Stage::Clock, "there is no connection to the server"));
                return None;
            }
        }
        let (started, sent) = (Instant::now(), self.clock.now());
        let waiting = watch.begins(Stage::Clock);
        let answer = http.get(url);
        drop(waiting);
        let (elapsed, received) = (started.elapsed(), self.clock.now());
        let stage = if proxy.is_some() { Stage::Proxy } else { Stage::Clock };
        match answer {
            Err(failure) => {
                let finding = diagnosis::finding(&failure, host.about);
                report.checks.push(Check::failed(stage, elapsed, finding));
                None
            }
            Ok(answer) => {
                if let Some((proxy, variable)) = proxy {
                    let detail = shown!("reached through {} ({})", proxy, variable);
                    report.checks.push(Check::passed(Stage::Proxy, elapsed, detail));
                    report.checks.extend(self.certificate(&http, transcript));
                }
                let (check, warning) = clock::check(&host.label(), (sent, received), answer.date, elapsed);
                report.checks.push(check);
                warning
            }
        }
    }

    /// Who issued the certificate that came through the proxy: it may be the proxy's own.
    fn certificate(&self, http: &HttpClient, transcript: &Transcript) -> Option<Check> {
        let certificate = PeerCertificate::from_der(&http.last_certificate()?)?;
        let days = certificate.not_after.duration_since(self.clock.now()).as_hours() / 24;
        let until = certificate.not_after.strftime("%Y-%m-%d");
        let detail = format!("{}, issued by {}, until {until} ({days} days)", certificate.subject, certificate.issuer);
        Some(Check::passed(Stage::Tls, Duration::ZERO, transcript.redactor().clean(&detail)))
    }

    fn reach(
        &self,
        host: &Host<'_>,
        transcript: &Transcript,
        watch: &Watch,
        reach: impl FnOnce(&Target<'_>, &mut Log),
    ) -> Log {
        let target = Target {
            endpoint: &host.endpoint,
            trust: self.trust,
            proxies: self.proxies,
            ca_file: host.ca_file,
            transcript,
            mechanism: None,
            timeout: self.deadline.saturating_duration_since(Instant::now()),
            overall: Some(self.deadline),
            meanwhile: &|| {},
        };
        let mut log = Log::watched(watch.clone());
        reach(&target, &mut log);
        log
    }
}

/// That no name at all could be looked up is this machine's matter, and no host's.
pub(super) fn no_name(hosts: &[Host<'_>], looks: &[Look]) -> Option<Check> {
    let failed = |look: &Look| {
        let dns = look.report.checks.iter().find(|check| check.stage == Stage::Dns);
        dns.is_some_and(|check| matches!(check.outcome, Outcome::Failed { .. }))
    };
    let mut names: Vec<&str> = hosts.iter().map(|host| host.endpoint.host()).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() < 2 || !looks.iter().all(failed) {
        return None;
    }
    let finding = Finding::of(FindingCode::NO_DNS)
        .with("names", Shown::join(names.into_iter().map(Redactor::by_shape), ", "))
        .finding();
    Some(Check::failed(Stage::Dns, Duration::ZERO, finding))
}

/// This program stumbled over a fault of its own at `stage`.
pub(super) fn bug(stage: Stage) -> Check {
    Check::failed(
        stage,
        Duration::ZERO,
        diagnosis::finding(&crate::failure::FailureKind::Bug.into(), FailureContext::default()),
    )
}

/// Where no name at all was found, none of them is known to be wrong.
pub(super) fn doubt_names(looks: &mut [Look]) {
    for check in looks.iter_mut().flat_map(|look| &mut look.report.checks) {
        if let (Stage::Dns, Outcome::Failed { finding }) = (check.stage, &mut check.outcome) {
            finding.exit = ExitCode::Network;
            finding.confidence = Confidence::Possible;
            // What to do is said once, of the machine.
            finding.fix.clear();
        }
    }
}

fn check(observation: Observation, about: FailureContext<'_>) -> Check {
    let Observation { stage, elapsed, result, .. } = observation;
    match result {
        Ok(detail) => Check::passed(stage, elapsed, detail),
        Err(failure) => Check::failed(stage, elapsed, diagnosis::finding(&failure, about)),
    }
}
