//! What Exchange knows of apps that open mailboxes as themselves.

use crate::mail_sign_in::Protocol;

/// The audience that an app asks for Exchange's protocols with.
pub const EXCHANGE: &str = "https://outlook.office365.com";

/// The application ID of Office 365 Exchange Online.
pub const EXCHANGE_APP: &str = "00000002-0000-0ff1-ce00-000000000000";

/// Exchange's application permissions for mail protocols, with their IDs in the directory. That of SMTP is this tenant's own
/// invention: no document was seen that has it.
pub const EXCHANGE_ROLES: [(&str, &str); 3] = [
    ("IMAP.AccessAsApp", "5e5addcd-3e8d-4e90-baf5-964efab2b20a"),
    ("POP.AccessAsApp", "cb842b43-da6e-4506-86fe-bb12199c656d"),
    ("SMTP.SendAsApp", "5a4d0000-0000-4000-8000-0000000005a5"),
];

/// The set-up that an administrator makes for an app without a person. As it is made, everything is done; each field takes
/// one step away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppOnly {
    /// Which application permissions of Exchange's the registration lists.
    pub permissions: Vec<&'static str>,
    /// Whether an administrator has consented to them. A token has `roles` only then.
    pub consent: bool,
    /// What `New-ServicePrincipal` was given.
    pub principal: Principal,
    /// `Add-MailboxPermission … -AccessRights FullAccess`: the mailboxes that the app may open.
    pub full_access: Vec<String>,
    /// `New-ManagementRoleAssignment -Role 'Application SMTP.SendAsApp'`: the mailboxes that it may send from with a token
    /// without roles.
    pub smtp_role: Vec<String>,
    /// `Set-CASMailbox`: the protocols that are off, for every mailbox.
    pub off: Vec<Protocol>,
}

/// The object ID by which Exchange knows an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// None: there was no `New-ServicePrincipal`.
    Missing,
    /// That of the app registration, which is not the one.
    OfRegistration,
    /// That of the enterprise application.
    OfEnterpriseApplication,
}

/// How far an app's own token gets at a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Exchange does not take it.
    Refused,
    /// Exchange takes it, and does not open the mailbox.
    NotConnected,
    /// The mailbox opens.
    Open,
}

impl AppOnly {
    /// All three protocols for these mailboxes.
    pub fn for_mailboxes(mailboxes: &[&str]) -> Self {
        Self {
            permissions: vec!["IMAP.AccessAsApp", "POP.AccessAsApp", "SMTP.SendAsApp"],
            consent: true,
            principal: Principal::OfEnterpriseApplication,
            full_access: mailboxes.iter().map(|&address| address.to_owned()).collect(),
            smtp_role: Vec::new(),
            off: Vec::new(),
        }
    }

    /// Nothing is done yet.
    pub fn nothing() -> Self {
        Self { permissions: Vec::new(), consent: false, principal: Principal::Missing, ..Self::for_mailboxes(&[]) }
    }

    /// The `roles` of a token for `audience`. Exchange's has several names.
    pub fn roles(&self, audience: &str) -> Vec<String> {
        const NAMES: [&str; 4] =
            [EXCHANGE, "https://outlook.office.com", "https://ps.outlook.com", "00000002-0000-0ff1-ce00-000000000000"];
        let is_exchange = NAMES.contains(&audience.trim_end_matches('/'));
        let names = self.permissions.iter().filter(|_| self.consent && is_exchange);
        names.map(|&name| name.to_owned()).collect()
    }

    /// How far a token with these roles gets in `mailbox`.
    pub fn reach(&self, protocol: Protocol, roles: &[String], mailbox: &str) -> Reach {
        let role = match protocol {
            Protocol::Imap => "IMAP.AccessAsApp",
            Protocol::Pop3 => "POP.AccessAsApp",
            Protocol::Smtp => "SMTP.SendAsApp",
        };
        let holds = |list: &[String]| list.iter().any(|address| address.eq_ignore_ascii_case(mailbox));
        let has_role = roles.iter().any(|name| name == role);
        let is_known = self.principal == Principal::OfEnterpriseApplication && !self.off.contains(&protocol);
        match (is_known, has_role, protocol) {
            (true, true, _) if holds(&self.full_access) => Reach::Open,
            // A claim makes Exchange look for the permission on the mailbox, whatever the role assignments say.
            (true, true, Protocol::Imap) => Reach::NotConnected,
            (true, false, Protocol::Smtp) if holds(&self.smtp_role) => Reach::Open,
            _ => Reach::Refused,
        }
    }
}
