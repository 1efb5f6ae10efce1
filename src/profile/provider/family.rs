//! Families of providers: whose servers an answer comes from.

use std::fmt;

/// A handle to a family.
#[derive(Clone, Copy)]
pub struct Family(pub(super) &'static FamilyRow);

/// What is known of a family.
#[derive(Debug)]
pub(super) struct FamilyRow {
    /// The word in the catalogue and on the command line.
    pub key: &'static str,
    /// The name that people know it by.
    pub title: &'static str,
    /// Its accounts, in one line of help.
    pub about: &'static str,
    /// The family that it is a part of.
    pub part_of: Option<Family>,
    /// Words that only its servers write: an OpenID provider in a profile may be one of these under another name.
    pub signs: &'static [&'static str],
    /// Its hosts and what programs call it, in lower case: a text that has one is about its servers.
    pub names: &'static [&'static str],
    /// Whether its support finds a sign-in by the trace ID in the answer.
    pub finds_by_trace_id: bool,
}

/// A family without a preset: there are only answers of its servers in the catalogue.
const fn known_by(
    key: &'static str,
    title: &'static str,
    signs: &'static [&'static str],
    names: &'static [&'static str],
) -> FamilyRow {
    FamilyRow { key, title, about: title, part_of: None, signs, names, finds_by_trace_id: false }
}

static ANY_ROW: FamilyRow = FamilyRow { about: "Any", ..known_by("any", "any provider", &[], &[]) };
static YAHOO_ROW: FamilyRow =
    known_by("yahoo", "Yahoo", &["(#MBR", "[#MBR", "(#AUTH0"], &["yahoo.com", "yahoodns", "yahooapis", "yahoo"]);
static AOL_ROW: FamilyRow =
    FamilyRow { part_of: Some(Family::YAHOO), ..known_by("aol", "AOL", &[], &["aol.com", "aol mail"]) };
static ZOHO_ROW: FamilyRow =
    known_by("zoho", "Zoho", &["accounts.zoho.", "Invalid credentials(Failure)", "mail.zoho."], &["zoho"]);
static YANDEX_ROW: FamilyRow =
    known_by("yandex", "Yandex", &["oauth.yandex.", "invalid credentials or IMAP is disabled"], &["yandex"]);
static FASTMAIL_ROW: FamilyRow = known_by(
    "fastmail",
    "Fastmail",
    &["Incorrect username, password or access token"],
    &["fastmail", "messagingengine.com"],
);
static KEYCLOAK_ROW: FamilyRow = known_by(
    "keycloak",
    "Keycloak",
    &["org.keycloak.", "/protocol/openid-connect/", "Session doesn't have required client"],
    &["keycloak", "/realms/"],
);
static AUTHENTIK_ROW: FamilyRow =
    known_by("authentik", "authentik", &["authentik.providers.oauth2"], &["authentik", "/application/o/"]);
static ZITADEL_ROW: FamilyRow = known_by("zitadel", "ZITADEL", &["urn:zitadel:", "Errors.OIDCSession."], &["zitadel"]);

impl Family {
    /// Any provider.
    pub const ANY: Self = Self(&ANY_ROW);
    /// Yahoo.
    pub const YAHOO: Self = Self(&YAHOO_ROW);

    /// Those of which the catalogue knows answers though there is no preset.
    pub(super) const WITHOUT_PRESET: [Self; 8] = [
        Self::YAHOO,
        Self(&AOL_ROW),
        Self(&ZOHO_ROW),
        Self(&YANDEX_ROW),
        Self(&FASTMAIL_ROW),
        Self(&KEYCLOAK_ROW),
        Self(&AUTHENTIK_ROW),
        Self(&ZITADEL_ROW),
    ];

    /// The word in the catalogue and on the command line.
    #[must_use]
    pub fn key(self) -> &'static str {
        self.0.key
    }

    /// The name that people know it by.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.0.title
    }

    /// Its accounts, in one line of help.
    #[must_use]
    pub fn about(self) -> &'static str {
        self.0.about
    }

    /// The family that registers its apps: the one that it is a part of, or itself.
    #[must_use]
    pub fn root(self) -> Self {
        self.0.part_of.unwrap_or(self)
    }

    /// Whether its support finds a sign-in by the trace ID in the answer.
    #[must_use]
    pub fn finds_by_trace_id(self) -> bool {
        self.root().0.finds_by_trace_id
    }

    /// Whether what is known of this family holds at a server of `other`.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self == Self::ANY || self.root() == other.root()
    }

    /// Whether an OpenID provider in a profile may be one of this family: there is no preset that would name it.
    #[must_use]
    pub fn has_no_preset(self) -> bool {
        Self::WITHOUT_PRESET.contains(&self)
    }

    /// Whether `lower`, a text in lower case, holds words that only this family's servers write.
    #[must_use]
    pub fn is_betrayed_by(self, lower: &str) -> bool {
        self.0.signs.iter().any(|sign| lower.contains(&sign.to_lowercase()))
    }

    /// Whether `lower`, a text in lower case, is about this family's servers: by their words, their hosts or the names that
    /// programs have for them. The domain of an address names nothing.
    #[must_use]
    pub fn is_named_in(self, lower: &str) -> bool {
        let is_host = |at: usize| {
            let word =
                lower[..at].rfind(|c: char| c.is_whitespace() || c == '<' || c == '"').map_or(0, |edge| edge + 1);
            !lower[word..at].contains('@')
        };
        let has = |name: &str| lower.match_indices(name).take(64).any(|(at, _)| is_host(at));
        self.is_betrayed_by(lower) || self.0.names.iter().any(|name| has(name))
    }
}

impl PartialEq for Family {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Family {}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.key)
    }
}

show_as_displayed!(Family);

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.title)
    }
}
