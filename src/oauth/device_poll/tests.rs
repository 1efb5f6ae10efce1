use std::cell::{Cell, RefCell};

use secrecy::SecretString;

use super::*;
use crate::failure::OAuthFault;

/// A clock that only waiting moves, and the token endpoint by taking its time.
struct FakeClock {
    start: Instant,
    passed: Cell<Duration>,
    /// After how long the user presses Ctrl-C.
    cancelled: Option<Duration>,
}

impl FakeClock {
    fn new() -> Self {
        Self { start: Instant::now(), passed: Cell::default(), cancelled: None }
    }

    fn pass(&self, time: Duration) {
        self.passed.set(self.passed.get() + time);
    }
}

impl Waiter for FakeClock {
    fn now(&self) -> Instant {
        self.start + self.passed.get()
    }

    fn wait(&self, pause: Duration) -> bool {
        match self.cancelled {
            Some(at) if self.passed.get() + pause >= at => {
                self.passed.set(at);
                false
            }
            _ => {
                self.pass(pause);
                true
            }
        }
    }
}

fn authorization(interval: u64, expires_in: u64) -> DeviceAuthorization {
    DeviceAuthorization {
        device_code: SecretString::from("canary-device-code"),
        user_code: "WDJB-MJHT".into(),
        verification_uri: "https://id.example/device".parse().unwrap(),
        verification_uri_complete: None,
        expires_in: Duration::from_secs(expires_in),
        interval: Duration::from_secs(interval),
        client_authentication: Default::default(),
    }
}

fn said(error: &'static str, status: u16) -> Failure {
    FailureKind::OAuth(OAuthFault { error: error.into(), status, ..OAuthFault::default() }).into()
}

fn lost() -> Failure {
    FailureKind::ConnectionLost { during: "waiting for the answer of id.example".into() }.into()
}

/// The seconds at which the endpoint was asked, and how it ended. The script's last word is said for ever.
fn run(
    authorization: &DeviceAuthorization,
    patience: Option<u64>,
    clock: &FakeClock,
    script: &[Result<(), Failure>],
) -> (Vec<u64>, Result<(), PollEnd>) {
    let polls = RefCell::new(Vec::new());
    let ended = poll(authorization, patience.map(Duration::from_secs), clock, || {
        let mut polls = polls.borrow_mut();
        polls.push(clock.passed.get().as_secs());
        script[(polls.len() - 1).min(script.len() - 1)].clone()
    });
    (polls.into_inner(), ended)
}

fn polls(interval: u64, expires_in: u64, script: &[Result<(), Failure>]) -> Vec<u64> {
    run(&authorization(interval, expires_in), None, &FakeClock::new(), script).0
}

fn pending() -> Result<(), Failure> {
    Err(said("authorization_pending", 400))
}

fn slow_down() -> Result<(), Failure> {
    Err(said("slow_down", 400))
}

#[test]
fn the_endpoint_is_asked_once_an_interval_and_never_sooner() {
    assert_eq!(polls(7, 36, &[pending()]), [7, 14, 21, 28, 35]);
    assert_eq!(polls(5, 900, &[pending()]).len(), 179, "15 minutes at 5 seconds, and none when the code has ended");
    assert_eq!(polls(5, 900, &[pending(), pending(), Ok(())]), [5, 10, 15]);
}

#[test]
fn the_interval_begins_when_the_answer_has_come() {
    let clock = FakeClock::new();
    let mut asked = Vec::new();
    let _ = poll(&authorization(5, 60), None, &clock, || {
        asked.push(clock.passed.get().as_secs());
        clock.pass(Duration::from_secs(12));
        pending()
    });
    assert_eq!(asked, [5, 22, 39, 56]);
}

#[test]
fn slow_down_adds_five_seconds_for_good() {
    let script = [pending(), slow_down(), pending(), slow_down(), pending(), Ok(())];
    assert_eq!(polls(5, 900, &script), [5, 10, 20, 30, 45, 60]);
}

#[test]
fn no_order_of_answers_makes_us_faster_than_was_asked() {
    let words = [pending(), slow_down(), Err(lost()), Err(said("server_error", 503))];
    for number in 0..4_usize.pow(5) {
        let script: Vec<_> = (0..5).map(|place| words[number / 4_usize.pow(place) % 4].clone()).collect();
        let asked = polls(5, 3600, &[script.clone(), vec![Ok(())]].concat());
        assert_eq!(asked.len(), 6, "{script:?}");
        let mut least = 5;
        for (at, pair) in asked.windows(2).enumerate() {
            if matches!(&script[at], Err(failure) if failure.to_string().contains("slow_down")) {
                least += 5;
            }
            assert!(pair[1] - pair[0] >= least, "{asked:?} {script:?}");
        }
    }
}

