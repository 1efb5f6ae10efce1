//! Git's protocol of credential helpers (git-credential(1), "INPUT/OUTPUT FORMAT"): what is asked, and the answer.

use std::io::{BufRead, Read as _};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::session::AccessToken;
use crate::error::CommandError;
use crate::profile::{Mailbox, Profile, Service};
use crate::sasl;
use crate::text::Shown;

/// A request is a few lines; a password or a token may be among them.
const LIMIT: u64 = 128 * 1024;
/// For how long it is waited for where no --timeout says so: Git writes it at once.
const PATIENCE: Duration = Duration::from_secs(30);
const INSTEAD: &str = "Have Git run this as a helper: git config credential.helper '!mailgrant credential'";

/// What Git asks for. What is not known is left out, as the protocol has it; so is every secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    protocol: String,
    host: String,
    username: Option<String>,
    /// Whether the one who asks takes a token as one, and not as a password (Git 2.46).
    takes_authtype: bool,
}

impl Request {
    /// Reads a request from standard input, up to its blank line or its end.
    ///
    /// # Errors
    /// If it does not come in time, is too long, or is none.
    pub fn read(timeout: Option<Duration>) -> Result<Self, CommandError> {
        let (sender, receiver) = mpsc::channel();
        // A read of standard input cannot be ended: the thread ends with the process.
        thread::spawn(move || sender.send(lines(&mut std::io::stdin().lock().take(LIMIT + 1))));
        let refused = |what: Shown| CommandError::usage(what, INSTEAD);
        match receiver.recv_timeout(timeout.unwrap_or(PATIENCE)) {
            Ok(Ok(bytes)) => Self::parse(&bytes).map_err(|what| refused(what.into())),
            Ok(Err(error)) => Err(refused(shown!("Standard input: {}.", error))),
            Err(_) => Err(refused("No request came on standard input in time.".into())),
        }
    }

    /// Reads the lines of a request.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() as u64 > LIMIT {
            return Err("The request on standard input is too long.");
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "The request on standard input is not text in UTF-8.")?;
        let mut request = Self::default();
        for line in text.split('\n').take_while(|line| !line.is_empty()) {
            // A carriage return in a value has been a way to make two hosts of one (CVE-2024-52006).
            if line.contains(['\0', '\r']) {
                return Err("A line of the request holds a NUL or a carriage return, which no value may.");
            }
            let (key, value) = line.split_once('=').ok_or("A line of the request has no '='.")?;
            match key {
                "protocol" => value.clone_into(&mut request.protocol),
                "host" => value.clone_into(&mut request.host),
                "username" => request.username = Some(value.to_owned()),
                // An empty value takes back what was listed before.
                "capability[]" => {
                    request.takes_authtype = !value.is_empty() && (request.takes_authtype || value == "authtype")
                }
                _ => {}
            }
        }
        Ok(request)
    }

    /// The mailbox with the service that is asked for, among those of `profile` that `is_meant` admits; none where no server of theirs
    /// is, so that Git asks the next helper.
    ///
    /// # Errors
    /// If several fit, and the request names no user.
    pub fn find<'a>(
        &self,
        profile: &'a Profile,
        is_meant: impl Fn(&Mailbox) -> bool,
    ) -> Result<Option<(&'a Mailbox, &'a Service)>, CommandError> {
        let of_user = |mailbox: &&Mailbox| {
            is_meant(mailbox) && self.username.as_ref().is_none_or(|user| mailbox.address.matches(user))
        };
        let service = |mailbox: &'a Mailbox| Some((mailbox, mailbox.services().find(|service| self.is_for(service))?));
        let found: Vec<_> = profile.mailboxes.values().filter(of_user).filter_map(service).collect();
        match found.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            several => {
                let names = Shown::join(several.iter().map(|(mailbox, _)| &mailbox.name), ", ");
                let cause = shown!("Several mailboxes are at the server that is asked for: {}.", names);
                Err(CommandError::usage(cause, "Name one with --for, or the user in Git's configuration"))
            }
        }
    }

    /// Whether it is for the server of `service`: a token goes nowhere else.
    fn is_for(&self, service: &Service) -> bool {
        let key = service.protocol.key();
        let is_spoken = match service.protocol.ports() {
            Some(_) => self.protocol == key || self.protocol.strip_suffix('s') == Some(key),
            None => self.protocol == "https",
        };
        let (host, port) = split(&self.host);
        let endpoint = &service.endpoint;
        is_spoken
            && endpoint.host().eq_ignore_ascii_case(host)
            && port.is_none_or(|port| port.parse() == Ok(endpoint.port()))
    }

    /// Whether a token for `service` can be handed over: a web service takes none as a password.
    #[must_use]
    pub fn takes(&self, service: &Service) -> bool {
        self.takes_authtype || service.endpoint.server().is_some()
    }

    /// The answer that hands `access` over: as a token where that is taken, else as the password.
    ///
    /// # Errors
    /// If the token cannot be a line's value.
    pub fn answer(&self, mailbox: &Mailbox, access: &AccessToken) -> Result<SecretString, CommandError> {
        sasl::refuse_other_than_bearer(&access.token)?;
        let (user, token) = (mailbox.address.as_str(), access.token.expose_secret());
        let lines = Zeroizing::new(if self.takes_authtype {
            format!("capability[]=authtype\nauthtype=Bearer\ncredential={token}\nephemeral=1\nusername={user}")
        } else {
            format!("username={user}\npassword={token}\npassword_expiry_utc={}", access.expires.as_second())
        });
        Ok(SecretString::from(lines.as_str()))
    }
}

