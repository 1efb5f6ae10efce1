//! The flags for many mailboxes: how many are looked at at once, and which share of them.

use clap::Args as ClapArgs;

use super::shard::Shard;
use super::typed;
use crate::environment;
use crate::error::CommandError;
use crate::flow::parallel::Limits;
use crate::profile::Mailbox;
use crate::report::{Baseline, Document, Report};
use crate::text::{Redactor, Shown};

/// The variables that number the runs of a job: index, count, and the number of the first.
const VARIABLES: [(&str, &str, u32); 2] =
    // Kubernetes sets the first of an Indexed Job and leaves the second to the manifest; GitLab sets both of `parallel`.
    [("JOB_COMPLETION_INDEX", "JOB_COMPLETION_COUNT", 0), ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1)];

/// How a command goes through many mailboxes.
#[derive(Debug, Clone, Copy, ClapArgs)]
#[command(next_help_heading = "Many mailboxes")]
pub struct Fleet {
    /// Look at so many mailboxes at once [default: 16, at most 8 of them at one mail server or tenant]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs: Option<u16>,
    /// At most so many of them at one mail server, and at one tenant's sign-in [default with --jobs: as many, up to 32]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    jobs_per_server: Option<u16>,
    /// Only share I of N of the mailboxes, as in 2/4: each mailbox is in exactly one share
    ///
    /// With all mailboxes it is also taken from JOB_COMPLETION_INDEX and JOB_COMPLETION_COUNT, or from CI_NODE_INDEX and
    /// CI_NODE_TOTAL, where both are set; 1/1 overrides them.
    #[arg(long, value_name = "I/N", value_parser = typed::<Shard>())]
    shard: Option<Shard>,
}

impl Fleet {
    /// How many at once.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let total = self.jobs.map_or(Limits::USUAL.total, usize::from);
        let usual = self.jobs.map_or(Limits::USUAL.per_key, |_| total.min(Limits::MOST_PER_KEY));
        Limits { total, per_key: self.jobs_per_server.map_or(usual, usize::from) }
    }

    /// Leaves only the mailboxes of the share, and the reports on mailboxes that there are not; what is to be said of that.
    /// Variables count where `is_all` says that no mailbox was named.
    ///
    /// # Errors
    /// If variables do not fit together.
    pub fn share(
        &self,
        is_all: bool,
        mailboxes: &mut Vec<&Mailbox>,
        missing: &mut Vec<Report>,
    ) -> Result<Selection, CommandError> {
        let (shard, source) = match self.shard {
            Some(shard) => (shard, Shown::default()),
            None if is_all => match of_job(&environment::text)? {
                Some((shard, variables)) => (shard, shown!(", by {}", variables)),
                None => return Ok(Selection { is_all, ..Selection::default() }),
            },
            None => return Ok(Selection { is_all, ..Selection::default() }),
        };
        let all = mailboxes.len() + missing.len();
        mailboxes.retain(|mailbox| shard.has(mailbox.name.as_str()));
        missing.retain(|report| shard.has(report.subject.name()));
        let count = mailboxes.len() + missing.len();
        let note = shown!("shard {}{}: {} of {} mailboxes", shard, source, count, all);
        Ok(Selection { is_all, shard: Some(shard), note: Some(note) })
    }
}

/// What a run has selected of all mailboxes.
#[derive(Debug, Default)]
pub struct Selection {
    /// Whether all mailboxes are meant.
    is_all: bool,
    /// The share, where there are several.
    shard: Option<Shard>,
    /// That in words.
    note: Option<Shown>,
}

impl Selection {
    /// Says so in `document`, and what has changed since `baseline`.
    pub fn tell(self, document: &mut Document, baseline: Option<Baseline>) {
        document.shards.extend(self.shard.map(Shard::share));
        document.notes.extend(self.note);
        if let Some(baseline) = baseline {
            let is_mine = |name: &str| self.is_all && self.shard.is_none_or(|shard| shard.has(name));
            baseline.tell(document, is_mine);
        }
    }
}

/// The share that a job's variables say, and their names.
fn of_job(env: &dyn Fn(&str) -> Option<String>) -> Result<Option<(Shard, &'static str)>, CommandError> {
    for (index, count, first) in VARIABLES {
        let (Some(said), Some(of)) = (env(index), env(count)) else { continue };
        let number = |text: &str| text.trim().parse::<u32>().ok();
        let shard = number(&said).and_then(|index| index.checked_sub(first)).zip(number(&of));
        return match shard.and_then(|(index, count)| Shard::new(index, count)) {
            Some(shard) => Ok(Some((shard, index))),
            None => Err(CommandError::usage(
                shown!(
                    "{}={} and {}={} name no share of the mailboxes.",
                    index,
                    Redactor::by_shape(&said),
                    count,
                    Redactor::by_shape(&of)
                ),
                shown!(
                    "Count {} from {} up to {}, or give --shard I/N; --shard 1/1 is all of them",
                    index,
                    first,
                    count
                ),
            )),
        };
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(variables: &[(&str, &str)]) -> Result<Option<String>, Shown> {
        let env = |name: &str| variables.iter().find(|known| known.0 == name).map(|known| known.1.to_owned());
        of_job(&env)
            .map(|found| found.map(|(shard, _)| shard.to_string()))
            .map_err(|error| error.finding().cause.clone())
    }

    #[test]
    fn a_job_s_variables_say_the_share_where_both_are_set() {
        let kubernetes = [("JOB_COMPLETION_INDEX", "0"), ("JOB_COMPLETION_COUNT", "3")];
        let gitlab = [("CI_NODE_INDEX", "3"), ("CI_NODE_TOTAL", "3")];
        assert_eq!(shard(&kubernetes), Ok(Some("1/3".to_owned())));
        assert_eq!(shard(&gitlab), Ok(Some("3/3".to_owned())));
        assert_eq!(shard(&[kubernetes, gitlab].concat()), Ok(Some("1/3".to_owned())));
        // GitLab sets the total to 1 for jobs that are not parallel, and Kubernetes sets no total.
        for alone in [("CI_NODE_TOTAL", "1"), ("JOB_COMPLETION_INDEX", "2")] {
            assert_eq!(shard(&[alone]), Ok(None));
        }
        assert_eq!(shard(&[]), Ok(None));
        for (index, count) in [("3", "3"), ("x", "3"), ("-1", "3"), ("0", "0"), ("0", "")] {
            let refused = shard(&[("JOB_COMPLETION_INDEX", index), ("JOB_COMPLETION_COUNT", count)]).unwrap_err();
            assert!(refused.starts_with(&format!("JOB_COMPLETION_INDEX={index} ")), "{refused}");
        }
        assert!(shard(&[("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "3")]).is_err(), "GitLab counts from 1");
    }

    #[test]
    fn a_number_of_jobs_holds_for_one_server_too_as_far_as_servers_take_it() {
        let limits = |jobs, jobs_per_server| Fleet { jobs, jobs_per_server, shard: None }.limits();
        assert_eq!(limits(None, None), Limits::USUAL);
        for (jobs, per_server, per_key) in [(4, None, 4), (32, None, 32), (200, None, 32), (200, Some(100), 100)] {
            assert_eq!(limits(Some(jobs), per_server), Limits { total: jobs.into(), per_key });
        }
        assert_eq!(limits(None, Some(2)), Limits { total: 16, per_key: 2 });
    }
}
