//! All cases: those that are written out, and the families that cross each fault with each phase.

mod answers;
mod echoes;
mod oauth;
mod wire;

use std::collections::BTreeMap;

use crate::case::{Case, Protocol, Tls};

/// Every hostile case.
pub(crate) fn all() -> Vec<Case> {
    let files = [
        include_str!("cases/imap.toml"),
        include_str!("cases/pop3.toml"),
        include_str!("cases/smtp.toml"),
        include_str!("cases/token.toml"),
        include_str!("cases/discovery.toml"),
    ];
    let written = files.into_iter().flat_map(Case::read);
    let crossed = [wire::phases(), wire::certificates(), answers::all(), echoes::all(), oauth::all()];
    written.chain(crossed.into_iter().flatten()).collect()
}

/// Ordinary peers.
pub(crate) fn controls() -> Vec<Case> {
    let mut controls = Vec::new();
    let conversations = Conversations::read();
    for protocol in Protocol::MAIL {
        for tls in Tls::BOTH {
            let mut case = Case::new("none", "an ordinary server", protocol, 0);
            case.tls = tls;
            case.after = conversations.of(protocol, tls).last().map(|phase| phase.name.clone());
            controls.push(case);
        }
    }
    controls.extend(oauth::controls());
    controls
}

/// One phase of a conversation that goes well.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    pub(crate) name: String,
    /// The stage that fails with it.
    pub(crate) stage: String,
    pub(crate) script: String,
}

impl Phase {
    /// The steps before the peer's words.
    pub(crate) fn asked(&self) -> String {
        let is_asked = |line: &&str| line.starts_with("expect ") || line.starts_with("sasl");
        self.script.lines().filter(is_asked).map(|line| format!("{line}\n")).collect()
    }

    /// The peer's words, none where TLS begins.
    pub(crate) fn answer(&self) -> Option<String> {
        let line = self.script.lines().last()?;
        line.strip_prefix("send ").map(|text| format!("{text}\\r\\n")).or(line.strip_prefix("raw ").map(str::to_owned))
    }
}

/// The conversations that go well.
pub(crate) struct Conversations(BTreeMap<String, Vec<Phase>>);

impl Conversations {
    pub(crate) fn read() -> Self {
        let text = include_str!("cases/conversations.toml");
        let read: BTreeMap<String, Vec<[String; 3]>> = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
        let phase = |[name, stage, script]: [String; 3]| Phase { name, stage, script };
        Self(read.into_iter().map(|(name, phases)| (name, phases.into_iter().map(phase).collect())).collect())
    }

    pub(crate) fn of(&self, protocol: Protocol, tls: Tls) -> &[Phase] {
        let protocol = match protocol {
            Protocol::Imap => "imap",
            Protocol::Pop3 => "pop3",
            Protocol::Smtp => "smtp",
            Protocol::Token | Protocol::Discovery => panic!("not a mail protocol"),
        };
        &self.0[&format!("{protocol}-{}", tls.name())]
    }

    /// The script up to and including a phase.
    pub(crate) fn until(&self, protocol: Protocol, tls: Tls, last: &str) -> String {
        let phases = self.of(protocol, tls);
        let count = phases.iter().position(|phase| phase.name == last);
        let count = count.unwrap_or_else(|| panic!("{protocol:?} {} has no phase {last:?}", tls.name()));
        phases[..=count].iter().map(|phase| format!("{}\n", phase.script)).collect()
    }
}
