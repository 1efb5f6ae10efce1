//! Flags that would do nothing: refused with the reason, because a flag that is taken is believed.

use super::super::CommandError;
use super::flags::{AppFlags, MailboxFlags};
use crate::profile::{App, Credential, Mailbox};
use crate::report::ExitCode;

/// Refuses what the flags say of a part that `app` or `mailbox` does not have. `has_source` tells whether a flag names
/// a source of the secret.
///
/// # Errors
/// The first flag without an effect.
pub(super) fn refuse(
    app_flags: &AppFlags,
    flags: &MailboxFlags,
    has_source: bool,
    app: &App,
    mailbox: &Mailbox,
) -> Result<(), CommandError> {
    let name = &mailbox.name;
    let is_public = app.credential == Credential::None;
    let public = format!("app '{}' is a public client, which has no secret", app.name);
    let rows: [(bool, &[(&str, bool)], &str, &str); 3] = [
        (
            mailbox.incoming.is_none(),
            &flags.incoming_details(),
            &format!("mailbox '{name}' has no incoming side"),
            "--incoming imap or --incoming pop3",
        ),
        (
            mailbox.outgoing.is_none(),
            &flags.outgoing_details(),
            &format!("mailbox '{name}' has no outgoing side"),
            "--outgoing smtp",
        ),
        (
            is_public,
            &[
                ("--secret-stdin, --secret-env or --secret-file", has_source),
                ("--expires", app_flags.expires.is_some()),
            ],
            &public,
            "--credential secret",
        ),
    ];
    for (is_absent, details, why, instead) in rows {
        let flag = details.iter().find(|(_, is_given)| *is_given);
        if let Some((flag, _)) = flag.filter(|_| is_absent) {
            return Err(CommandError::new(
                "flag-without-effect",
                ExitCode::Usage,
                format!("{flag} would do nothing: {why}. Nothing was changed."),
                vec![format!("Leave it out, or add {instead}: mailgrant add {name} {instead}")],
            ));
        }
    }
    Ok(())
}

impl MailboxFlags {
    fn incoming_details(&self) -> [(&'static str, bool); 3] {
        [
            ("--incoming-host", self.incoming_host.is_some()),
            ("--incoming-port", self.incoming_port.is_some()),
            ("--incoming-tls", self.incoming_tls.is_some()),
        ]
    }

    fn outgoing_details(&self) -> [(&'static str, bool); 3] {
        [
            ("--outgoing-host", self.outgoing_host.is_some()),
            ("--outgoing-port", self.outgoing_port.is_some()),
            ("--outgoing-tls", self.outgoing_tls.is_some()),
        ]
    }

    /// Whether a flag says how mail is read, so that the protocol need not be asked for.
    pub(super) fn says_incoming(&self) -> bool {
        self.incoming_details().iter().any(|(_, is_given)| *is_given)
    }

    /// Whether a flag says how mail is sent.
    pub(super) fn says_outgoing(&self) -> bool {
        self.outgoing_details().iter().any(|(_, is_given)| *is_given)
    }
}
