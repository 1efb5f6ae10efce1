//! The names in a profile. Parsing is the only way to get one; nothing after it doubts it.

use std::fmt;
use std::str::FromStr;

use super::invalid::{Invalid, refuse_controls, refuse_placeholder};
use super::spelled::{self, Spelled};

macro_rules! text_type {
    ($(#[$meta:meta])* $name:ident($text:ty)) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($text);

        impl $name {
            /// The text, as it goes over the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
    };
}

text_type! {
    /// The name of an app or a mailbox in the profile: 1 to 64 of `a-z A-Z 0-9 . _ -`, beginning with a letter or digit.
    Name(String)
}
text_type! {
    /// A mail address; as text it is what SASL and SMTP carry, shown it is what was typed. Control characters and blanks
    /// never get this far (SECURITY.md Q1). Letters outside ASCII before the @ stay as they are (RFC 6531): IMAP and POP3
    /// take them in SASL, SMTP only where the server offers SMTPUTF8.
    Address(Spelled)
}
text_type! {
    /// A DNS name or IP address literal without port; as text in lower case and ASCII, shown as it was typed.
    HostName(Spelled)
}
text_type! {
    /// An OAuth client ID.
    ClientId(String)
}
text_type! {
    /// A Microsoft tenant: a GUID, a verified domain, `organizations`, `consumers` or `common`.
    Tenant(Spelled)
}
text_type! {
    /// One OAuth scope token (RFC 6749 §3.3).
    Scope(String)
}
text_type! {
    /// What a directory calls one secret or certificate of an app: a GUID at Microsoft.
    KeyId(String)
}
text_type! {
    /// The object ID of an app registration at a directory, which is not its client ID: a GUID at Microsoft.
    ObjectId(String)
}

/// The tenant of Microsoft's personal accounts.
pub const PERSONAL_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

show_as_displayed!(Name, Address, HostName, ClientId, Tenant, Scope, KeyId, ObjectId);

impl FromStr for Name {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        if fits {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(
            format!("'{}' is not a valid name", text.escape_debug()),
            "write 1 to 64 letters, digits, dots, dashes or underscores, beginning with a letter or digit",
        ))
    }
}

impl Name {
    /// The name as part of a variable's: in capitals, with `_` for each dot and dash. Two names may become one.
    #[must_use]
    pub fn for_variable(&self) -> Self {
        Self(self.0.to_ascii_uppercase().replace(['.', '-'], "_"))
    }
}

impl FromStr for KeyId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new("it is not the ID of a secret", "copy the Secret ID, a GUID"))
    }
}

impl FromStr for ObjectId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const INSTEAD: &str = "copy the Object ID from the Overview page of the app registration, a GUID";
        refuse_placeholder(text, INSTEAD)?;
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(Invalid::new("it is not an object ID", INSTEAD)) }
    }
}

impl FromStr for HostName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const INSTEAD: &str = "write the bare host name, as in outlook.office365.com";
        refuse_controls(text, INSTEAD)?;
        refuse_placeholder(text, INSTEAD)?;
        if text.contains("://") {
            return Err(Invalid::new(format!("'{text}' is a URL"), INSTEAD));
        }
        // Web addresses need the brackets around an IPv6 address (RFC 3986 §3.2.2); a host alone does not.
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if bare.parse::<std::net::IpAddr>().is_ok() {
            return Ok(Self(Spelled::new(bare.to_owned(), bare)));
        }
        if let Some((host, port)) = text.rsplit_once(':')
            && port.chars().all(|c| c.is_ascii_digit())
        {
            return Err(Invalid::new(
                format!("'{text}' holds a port"),
                format!("write host = \"{host}\" and port = {port}"),
            ));
        }
        if let Some(wire) = spelled::domain(text) {
            let typed = text.strip_suffix('.').unwrap_or(text).to_lowercase();
            return Ok(Self(Spelled::new(wire, &typed)));
        }
        Err(Invalid::new(format!("'{text}' is not a host name"), INSTEAD))
    }
}

impl FromStr for Address {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const INSTEAD: &str = "write one mail address, as in shop@contoso.com";
        refuse_controls(text, INSTEAD)?;
        refuse_placeholder(text, INSTEAD)?;
        let wrong = |problem: &str| Err(Invalid::new(format!("'{text}' {problem}"), INSTEAD));
        let Some((local, domain)) = text.rsplit_once('@') else {
            return wrong("has no @");
        };
        if local.is_empty() || local.len() > 64 {
            return wrong("has no usable part before the @");
        }
        // Quoted local parts (RFC 5321 §4.1.2) exist on paper; no provider of ours issues them, and `,` and `=` in
        // them would need escapes in OAUTHBEARER's GS2 header.
        if local.chars().any(|c| c.is_whitespace() || "\"(),:;<>@[]\\".contains(c)) {
            return wrong("holds a character that no provider allows");
        }
        // RFC 5321 §4.1.2: a Dot-string is atoms with single dots between them.
        if local.split('.').any(str::is_empty) {
            return wrong("has a dot too many before the @");
        }
        match spelled::domain(domain) {
            // What is ASCII stays as it was typed: its case means nothing (RFC 5321 §2.4), and servers show it again.
            Some(_) if domain.is_ascii() => Ok(Self(Spelled::new(text.to_owned(), text))),
            Some(wire) => Ok(Self(Spelled::new(format!("{local}@{wire}"), text))),
            None => wrong("has no usable domain after the @"),
        }
    }
}

