//! The language of the scripts: one step a line, a verb and what it needs.

use crate::bomb;
use crate::words::{fill, sasl, unescape};

/// One step of a conversation.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// `send TEXT` (a line), `raw TEXT`, `bytes HEX`, `bomb MiB`: the peer says this.
    Say(Vec<u8>),
    /// `repeat N TEXT`: the peer says this line N times, or as often as the client takes it.
    Repeat(usize, Vec<u8>),
    /// `flood MiB`: so many bytes without a line's end, or as many as the client takes.
    Flood(usize),
    /// `expect TEXT`: the client's next line begins so. `sasl TEXT`: it is this and the SASL response, to the letter.
    Expect { start: String, is_whole: bool },
    /// `request TEXT`: a whole HTTP request whose first line begins so.
    Request(String),
    /// `hello`: the client begins TLS, and gets no answer yet.
    Hello,
    /// `tls`: TLS begins.
    Tls,
    /// `drip HH`: one byte a second until the client leaves.
    Drip(u8),
    /// `trickle TEXT`: one such line a second until the client leaves.
    Trickle(Vec<u8>),
    /// `silence`: nothing until the client leaves.
    Silence,
    /// `close`: the connection ends here.
    Close,
}

/// Reads a script for a peer on `port`.
pub(crate) fn parse(text: &str, port: u16) -> Vec<Step> {
    text.lines().map(str::trim_start).filter(|line| !line.is_empty()).map(|line| step(&fill(line, port))).collect()
}

fn step(line: &str) -> Step {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let number = |text: &str| text.parse::<usize>().unwrap_or_else(|_| panic!("no number in {line:?}"));
    let with_end = |text: &str| [unescape(text), b"\r\n".to_vec()].concat();
    match verb {
        "send" => Step::Say(with_end(rest)),
        "raw" => Step::Say(unescape(rest)),
        "bytes" => {
            let digits: Vec<char> = rest.chars().filter(|c| !c.is_whitespace()).collect();
            let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).expect("hexadecimal");
            Step::Say(digits.chunks(2).map(byte).collect())
        }
        "bomb" => Step::Say(bomb::http_answer(number(rest))),
        "repeat" => {
            let (count, text) = rest.split_once(' ').expect("repeat N TEXT");
            Step::Repeat(number(count), with_end(text))
        }
        "flood" => Step::Flood(number(rest)),
        "expect" => Step::Expect { start: rest.to_owned(), is_whole: false },
        "sasl" => {
            let start = if rest.is_empty() { sasl() } else { format!("{rest} {}", sasl()) };
            Step::Expect { start, is_whole: true }
        }
        "request" => Step::Request(rest.to_owned()),
        "hello" => Step::Hello,
        "tls" => Step::Tls,
        "drip" => Step::Drip(u8::from_str_radix(rest, 16).expect("drip HH")),
        "trickle" => Step::Trickle(with_end(rest)),
        "silence" => Step::Silence,
        "close" => Step::Close,
        _ => panic!("no such verb: {line:?}"),
    }
}
