//! A platform that is busy or is being renewed is asked again, each time after twice as long ("Retry guidance" of Microsoft's page
//! "How to use managed identities on an Azure VM to acquire an access token"); where it names a time itself, after that.

use std::time::{Duration, Instant};

use super::source::World;
use crate::failure::Failure;
use crate::net::{HttpClient, HttpResponse};
use crate::transcript::Speaker;

/// The first pause.
const FIRST: Duration = Duration::from_secs(1);
/// All pauses together: the metadata service is there again within 70 seconds of its first 410.
const LONGEST: Duration = Duration::from_secs(70);

/// Whether a platform says that it has too many requests, or trouble of its own.
pub(super) fn is_busy(answer: &HttpResponse) -> bool {
    answer.status == 429 || answer.status >= 500
}

/// Asks, and asks again while `is_passing` and there is time; the last answer, whatever it is.
///
/// # Errors
/// If no answer comes.
pub(super) fn ask(
    world: &World,
    http: &HttpClient,
    is_passing: impl Fn(&HttpResponse) -> bool,
    ask: impl Fn() -> Result<HttpResponse, Failure>,
) -> Result<HttpResponse, Failure> {
    let (mut waited, mut own) = (Duration::ZERO, FIRST);
    loop {
        let answer = ask()?;
        let pause = answer.retry_after.unwrap_or_default().max(own);
        // In this order: a pause that is not too long can be added to the time of day.
        let is_too_long = pause > LONGEST.saturating_sub(waited);
        if !is_passing(&answer)
            || is_too_long
            || http.deadline().is_some_and(|deadline| Instant::now() + pause >= deadline)
        {
            return Ok(answer);
        }
        http.transcript().line("HTTP", Speaker::Remark, &format!("asking again in {} seconds", pause.as_secs()));
        (world.wait)(pause);
        waited += pause;
        own *= 2;
    }
}