impl Address {
    /// The part after the @, in ASCII.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.as_str().rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// Whether `other` names the same mailbox: compared without regard to case, as every provider here does, and with
    /// its domain in either spelling.
    #[must_use]
    pub fn matches(&self, other: &str) -> bool {
        spelled::comparable(self.as_str()) == spelled::comparable(other)
    }

    /// Whether the part before the @ holds letters outside ASCII, so that SMTP needs SMTPUTF8 (RFC 6531 §3.1).
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        !self.as_str().is_ascii()
    }

    /// What goes over the wire, where that is not what was typed.
    #[must_use]
    pub fn respelled(&self) -> Option<&str> {
        self.0.differs().then(|| self.as_str())
    }
}

impl HostName {
    /// What goes over the wire, where that is not what was typed.
    #[must_use]
    pub fn respelled(&self) -> Option<&str> {
        self.0.differs().then(|| self.as_str())
    }
}

impl FromStr for ClientId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const INSTEAD: &str =
            "write the app's client ID (Microsoft: Application (client) ID on the app's Overview page)";
        refuse_controls(text, INSTEAD)?;
        refuse_placeholder(text, INSTEAD)?;
        // RFC 6749 appendix A.1: VSCHAR, the blank among them. The text is not repeated: it may be a pasted secret.
        if text.is_empty() || text.len() > 512 || !text.chars().all(|c| matches!(c, ' '..='~')) {
            return Err(Invalid::new("this cannot be a client ID", INSTEAD));
        }
        Ok(Self(text.to_owned()))
    }
}

impl ClientId {
    /// The same in lower case: in which letters it is written does not tell registrations apart.
    #[must_use]
    pub fn in_lower_case(&self) -> Self {
        Self(self.0.to_ascii_lowercase())
    }
}

impl FromStr for Tenant {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const INSTEAD: &str =
            "use the Directory (tenant) ID from the app's Overview page, or a domain such as contoso.onmicrosoft.com";
        refuse_controls(text, INSTEAD)?;
        refuse_placeholder(text, INSTEAD)?;
        let lower = text.to_ascii_lowercase();
        if is_guid(text) || matches!(lower.as_str(), "organizations" | "consumers" | "common") {
            return Ok(Self(Spelled::new(lower.clone(), &lower)));
        }
        match spelled::domain(text).filter(|domain| domain.contains('.')) {
            Some(domain) => Ok(Self(Spelled::new(domain, &text.trim_end_matches('.').to_lowercase()))),
            None => Err(Invalid::new(format!("'{text}' is not a tenant"), INSTEAD)),
        }
    }
}

impl Tenant {
    /// Whether it stands for one directory, and not for all organisations or all personal accounts.
    #[must_use]
    pub fn is_one_directory(&self) -> bool {
        !matches!(self.as_str(), "common" | "organizations" | "consumers" | PERSONAL_TENANT)
    }

    /// Whether an account of the tenant with the ID `tid` belongs to this one, as far as its name tells: which ID a
    /// domain means is not known here.
    #[must_use]
    pub fn admits(&self, tid: &str) -> bool {
        let personal = tid.eq_ignore_ascii_case(PERSONAL_TENANT);
        match self.as_str() {
            "consumers" => personal,
            "organizations" => !personal,
            tenant if is_guid(tenant) => tid.eq_ignore_ascii_case(tenant),
            _ => true,
        }
    }
}

impl FromStr for Scope {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const INSTEAD: &str = "write one scope without blanks or quotes; several are several items of the list";
        refuse_controls(text, INSTEAD)?;
        refuse_placeholder(text, INSTEAD)?;
        let fits = !text.is_empty() && text.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E));
        if fits { Ok(Self(text.to_owned())) } else { Err(Invalid::new(format!("'{text}' is not a scope"), INSTEAD)) }
    }
}

/// Whether two texts are one client ID. GUIDs are compared without regard to case (RFC 9562 §4), others are not.
#[must_use]
pub fn is_same_client_id(one: &str, other: &str) -> bool {
    one == other || is_guid(other) && one.eq_ignore_ascii_case(other)
}

