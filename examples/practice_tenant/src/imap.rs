//! IMAP4rev1 (RFC 3501) for clients that only look. The answers to a failed login follow what documents and users
//! report of Exchange Online; they have not been seen on the wire by us.

use std::io;
use std::sync::Arc;

use native_tls::TlsAcceptor;

use crate::faults::{Fault, Stage};
use crate::imap_fetch;
use crate::imap_search::Key;
use crate::imap_syntax::{Word, in_set, read_command, words};
use crate::mail_sign_in::{self, Login, Mechanism, Protocol};
use crate::mailstore::Message;
use crate::wire::Wire;
use crate::world::World;

struct Session<'a> {
    world: &'a World,
    wire: &'a mut Wire,
    login: Option<Login>,
    /// The open folder's messages as they were when it was opened.
    folder: Option<Vec<Message>>,
}

/// What to do after a command.
#[derive(PartialEq, Eq)]
enum Next {
    Read,
    Upgrade,
    End,
}

/// Talks until the client leaves.
pub fn serve(world: &Arc<World>, mut wire: Wire, acceptor: &TlsAcceptor) -> io::Result<()> {
    let shown = world.faults.certificate();
    if world.faults.is_on(Fault::SilentImap) {
        // Until the client has had enough.
        return wire.line().map(drop);
    }
    if let Some(words) = world.faults.words(Protocol::Imap, Stage::Greeting) {
        return wire.say(&words.spoken("*"));
    }
    wire.say("* OK The practice IMAP4 service is ready.")?;
    loop {
        let mut session = Session { world, wire: &mut wire, login: None, folder: None };
        let next = session.talk()?;
        if next == Next::End {
            return Ok(());
        }
        if let Err(error) = wire.upgrade(acceptor) {
            world.handshake_failed(shown, "IMAP: STARTTLS", &error);
            return Err(error);
        }
    }
}

