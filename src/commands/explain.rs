//! `explain`: what a server's answer means, without a profile, a store or a network.

use std::io::{IsTerminal as _, Read as _};

use clap::Args as ClapArgs;

use crate::arguments::{choices, typed};
use crate::context::Context;
use crate::diagnosis::catalogue::{self, Hint};
use crate::diagnosis::reading::Origin;
use crate::diagnosis::{FailureContext, explain};
use crate::error::CommandError;
use crate::flow::lookup;
use crate::profile::{Address, Family, Reference};
use crate::report::{Document, Explanation, Finding, FindingCode, Report, Subject, WarningCode};
use crate::text::{Redactor, Shown};

/// A larger paste is the wrong file.
const LIMIT: u64 = 1024 * 1024;

/// Explain a server's answer, or a code that mailgrant has shown
///
/// Without either, standard input is read.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant explain '535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.'\n  \
    mailgrant explain exo-smtp-5-7-3\n  \
    mailgrant explain --for NAME < session.log")]
pub struct Args {
    /// What the server said, or a finding's code
    #[arg(value_name = "TEXT")]
    text: Vec<String>,
    /// List every answer that is known
    #[arg(long, conflicts_with = "text")]
    list: bool,
    /// Count the answers that are known: of whom, from where, how sure
    #[arg(long, conflicts_with_all = ["text", "list"])]
    about: bool,
    /// Whose server said it
    #[arg(long, value_parser = choices::families())]
    provider: Option<Family>,
    /// Where it was said
    #[arg(long, value_parser = choices::origins())]
    stage: Option<Origin>,
    /// The mailbox of the profile that it is about, by name or address: its values are filled in
    #[arg(long = "for", value_name = "NAME", value_parser = typed::<Reference>(),
          conflicts_with_all = ["list", "about", "address", "provider"])]
    mailbox: Option<Reference>,
    /// The address of the mailbox that it is about, where that is not in the profile
    #[arg(long, value_parser = typed::<Address>(), conflicts_with_all = ["list", "about"])]
    address: Option<Address>,
}

/// Runs the command.
///
/// # Errors
/// If there is nothing to explain, or it cannot be read.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let hint = Hint { family: args.provider, origin: args.stage, ..Hint::default() };
    let mut document = Document::new("explain");
    if args.about {
        let version = shown!("The catalogue of mailgrant {}", env!("CARGO_PKG_VERSION"));
        document.reports.push(Report { facts: catalogue::statistics(), ..Report::new(Subject::Catalogue(version)) });
        return Ok(document);
    }
    if args.list {
        document.explanations = explain::list(hint);
        return Ok(document);
    }
    let text = if args.text.is_empty() { read(context, &mut document)? } else { args.text.join(" ") };
    if text.trim().is_empty() {
        return Err(CommandError::usage(
            "There is no text to explain.",
            "Give it behind the command, in quotes, or on standard input: `mailgrant explain < FILE`",
        ));
    }
    let Some(name) = &args.mailbox else {
        let about = FailureContext { address: args.address.as_ref(), is_pasted: true, ..FailureContext::default() };
        document.explanations = explained(&text, hint, about, context)?;
        return Ok(document);
    };
    let profile = context.profile()?;
    let mailbox = lookup::mailbox(&profile, name)?;
    let app = profile.app_of(mailbox);
    let hint = Hint { family: Some(app.provider.family).filter(|family| *family != Family::ANY), ..hint };
    let about = FailureContext { is_pasted: true, ..FailureContext::of_mailbox(app, mailbox) };
    document.explanations = explained(&text, hint, about, context)?;
    Ok(document)
}

/// What `text` means: a code of ours, or what another side said.
fn explained(
    text: &str,
    hint: Hint,
    about: FailureContext<'_>,
    context: &Context,
) -> Result<Vec<Explanation>, CommandError> {
    if is_word(text.trim())
        && let Some(entry) = explain::entry_about(text.trim(), about)
    {
        return Ok(vec![entry]);
    }
    if is_code(text.trim()) {
        return Err(unknown_code(text.trim()));
    }
    let mut explanations = explain::explain_about(text, hint, about);
    let lines: Vec<&str> = text.lines().collect();
    for explanation in explanations.iter_mut().filter(|_| lines.len() > 1) {
        let said = explanation.line.and_then(|line| lines.get(line - 1));
        explanation.finding.server_said = said.map(|line| redacted(line, context));
    }
    Ok(explanations)
}

