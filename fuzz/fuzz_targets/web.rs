//! Mail over web services against any server: heads, bodies in every framing, JSON, refusals, for Graph and the Gmail API.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use mailgrant::fuzzing::exercise;
use mailgrant::net::{Proxies, Trust};
use mailgrant::profile::{Address, Endpoint, Opener, Protocol};
use mailgrant::transport::{Account, Target, Task};
use mailgrant_fuzz::mail::turns;
use mailgrant_fuzz::{canary, choice, log_shown, planted_bytes, transcript};

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let script = planted_bytes(rest);
    let (transcript, _) = transcript();
    let endpoint = Endpoint::Web("https://api.contoso.example".parse().expect("it is an address"));
    let (trust, proxies) = (Trust::new(), Proxies::default());
    let target = Target {
        endpoint: &endpoint,
        trust: &trust,
        proxies: &proxies,
        ca_file: None,
        transcript: &transcript,
        mechanism: None,
        timeout: Duration::from_secs(20),
        overall: None,
        meanwhile: &|| {},
    };
    let user: Address = "a@contoso.example".parse().expect("it is an address");
    let account = Account { mailbox: &user, user: &user, by: Opener::Owner };
    let web: Vec<Protocol> = Protocol::ALL.into_iter().filter(|protocol| protocol.ports().is_none()).collect();
    let protocol = web[usize::from(choice & 1 | choice >> 2 & 0b110) % web.len()];
    let task = match choice >> 1 & 3 {
        0 => Task::Read { latest: 0 },
        1 => Task::Read { latest: 3 },
        2 => Task::Send { recipient: &user, message: None },
        _ => Task::Send { recipient: &user, message: Some(b"Subject: x\r\n\r\n") },
    };
    // A web server waits for the client: its first turn answers the first request.
    let silence: &[u8] = b"";
    let (log, heard) =
        exercise(protocol, &target, account, &canary(), &task, std::iter::once(silence).chain(turns(&script)));
    assert!(log.latest.len() <= 3);
    log_shown(&log);
    for (is_tls, bytes) in &heard.turns {
        assert!(is_tls, "a token outside TLS");
        assert!(bytes.starts_with(b"GET /") || bytes.starts_with(b"POST /"), "{bytes:?}");
    }
});
