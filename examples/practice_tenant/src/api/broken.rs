//! Answers that are broken on their way, as proxies, outages and slow lines break them. The connection ends with each.

use std::io;
use std::thread;
use std::time::Duration;

use crate::faults::Broken;
use crate::http::Response;
use crate::wire::Wire;

/// No client takes more in; one that does is let go here.
const MOST_PIECES: usize = 4_096;
const PIECE: usize = 64 * 1024;

/// Writes what becomes of `response`.
pub fn write(wire: &mut Wire, response: &Response, how: Broken) -> io::Result<()> {
    let whole = response.bytes();
    match how {
        Broken::Replaced { status, content_type, body } => Response::of_kind(status, content_type, body).write(wire),
        Broken::Redirected(to) => Response::redirect(to.to_owned()).write(wire),
        // The body is shorter than its Content-Length.
        Broken::CutOff => wire.send(whole.get(..whole.len().saturating_sub(20)).unwrap_or_default()),
        Broken::Withheld => Ok(()),
        Broken::Endless => {
            wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"value\":\"")?;
            (0..MOST_PIECES).try_for_each(|_| wire.send(&[b'a'; PIECE]))
        }
        Broken::Dripping(pause) => whole.chunks(1).try_for_each(|byte| {
            thread::sleep(Duration::from_millis(pause));
            wire.send(byte)
        }),
    }
}
