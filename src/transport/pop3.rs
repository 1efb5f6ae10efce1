//! POP3 (RFC 1939, RFC 2449, RFC 2595, RFC 5034).

mod arrival;
mod maildrop;
mod reply;
mod session;

use std::time::Instant;

use self::maildrop::{Top, top};
use self::session::{FAREWELL, arrive, enter};
use super::log::{Log, Stop};
use super::stream::Wire;
use super::{Account, PendingToken, ServerTarget, Target, Task, Transport, headers};
use crate::report::Stage;

/// POP3.
pub(super) struct Pop3;

impl Transport for Pop3 {
    fn reach(&self, target: &Target<'_>, log: &mut Log) {
        let Some(target) = target.of_server(log) else { return };
        let mut wire = None;
        let _ = arrive(&target, log, &mut wire);
        log.leave_politely(wire, FAREWELL);
    }

    fn exercise(
        &self,
        target: &Target<'_>,
        account: Account<'_>,
        token: PendingToken<'_>,
        task: &Task<'_>,
        log: &mut Log,
    ) {
        let Some(target) = target.of_server(log) else { return };
        match *task {
            Task::Read { latest } => {
                let mut wire = None;
                let _ = read(&target, account, token, latest, log, &mut wire);
                log.leave_politely(wire, FAREWELL);
            }
            Task::Find { mark, patience } => {
                let Some(token) = token() else { return };
                super::arrival::wait(&target, patience, log, |target, pauses| {
                    arrival::find(target, account, &token, mark, pauses)
                });
            }
            // Nothing can be sent with it.
            Task::Send { .. } => log.fault(task.aim(), Instant::now()),
        }
    }
}

/// Signs in, counts the messages, and lists the newest where they are asked for: that needs a server with TOP.
fn read(
    target: &ServerTarget<'_>,
    account: Account<'_>,
    token: PendingToken<'_>,
    count: usize,
    log: &mut Log,
    slot: &mut Option<Wire>,
) -> Result<(), Stop> {
    let maildrop = enter(target, account, token, log, slot)?;
    let Some(wire) = slot else { return Err(Stop) };
    if count == 0 {
        return Ok(());
    }
    let latest = log.observe(Stage::Latest, || {
        if maildrop.top == Top::Missing {
            return Ok((Vec::new(), "none listed: the server does not offer TOP".into()));
        }
        let mut latest = Vec::new();
        for number in maildrop.newest(count) {
            let head = top(wire, number)?;
            latest.push(headers::message(&head, |text| wire.clean(text)));
        }
        let detail = shown!("{} listed", latest.len());
        Ok((latest, detail))
    })?;
    log.latest = latest;
    Ok(())
}