impl Session<'_> {
    fn talk(&mut self) -> io::Result<Next> {
        loop {
            let Some(command) = read_command(self.wire)? else { return Ok(Next::End) };
            let next = self.obey(&command)?;
            if next != Next::Read {
                return Ok(next);
            }
        }
    }

    fn obey(&mut self, command: &[u8]) -> io::Result<Next> {
        let words = words(command).unwrap_or_default();
        let texts: Vec<&str> = words.iter().map(|word| word.text().unwrap_or("()")).collect();
        let Some((tag, [verb, ..])) = texts.split_first() else {
            return self.refuse("*", command);
        };
        let (tag, verb) = ((*tag).to_owned(), verb.to_ascii_uppercase());
        let arguments = &words[2..];
        match verb.as_str() {
            "CAPABILITY" => {
                self.wire.say(&format!("* CAPABILITY {}", self.capabilities()))?;
                self.complete(&tag, "CAPABILITY")
            }
            "NOOP" => self.complete(&tag, "NOOP"),
            "LOGOUT" => {
                self.wire.say("* BYE The practice IMAP4 service is signing off.")?;
                self.complete(&tag, "LOGOUT")?;
                Ok(Next::End)
            }
            "STARTTLS" if !self.wire.is_tls() => {
                self.wire.say(&format!("{tag} OK Begin TLS negotiation now."))?;
                Ok(Next::Upgrade)
            }
            "AUTHENTICATE" if self.wire.is_tls() && self.login.is_none() => self.authenticate(&tag, command, arguments),
            _ => self.obey_inside(&tag, &verb, command, arguments),
        }
    }

    /// The commands that need a login.
    fn obey_inside(&mut self, tag: &str, verb: &str, command: &[u8], arguments: &[Word]) -> io::Result<Next> {
        let Some(login) = &self.login else { return self.refuse(tag, command) };
        let (mailbox, connected) = (login.mailbox.clone(), login.connected);
        if let Some(next) = self.fail(Stage::Inside, tag)? {
            return Ok(next);
        }
        if !connected {
            // Users report: Exchange takes the token, and says only at the first real command that the mailbox is
            // not that user's.
            self.wire.say(&format!("{tag} BAD User is authenticated but not connected."))?;
            return Ok(Next::Read);
        }
        match (verb, arguments) {
            ("LIST", [_, pattern]) => {
                if matches!(pattern.text(), Some("*" | "%" | "INBOX")) {
                    self.wire.say("* LIST (\\Marked \\HasNoChildren) \"/\" INBOX")?;
                }
                self.complete(tag, verb)
            }
            ("EXAMINE" | "SELECT", [folder]) => {
                if verb == "SELECT" {
                    // It would reset \Recent for all other clients (RFC 3501 §6.3.2).
                    self.world.surprise("IMAP: SELECT where EXAMINE would do");
                }
                if !folder.text().is_some_and(|name| name.eq_ignore_ascii_case("INBOX")) {
                    self.wire.say(&format!("{tag} NO {verb} failed. The mailbox doesn't exist."))?;
                    return Ok(Next::Read);
                }
                let (messages, next_uid) = {
                    let state = self.world.state();
                    (state.mail.inbox(&mailbox), state.mail.next_uid())
                };
                self.wire.say(&format!("* {} EXISTS", messages.len()))?;
                self.wire.say("* 0 RECENT")?;
                self.wire.say("* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft $MDNSent)")?;
                self.wire.say("* OK [PERMANENTFLAGS ()] Permanent flags")?;
                self.wire.say("* OK [UIDVALIDITY 14] UIDVALIDITY value")?;
                self.wire.say(&format!("* OK [UIDNEXT {next_uid}] The next unique identifier value"))?;
                self.folder = Some(messages);
                self.say_untagged()?;
                let mode = if verb == "EXAMINE" { "READ-ONLY" } else { "READ-WRITE" };
                self.wire.say(&format!("{tag} OK [{mode}] {verb} completed."))?;
                Ok(Next::Read)
            }
            ("SEARCH", criteria) => self.search(tag, command, criteria, false),
            ("FETCH", [set, items]) => self.fetch(tag, command, set, items, false),
            ("UID", [Word::Atom(inner), rest @ ..]) => match (inner.to_ascii_uppercase().as_str(), rest) {
                ("SEARCH", criteria) => self.search(tag, command, criteria, true),
                ("FETCH", [set, items]) => self.fetch(tag, command, set, items, true),
                _ => self.refuse(tag, command),
            },
            _ => self.refuse(tag, command),
        }
    }

    fn capabilities(&self) -> String {
        let mut words = "IMAP4 IMAP4rev1".to_owned();
        match (self.wire.is_tls(), self.login.is_some()) {
            (false, _) if self.world.faults.is_on(Fault::NoStartTls) => words.push_str(" LOGINDISABLED"),
            (false, _) => words.push_str(" STARTTLS LOGINDISABLED"),
            (true, false) => {
                words.push_str(" LOGINDISABLED");
                let offered = self.world.faults.offers(Protocol::Imap).unwrap_or("XOAUTH2 OAUTHBEARER");
                offered.split(' ').for_each(|mechanism| words.push_str(&format!(" AUTH={mechanism}")));
                words.push_str(" SASL-IR");
            }
            (true, true) => {}
        }
        words
    }

    /// Says what a fault wants to be said here.
    fn fail(&mut self, stage: Stage, tag: &str) -> io::Result<Option<Next>> {
        let Some(words) = self.world.faults.words(Protocol::Imap, stage) else { return Ok(None) };
        self.wire.say(&words.spoken(tag))?;
        Ok(Some(if words.hangs_up { Next::End } else { Next::Read }))
    }

    /// What the server wants to say beside its answers (RFC 3501 §7).
    fn say_untagged(&mut self) -> io::Result<()> {
        let words = self.world.faults.untagged().filter(|_| self.login.is_some());
        words.map_or(Ok(()), |words| self.wire.say(words))
    }

    fn complete(&mut self, tag: &str, verb: &str) -> io::Result<Next> {
        self.say_untagged()?;
        self.wire.say(&format!("{tag} OK {verb} completed."))?;
        Ok(Next::Read)
    }

    fn refuse(&mut self, tag: &str, command: &[u8]) -> io::Result<Next> {
        // Only the words that cannot be a secret.
        let text = String::from_utf8_lossy(command);
        let verb = text.split(' ').skip(1).take(2).collect::<Vec<_>>().join(" ");
        self.world.surprise(format!("IMAP: {verb}"));
        self.wire.say(&format!("{tag} BAD Command Error. 10"))?;
        Ok(Next::Read)
    }

    /// RFC 3501 §6.2.2, with an initial response where one comes (RFC 4959).
    fn authenticate(&mut self, tag: &str, command: &[u8], arguments: &[Word]) -> io::Result<Next> {
        let mechanism = arguments.first().and_then(Word::text).and_then(Mechanism::from_name);
        let Some(mechanism) = mechanism else { return self.refuse(tag, command) };
        let response = match arguments.get(1).and_then(Word::text) {
            Some(initial) => initial.to_owned(),
            None => {
                self.wire.say("+ ")?;
                let Some(line) = self.wire.text_line()? else { return Ok(Next::End) };
                line
            }
        };
        let login = mail_sign_in::sign_in(self.world, Protocol::Imap, mechanism, &response);
        if let Some(next) = self.fail(Stage::SignIn, tag)? {
            return Ok(next);
        }
        if let Some(login) = login {
            self.login = Some(login);
            return self.complete(tag, "AUTHENTICATE");
        }
        if let Some(challenge) = mechanism.error_challenge() {
            self.wire.say(&format!("+ {challenge}"))?;
            let answer = self.wire.text_line()?;
            if answer.as_deref() != Some("AQ==") {
                self.world.surprise("IMAP: the error challenge was not answered with AQ==");
            }
        }
        let echo = mail_sign_in::echo(self.world, &response);
        self.wire.say(&format!("{tag} NO AUTHENTICATE failed.{echo}"))?;
        Ok(Next::Read)
    }

    /// Keys of RFC 3501 §6.4.4, all of which must hold.
    fn search(&mut self, tag: &str, command: &[u8], criteria: &[Word], by_uid: bool) -> io::Result<Next> {
        let Some(messages) = self.folder.clone() else { return self.refuse(tag, command) };
        if self.world.faults.is_on(Fault::SearchRefused) {
            self.wire.say(&format!("{tag} NO [CANNOT] SEARCH by these keys is not possible."))?;
            return Ok(Next::Read);
        }
        let mut found: Vec<(u32, &Message)> = (1..).zip(&messages).collect();
        let mut rest = criteria;
        while !rest.is_empty() {
            let Some((key, more)) = Key::read(rest) else { return self.refuse(tag, command) };
            found.retain(|(_, message)| key.holds(message));
            rest = more;
        }
        if self.world.faults.is_on(Fault::SearchFindsNothing) {
            found.clear();
        }
        let numbers: String =
            found.iter().map(|(number, message)| format!(" {}", if by_uid { message.uid } else { *number })).collect();
        self.wire.say(&format!("* SEARCH{numbers}"))?;
        self.complete(tag, "SEARCH")
    }

    fn fetch(&mut self, tag: &str, command: &[u8], set: &Word, items: &Word, by_uid: bool) -> io::Result<Next> {
        let Some(messages) = self.folder.clone() else { return self.refuse(tag, command) };
        let set = set.text().unwrap_or_default();
        let count = u32::try_from(messages.len()).unwrap_or(u32::MAX);
        let last = if by_uid { messages.last().map_or(1, |message| message.uid) } else { count };
        for (number, message) in (1..).zip(&messages) {
            let asked = if by_uid { message.uid } else { number };
            match in_set(set, last, asked) {
                Some(true) => {}
                Some(false) => continue,
                None => return self.refuse(tag, command),
            }
            match imap_fetch::answer(message, items, by_uid) {
                Ok(answer) => {
                    let line = [format!("* {number} FETCH ").as_bytes(), &answer, b"\r\n"].concat();
                    self.wire.send(&line)?;
                }
                Err(item) => {
                    self.world.surprise(format!("IMAP: FETCH {item}"));
                    self.wire.say(&format!("{tag} BAD Command Argument Error. 11"))?;
                    return Ok(Next::Read);
                }
            }
        }
        self.complete(tag, "FETCH")
    }
}