#[test]
fn a_network_that_fails_doubles_the_interval_up_to_a_minute() {
    let script = [Err(lost()), Err(lost()), Err(lost()), Err(lost()), Err(lost()), Err(lost()), pending(), Ok(())];
    assert_eq!(polls(5, 900, &script), [5, 15, 35, 75, 135, 195, 255, 315]);
    assert_eq!(polls(90, 900, &[Err(lost()), Ok(())]), [90, 180], "what the server asked for is never shortened");
}

#[test]
fn retry_after_is_waited_for_once() {
    let fault = OAuthFault {
        error: "authorization_pending".into(),
        status: 400,
        retry_after: Some(Duration::from_secs(30)),
        ..OAuthFault::default()
    };
    let script = [Err(FailureKind::OAuth(fault).into()), pending(), Ok(())];
    assert_eq!(polls(5, 900, &script), [5, 35, 40]);
}

#[test]
fn it_ends_when_the_code_does_or_when_we_are_told_to() {
    for (patience, after) in [(None, 60), (Some(8), 8), (Some(3), 3), (Some(3600), 60), (Some(10), 10)] {
        let clock = FakeClock::new();
        let (asked, ended) = run(&authorization(5, 60), patience, &clock, &[pending()]);
        let Err(PollEnd::Failed(failure)) = ended else { panic!("{patience:?}: {ended:?}") };
        assert_eq!(failure.kind, FailureKind::DeviceCodeExpired { after: Duration::from_secs(after) });
        assert_eq!(clock.passed.get().as_secs(), after, "not earlier and not later");
        assert!(asked.iter().all(|asked| *asked < after), "{patience:?}: {asked:?}");
    }
    let (asked, _) = run(&authorization(5, 0), None, &FakeClock::new(), &[pending()]);
    assert!(asked.is_empty(), "a code that has expired is not asked for");
}

#[test]
fn trouble_that_lasts_to_the_end_is_named_and_trouble_that_passed_is_not() {
    let end = |script: &[Result<(), Failure>]| match run(&authorization(5, 60), None, &FakeClock::new(), script).1 {
        Err(PollEnd::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    };
    assert_eq!(end(&[pending(), Err(lost())]), lost());
    assert!(matches!(end(&[Err(lost()), pending()]).kind, FailureKind::DeviceCodeExpired { .. }));
}

#[test]
fn what_is_final_ends_it_at_once() {
    let foreign = |status| {
        FailureKind::NotOAuth { status, content_type: None, what: "a web page".into(), retry_after: None }.into()
    };
    let finals = [
        said("access_denied", 400),
        said("authorization_declined", 400),
        said("expired_token", 400),
        said("bad_verification_code", 400),
        said("invalid_grant", 400),
        said("invalid_client", 401),
        foreign(200),
        foreign(302),
        FailureKind::ProtocolViolation { what: "no HTTP".into() }.into(),
        FailureKind::Tls(crate::failure::TlsFault::Expired).into(),
    ];
    for failure in finals {
        let script = [pending(), Err(failure.clone()), Ok(())];
        let (asked, ended) = run(&authorization(5, 900), None, &FakeClock::new(), &script);
        assert_eq!(asked, [5, 10], "{failure}");
        assert!(matches!(ended, Err(PollEnd::Failed(end)) if end == failure), "{failure}");
    }
    for passing in [foreign(502), foreign(429), said("temporarily_unavailable", 400), said("whatever", 503)] {
        assert_eq!(polls(5, 900, &[Err(passing), Ok(())]), [5, 15]);
    }
}

#[test]
fn a_user_who_gives_up_is_not_kept_waiting() {
    let clock = FakeClock { cancelled: Some(Duration::from_secs(12)), ..FakeClock::new() };
    let (asked, ended) = run(&authorization(5, 900), None, &clock, &[pending()]);
    assert_eq!(asked, [5, 10]);
    assert!(matches!(ended, Err(PollEnd::Cancelled)));
    assert_eq!(clock.passed.get().as_secs(), 12);
}