/// Whether `text` is one word, as a code is.
fn is_word(text: &str) -> bool {
    text.len() <= 80 && !text.contains(char::is_whitespace)
}

/// Whether `text` has the form of a finding's code.
fn is_code(text: &str) -> bool {
    text.contains('-')
        && is_word(text)
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && text.starts_with(|c: char| c.is_ascii_lowercase())
}

fn unknown_code(code: &str) -> CommandError {
    // Codes are read off a screen: their beginning is mostly right.
    let begin = code.rsplit_once('-').map_or(code, |(begin, _)| begin);
    let codes = FindingCode::ALL.iter().map(|code| code.as_str());
    let near: Vec<&'static str> = codes.filter(|known| known.starts_with(begin)).take(6).collect();
    let told = Finding::of(FindingCode::UNKNOWN_CODE).with("code", Redactor::by_shape(code));
    told.case_if(!near.is_empty(), "near").with("near", Shown::join(near, ", ")).into()
}

/// Standard input, whatever its encoding; what is too much is left out, and said so.
fn read(context: &Context, document: &mut Document) -> Result<String, CommandError> {
    if std::io::stdin().is_terminal() {
        context.prompter.say("Paste the server's answer, and end with Ctrl-D on a line of its own:");
        // A terminal that hands over lines cuts the long ones, as logs and JSON have them.
        if let Some(bytes) = context.prompter.text(LIMIT as usize) {
            return Ok(decoded(&bytes));
        }
    }
    let mut stdin = std::io::stdin().lock();
    let mut bytes = Vec::new();
    stdin.by_ref().take(LIMIT).read_to_end(&mut bytes).map_err(|error| {
        CommandError::usage(shown!("Standard input: {}.", error), "Give the text behind the command, in quotes")
    })?;
    if bytes.len() as u64 == LIMIT && stdin.read(&mut [0]).is_ok_and(|count| count > 0) {
        // The rest is not read: it may have no end.
        document.warn(WarningCode::TextCut, "Only the first megabyte was looked at.");
    }
    Ok(decoded(&bytes))
}

/// UTF-16 where a byte order mark or every other byte says so, else UTF-8 with what is wrong in it replaced.
fn decoded(bytes: &[u8]) -> String {
    let (is_little, body) = match bytes {
        [0xff, 0xfe, rest @ ..] => (true, rest),
        [0xfe, 0xff, rest @ ..] => (false, rest),
        [first, 0, ..] if *first != 0 && zeros(bytes, 1) => (true, bytes),
        [0, second, ..] if *second != 0 && zeros(bytes, 0) => (false, bytes),
        _ => return String::from_utf8_lossy(bytes).into_owned(),
    };
    let units = body.chunks_exact(2).map(|pair| {
        let pair = [pair[0], pair[1]];
        if is_little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
    });
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Whether most of every second byte from `start` on is zero.
fn zeros(bytes: &[u8], start: usize) -> bool {
    let (mut zero, mut all) = (0_usize, 0_usize);
    for byte in bytes.iter().skip(start).step_by(2).take(512) {
        zero += usize::from(*byte == 0);
        all += 1;
    }
    zero * 4 > all * 3
}

fn redacted(line: &str, context: &Context) -> Shown {
    let line: String = line.trim().chars().take(400).collect();
    context.transcript.redactor().clean(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_texts_are_read() {
        let text = "535 5.7.3 no";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decoded(&little), text);
        assert_eq!(decoded(&big), text);
        assert_eq!(decoded(&[&[0xff, 0xfe], &little[..]].concat()), text);
        assert_eq!(decoded(&[&[0xfe, 0xff], &big[..]].concat()), text);
        assert_eq!(decoded(b"\xff535"), "\u{fffd}535");
        assert_eq!(decoded(b""), "");
    }
}