/// What comes up to a blank line or the end.
fn lines(source: &mut dyn std::io::Read) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut source = std::io::BufReader::new(source);
    let mut bytes = Zeroizing::new(Vec::new());
    loop {
        let begin = bytes.len();
        source.read_until(b'\n', &mut bytes)?;
        if matches!(bytes.get(begin..), None | Some([] | [b'\n'])) {
            return Ok(bytes);
        }
    }
}

/// A host and its port; an IPv6 address without its brackets.
fn split(host: &str) -> (&str, Option<&str>) {
    let (host, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') && (!name.contains(':') || name.ends_with(']')) => (name, Some(port)),
        _ => (host, None),
    };
    (host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host), port)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::config;
    use crate::flow::session::TokenSource;

    fn profile() -> Profile {
        let app = "[apps.contoso]\nprovider = \"microsoft365\"\nclient_id = \"11111111-2222-4333-8444-555555555555\"\n";
        let mut text = format!("{app}tenant = \"contoso.onmicrosoft.com\"\n");
        for (name, sides) in [
            ("shop", "incoming = { protocol = \"imap\" }\noutgoing = { protocol = \"smtp\" }\n"),
            ("office", "outgoing = { protocol = \"smtp\" }\n"),
            ("graph", "outgoing = { protocol = \"graph\" }\n"),
        ] {
            text.push_str(&format!("[mailboxes.{name}]\napp = \"contoso\"\naddress = \"{name}@contoso.com\"\n{sides}"));
        }
        config::parse("config.toml".as_ref(), &text).unwrap()
    }

    fn request(text: &str) -> Request {
        Request::parse(text.as_bytes()).unwrap()
    }

    /// The name of the mailbox that is found.
    fn found(text: &str) -> Option<String> {
        let profile = profile();
        let found = request(text).find(&profile, |_| true).unwrap();
        found.map(|(mailbox, _)| mailbox.name.to_string())
    }

    fn answer(text: &str) -> Option<String> {
        let profile = profile();
        let request = request(text);
        let (mailbox, service) = request.find(&profile, |_| true).unwrap().unwrap();
        let expires = Timestamp::from_second(1_800_000_000).unwrap();
        let access = AccessToken {
            token: SecretString::from("a-token"),
            expires,
            source: TokenSource::Store,
            scopes: Vec::new(),
            received: expires,
            account_names: Vec::new(),
            is_unkept: false,
        };
        let answer = request.takes(service).then(|| request.answer(mailbox, &access).unwrap());
        answer.map(|lines| lines.expose_secret().to_owned())
    }

    #[test]
    fn a_mailbox_is_found_by_its_server_and_user() {
        assert_eq!(
            found("protocol=smtp\nhost=smtp.office365.com:587\nusername=Shop@contoso.com\n"),
            Some("shop".into())
        );
        assert_eq!(found("protocol=imaps\nhost=OUTLOOK.office365.com\n"), Some("shop".into()));
        assert_eq!(found("protocol=https\nhost=graph.microsoft.com\n"), Some("graph".into()));
        for other in [
            "protocol=https\nhost=github.com\n",
            "protocol=smtp\nhost=smtp.office365.com.evil.example\nusername=shop@contoso.com\n",
            "protocol=smtp\nhost=smtp.office365.com:25\nusername=shop@contoso.com\n",
            "protocol=smtp\nhost=smtp.office365.com:x\nusername=shop@contoso.com\n",
            "protocol=https\nhost=smtp.office365.com\nusername=shop@contoso.com\n",
            "protocol=smtp\nhost=smtp.office365.com\nusername=shop@contoso.org\n",
            "host=smtp.office365.com\n",
            "",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }

    #[test]
    fn without_a_user_several_are_named_and_one_may_be_meant() {
        let profile = profile();
        let request = request("protocol=smtp\nhost=smtp.office365.com:587\n");
        let error = request.find(&profile, |_| true).unwrap_err();
        assert!(error.finding().cause.as_str().contains("office, shop"), "{}", error.finding().cause);
        let (mailbox, _) = request.find(&profile, |mailbox| mailbox.name.as_str() == "shop").unwrap().unwrap();
        assert_eq!(mailbox.name.as_str(), "shop");
    }

    #[test]
    fn a_token_is_a_bearer_token_where_that_is_taken_and_else_the_password_that_ends() {
        let smtp = "protocol=smtp\nhost=smtp.office365.com\nusername=shop@contoso.com\n";
        let password = "username=shop@contoso.com\npassword=a-token\npassword_expiry_utc=1800000000";
        assert_eq!(answer(smtp).as_deref(), Some(password));
        let bearer =
            "capability[]=authtype\nauthtype=Bearer\ncredential=a-token\nephemeral=1\nusername=shop@contoso.com";
        let capable = format!("capability[]=authtype\ncapability[]=state\n{smtp}");
        assert_eq!(answer(&capable).as_deref(), Some(bearer));
        // An empty value takes the list back.
        assert_eq!(answer(&format!("{capable}capability[]=\n")).as_deref(), Some(password));
        // No web service takes a token as the password of Basic.
        assert_eq!(answer("protocol=https\nhost=graph.microsoft.com\n"), None);
    }

    #[test]
    fn what_could_be_two_hosts_or_two_lines_is_refused_and_the_unknown_is_left_out() {
        for wrong in ["host=a\rb\n", "host=a\0b\n", "host\n", "protocol=smtp\nnonsense\n"] {
            assert!(Request::parse(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
        assert!(Request::parse(b"host=\xff\n").is_err());
        assert!(Request::parse(&vec![b'a'; LIMIT as usize + 1]).is_err());
        let known = request("protocol=smtp\nhost=a\n");
        assert_eq!(request("protocol=smtp\nfuture[]=x\nhost=a\npassword=secret\n\nhost=b\n"), known);
        assert!(!format!("{:?}", request("password=secret\n")).contains("secret"));
    }

    #[test]
    fn a_host_may_have_a_port_and_brackets() {
        for (text, host, port) in [
            ("mail.example", "mail.example", None),
            ("mail.example:587", "mail.example", Some("587")),
            ("[::1]:993", "::1", Some("993")),
            ("[::1]", "::1", None),
            ("::1", "::1", None),
        ] {
            assert_eq!(split(text), (host, port));
        }
    }

    #[test]
    fn reading_ends_at_a_blank_line() {
        let read = |text: &str| String::from_utf8(lines(&mut text.as_bytes()).unwrap().to_vec()).unwrap();
        assert_eq!(read("a=b\n\nc=d\n"), "a=b\n\n");
        assert_eq!(read("a=b"), "a=b");
        assert_eq!(read(""), "");
    }
}
