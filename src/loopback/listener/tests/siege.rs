//! Too many, too slow, too long (SECURITY.md L5).

use super::super::super::connections::CONNECTIONS;
use super::super::super::request::{BODY_LIMIT, HEAD_LIMIT, TARGET_LIMIT};
use super::*;

#[test]
fn two_hundred_silent_sockets_do_not_delay_the_browser() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let (held, elapsed, page) = sign_in.run(|sign_in| (0..200).map(|_| sign_in.connect()).collect::<Vec<_>>());
    assert!(page.contains("is authorized"));
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
    drop(held);
}

#[test]
fn dawdlers_and_preconnects_do_not_delay_the_browser() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let (held, elapsed, page) = sign_in.run(|sign_in| {
        // Four connections in advance, as browsers open them, and a crowd that has begun a request and stalls.
        let mut held: Vec<_> = (0..4).map(|_| sign_in.connect()).collect();
        for _ in 0..100 {
            let mut stream = sign_in.connect();
            stream.write_all(b"GET /callback?code=").unwrap();
            held.push(stream);
        }
        held
    });
    assert!(page.contains("is authorized"));
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
    drop(held);
}

#[test]
fn a_preconnected_socket_can_bring_the_answer() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let mut stream = sign_in.connect();
    let page = thread::scope(|scope| {
        let browser = scope.spawn(|| {
            thread::sleep(Duration::from_millis(300));
            for piece in sign_in.head("GET", &sign_in.right()).as_bytes().chunks(7) {
                stream.write_all(piece).unwrap();
            }
            answer_of(&mut stream)
        });
        sign_in.wait_for(Duration::from_secs(10)).ok().unwrap().1.succeed(&SUCCESS());
        browser.join().unwrap()
    });
    assert!(page.contains("is authorized"), "{page}");
}

#[test]
fn fifty_megabytes_of_header_are_cut_off_early() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let (sent, _, page) = sign_in.run(|sign_in| {
        let mut stream = sign_in.connect();
        stream.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
        let block = [b'x'; 64 * 1024];
        (0..800).take_while(|_| stream.write_all(&block).is_ok()).count()
    });
    // What the kernel buffers of a connection that is not read is a few MB; the listener itself has stopped at 24 KiB.
    assert!(sent < 800, "all of it was taken");
    assert!(page.contains("is authorized"));
}

#[test]
fn the_wait_ends_at_its_deadline_and_when_it_is_cancelled() {
    let sign_in = sign_in("http://127.0.0.1");
    let silent: Vec<_> = (0..40).map(|_| sign_in.connect()).collect();
    let started = Instant::now();
    let failed = sign_in.wait_for(Duration::from_millis(150)).err().unwrap();
    assert!(matches!(failed.failure.kind, FailureKind::SignInTimedOut { .. }), "{}", failed.failure);
    let cancelled = AtomicBool::new(true);
    let outcome = sign_in.wait(Duration::from_secs(60), &cancelled);
    assert!(matches!(outcome.err().unwrap().failure.kind, FailureKind::SignInTimedOut { .. }));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    drop(silent);
}

/// How many of these have not been closed by the listener.
fn open_ones(held: &[TcpStream]) -> usize {
    let is_open = |mut stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        matches!(stream.read(&mut [0; 1]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    };
    held.iter().filter(|stream| is_open(stream)).count()
}

#[test]
fn at_most_thirty_two_connections_are_held() {
    assert_eq!(CONNECTIONS, 32);
    let sign_in = sign_in("http://127.0.0.1/callback");
    let (open, ..) = sign_in.run(|sign_in| {
        let held: Vec<_> = (0..200).map(|_| sign_in.connect()).collect();
        // They have five seconds each; the crowd is thinned long before that.
        let limit = Instant::now() + Duration::from_secs(3);
        while open_ones(&held) > CONNECTIONS && Instant::now() < limit {
            thread::sleep(Duration::from_millis(10));
        }
        open_ones(&held)
    });
    assert!((1..=CONNECTIONS).contains(&open), "{open} of 200 are held");
}

#[test]
fn who_drips_is_closed_after_five_seconds() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let (times, ..) = sign_in.run(|sign_in| {
        ["GET /callback?", ""].map(|begun| {
            let started = Instant::now();
            let mut stream = sign_in.connect();
            stream.write_all(begun.as_bytes()).unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
            loop {
                match stream.read(&mut [0; 64]) {
                    Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                    _ => break started.elapsed(),
                }
                assert!(started.elapsed() < Duration::from_secs(20), "it is never closed");
                if !begun.is_empty() {
                    let _ = stream.write_all(b"x");
                }
            }
        })
    });
    for time in times {
        assert!((Duration::from_millis(4_500)..Duration::from_secs(9)).contains(&time), "closed after {time:?}");
    }
}

#[test]
fn a_head_of_128_kibibytes_a_request_line_of_16_and_a_body_of_16_are_the_most() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let host = sign_in.listener.host.clone();
    let with_head = |size: usize| {
        let start = format!("GET /x HTTP/1.1\r\nHost: {host}\r\nX: ");
        let filling = "x".repeat(size - start.len() - 4);
        format!("{start}{filling}\r\n\r\n")
    };
    let with_line = |size: usize| {
        let filling = "x".repeat(size - "GET / HTTP/1.1\r".len());
        format!("GET /{filling} HTTP/1.1\r\nHost: {host}\r\n\r\n")
    };
    let with_body = |size: usize| format!("POST /x HTTP/1.1\r\nHost: {host}\r\nContent-Length: {size}\r\n\r\n");
    let cases = [
        (with_head(HEAD_LIMIT), "404"),
        (with_head(HEAD_LIMIT + 1), "431"),
        (with_line(TARGET_LIMIT), "404"),
        (with_line(TARGET_LIMIT + 1), "431"),
        (with_body(BODY_LIMIT), "405"),
        (with_body(BODY_LIMIT + 1), "413"),
    ];
    assert_eq!((HEAD_LIMIT, TARGET_LIMIT, BODY_LIMIT), (128 * 1024, 16 * 1024, 16 * 1024));
    let (answers, ..) = sign_in.run(|sign_in| cases.map(|(bytes, status)| (sign_in.say(bytes), status)));
    for (answer, status) in answers {
        assert!(answer.starts_with(&format!("HTTP/1.0 {status} ")), "{status}: {answer}");
    }
    assert_eq!(sign_in.listener.refused(), [CallbackRefusal::TooLarge]);
}

#[test]
fn cookies_of_other_programs_may_take_64_kibibytes() {
    for size in [9_000, 64 * 1024] {
        let sign_in = sign_in("http://127.0.0.1/callback");
        let cookies = format!("Cookie: a={}; b={}", "x".repeat(size / 2), "y".repeat(size / 2));
        let head = format!(
            "GET {} HTTP/1.1\r\n{cookies}\r\nHost: {}\r\n{cookies}\r\n\r\n",
            sign_in.right(),
            sign_in.listener.host
        );
        let head = if size > 9_000 { head.replacen(&format!("{cookies}\r\n"), "", 1) } else { head };
        let page = thread::scope(|scope| {
            let browser = scope.spawn(|| sign_in.say(&head));
            sign_in.wait_for(Duration::from_secs(10)).ok().unwrap().1.succeed(&SUCCESS());
            browser.join().unwrap()
        });
        assert!(page.contains("is authorized"), "{size}: {page}");
    }
}