/// Whether `text` has a GUID's form: 8-4-4-4-12 hexadecimal digits. A client secret's *value* never has, its ID always.
#[must_use]
pub fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.chars().all(|c| c.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuses<T: FromStr<Err = Invalid> + fmt::Debug>(text: &str) -> String {
        text.parse::<T>().expect_err(text).to_string()
    }

    #[test]
    fn every_control_character_is_refused_in_every_name() {
        let c0 = (0..0x20).chain(0x7f..0xa0);
        for code in c0.chain([0x61c, 0x200b, 0x200e, 0x202e, 0x2028, 0x2066, 0xfeff, 0xe0041]) {
            let c = char::from_u32(code).unwrap();
            let named = format!("U+{code:04X}");
            for message in [
                refuses::<Address>(&format!("a{c}b@contoso.com")),
                refuses::<Address>(&format!("ab@conto{c}so.com")),
                refuses::<Address>(&format!("ab@contoso.com{c}")),
                refuses::<HostName>(&format!("mail{c}.contoso.com")),
                refuses::<ClientId>(&format!("abc{c}def")),
                refuses::<Tenant>(&format!("contoso{c}.com")),
                refuses::<Scope>(&format!("mail{c}read")),
                refuses::<super::super::RedirectUri>(&format!("http://localhost/{c}cb")),
                refuses::<super::super::RedirectUri>(&format!("http://localhost{c}")),
                refuses::<super::super::EndpointUrl>(&format!("https://login.example/{c}")),
            ] {
                assert!(message.contains(&named) && !message.contains(c), "{message:?} for {named}");
            }
            assert!(!refuses::<Name>(&format!("a{c}b")).contains(c));
        }
    }

    #[test]
    fn dots_before_the_at_stand_between_letters() {
        for text in ["a..b@x.org", ".a@x.org", "a.@x.org"] {
            assert!(refuses::<Address>(text).contains("dot"), "{text}");
        }
        "a.b.c@x.org".parse::<Address>().unwrap();
    }

    #[test]
    fn a_host_with_a_port_is_refused_with_both_parts_spelled_out() {
        let message = refuses::<HostName>("imap.gmail.com:993");
        assert!(message.contains("host = \"imap.gmail.com\" and port = 993"), "{message}");
    }

    #[test]
    fn placeholders_are_named_as_such() {
        for text in ["YOUR_CLIENT_ID", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "<client id>"] {
            assert!(refuses::<ClientId>(text).contains("placeholder"), "{text}");
        }
    }

    #[test]
    fn addresses_compare_without_case() {
        let address: Address = "Shop@Contoso.com".parse().unwrap();
        assert!(address.matches("shop@CONTOSO.com"));
        assert!(!address.matches("shop@contoso.org"));
    }

    #[test]
    fn both_spellings_of_a_domain_are_one_address() {
        let typed: Address = "Info@Müller.de".parse().unwrap();
        let wire: Address = "Info@xn--mller-kva.de".parse().unwrap();
        assert_eq!((typed.as_str(), typed.to_string().as_str()), (wire.as_str(), "Info@Müller.de"));
        assert_eq!(typed, wire);
        assert_eq!((typed.domain(), typed.respelled()), ("xn--mller-kva.de", Some(wire.as_str())));
        for name in ["info@MÜLLER.de", "INFO@XN--MLLER-KVA.DE"] {
            assert!(typed.matches(name) && wire.matches(name), "{name}");
        }
        assert!(!typed.matches("info@mueller.de"));
        // Before the @ there is one spelling only (RFC 6531).
        let local: Address = "müller@contoso.com".parse().unwrap();
        assert!(local.needs_smtputf8() && !typed.needs_smtputf8());
        let host: HostName = "Mail.Müller.de.".parse().unwrap();
        assert_eq!((host.as_str(), host.to_string().as_str()), ("mail.xn--mller-kva.de", "mail.müller.de"));
        assert!(refuses::<Address>("info@mü ller.de").contains("domain"));
        assert!(refuses::<HostName>("mü/ller.de").contains("not a host name"));
    }

    #[test]
    fn an_ipv6_address_may_have_its_brackets() {
        assert_eq!("[::1]".parse::<HostName>().unwrap().as_str(), "::1");
        assert!(refuses::<HostName>("[::1]:993").contains("port = 993"));
        assert!(refuses::<HostName>("[mail.contoso.com]").contains("placeholder"));
    }

    #[test]
    fn a_guid_is_told_from_a_secret_value() {
        assert!(is_guid("11111111-2222-3333-4444-555555555555"));
        assert!(!is_guid("abC8Q~111111112222333344445555555555555555"));
    }
}
