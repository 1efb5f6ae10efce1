//! What goes wrong at the mail servers.

use super::Stage::{Greeting, Inside, Message, Recipient, Sender, SignIn};
use super::Wording::{Composed, Documented, Reported, Seen};
use super::{Fault, Protocol, Row, Stage, Words};

const fn smtp(at: Stage, words: &'static str) -> Fault {
    Fault::Mail(Words { protocol: Protocol::Smtp, at, words, hangs_up: false })
}

const fn imap(at: Stage, words: &'static str) -> Fault {
    Fault::Mail(Words { protocol: Protocol::Imap, at, words, hangs_up: false })
}

const fn pop3(at: Stage, words: &'static str) -> Fault {
    Fault::Mail(Words { protocol: Protocol::Pop3, at, words, hangs_up: false })
}

/// The same, and the connection is closed.
const fn and_hangs_up(fault: Fault) -> Fault {
    match fault {
        Fault::Mail(words) => Fault::Mail(Words { hangs_up: true, ..words }),
        other => other,
    }
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "smtp-auth-off-tenant",
        meaning: "authenticated SMTP is off for the organisation",
        finding: "exo-smtp-auth-disabled-tenant",
        wording: Documented,
        fault: smtp(
            SignIn,
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit \
             https://aka.ms/smtp_auth_disabled for more information. [smtp.contoso.example]",
        ),
    },
    Row {
        name: "smtp-auth-off-mailbox",
        meaning: "authenticated SMTP is off for the mailbox",
        finding: "exo-smtp-auth-disabled-mailbox",
        wording: Composed,
        fault: smtp(
            SignIn,
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit \
             https://aka.ms/smtp_auth_disabled for more information. [smtp.contoso.example]",
        ),
    },
    Row {
        name: "smtp-security-defaults",
        meaning: "security defaults refuse the sign-in at SMTP",
        finding: "exo-smtp-security-defaults",
        wording: Reported,
        fault: smtp(
            SignIn,
            "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. \
             Contact your administrator.",
        ),
    },
    Row {
        name: "smtp-policy",
        meaning: "conditional access refuses the sign-in at SMTP",
        finding: "exo-smtp-criteria-not-met",
        wording: Documented,
        fault: smtp(
            SignIn,
            "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated \
             successfully. Contact your administrator. [smtp.contoso.example]",
        ),
    },
    Row {
        name: "smtp-identity-refused",
        meaning: "Exchange does not accept who signs in at SMTP",
        finding: "exo-smtp-5-7-3",
        wording: Documented,
        fault: smtp(SignIn, "535 5.7.3 Authentication unsuccessful [smtp.contoso.example]"),
    },
    Row {
        name: "smtp-line-too-long",
        meaning: "the SMTP server has no room for a long token",
        finding: "smtp-line-too-long",
        wording: Documented,
        fault: smtp(SignIn, "500 5.5.2 Line too long"),
    },
    Row {
        name: "smtp-concurrent",
        meaning: "more than three connections send from the mailbox",
        finding: "exo-smtp-concurrent",
        wording: Documented,
        fault: smtp(
            SignIn,
            "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more \
             information. [Hostname=smtp.contoso.example]",
        ),
    },
    Row {
        name: "smtp-temporary",
        meaning: "the SMTP server cannot reach the mailbox's server",
        finding: "exo-smtp-temporary-server-error",
        wording: Reported,
        fault: smtp(
            SignIn,
            "451 4.7.0 Temporary server error. Please try again later. PRX4 [Hostname=smtp.contoso.example]",
        ),
    },
    Row {
        name: "smtp-busy",
        meaning: "the SMTP server takes no connections",
        finding: "exo-smtp-service-not-active",
        wording: Documented,
        fault: and_hangs_up(smtp(Greeting, "421 4.3.2 Service not active")),
    },
    Row {
        name: "smtp-xoauth2-not-offered",
        meaning: "the SMTP server offers passwords only",
        finding: "mechanism-not-offered",
        wording: Seen,
        fault: Fault::Offers(Protocol::Smtp, "LOGIN"),
    },
    Row {
        name: "smtp-no-auth",
        meaning: "the SMTP server offers no sign-in at all",
        finding: "mechanism-not-offered",
        wording: Seen,
        fault: Fault::Offers(Protocol::Smtp, ""),
    },
    Row {
        name: "smtp-sender-refused",
        meaning: "no right to send as this address (MAIL FROM)",
        finding: "exo-smtp-sendas-5-7-60",
        wording: Documented,
        fault: smtp(Sender, "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
    },
    Row {
        name: "smtp-account-blocked",
        meaning: "the account sent spam and is blocked",
        finding: "exo-smtp-bad-outbound-sender",
        wording: Documented,
        fault: smtp(Sender, "550 5.1.8 Access denied, bad outbound sender"),
    },
    Row {
        name: "smtp-tenant-blocked",
        meaning: "nothing is taken from this organisation any more",
        finding: "exo-smtp-tenant-threshold",
        wording: Documented,
        fault: smtp(Recipient, "550 5.7.708 Access denied, traffic not accepted from this IP"),
    },
    Row {
        name: "smtp-recipient-unknown",
        meaning: "the recipient does not exist",
        finding: "exo-smtp-recipient-unknown",
        wording: Documented,
        fault: smtp(Recipient, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
    },
    Row {
        name: "smtp-send-as-denied",
        meaning: "no right to send as this address (after the message)",
        finding: "exo-smtp-sendas-denied",
        wording: Documented,
        fault: smtp(
            Message,
            "554 5.2.252 SendAsDenied; shop@contoso.example not allowed to send as sales@contoso.example; \
             STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied; Failed to process message \
             due to a permanent exception",
        ),
    },
    Row {
        name: "smtp-quota-exceeded",
        meaning: "the mailbox has sent as much as it may in a day",
        finding: "exo-smtp-submission-quota",
        wording: Documented,
        fault: smtp(Message, "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException"),
    },
    Row {
        name: "smtp-mailbox-full",
        meaning: "the mailbox that sends is full",
        finding: "exo-smtp-mailbox-full",
        wording: Documented,
        fault: smtp(
            Message,
            "554 5.2.2 mailbox full; STOREDRV.Submission.Exception:QuotaExceededException.\
             MapiExceptionShutoffQuotaExceeded",
        ),
    },
    Row {
        name: "smtp-mailbox-not-opened",
        meaning: "Exchange cannot open the mailbox to send from it",
        finding: "exo-smtp-mailbox-logon-failure",
        wording: Composed,
        fault: smtp(Message, "430 4.2.0 STOREDRV; mailbox logon failure; Cannot open mailbox"),
    },
    Row {
        name: "imap-off",
        meaning: "IMAP is off for the mailbox",
        finding: "protocol-off-for-mailbox",
        wording: Documented,
        fault: imap(SignIn, "{tag} NO AUTHENTICATE failed."),
    },
    Row {
        name: "imap-not-connected",
        meaning: "IMAP takes the token and does not open the mailbox, while SMTP does",
        finding: "protocol-off-for-mailbox",
        wording: Reported,
        fault: and_hangs_up(imap(
            Inside,
            "{tag} BAD User is authenticated but not connected.\r\n* BYE Connection closed. 14",
        )),
    },
    Row {
        name: "imap-token-refused",
        meaning: "the token has run out or is malformed",
        finding: "exo-imap-command-error-10",
        wording: Reported,
        fault: imap(SignIn, "{tag} BAD Command Error. 10"),
    },
    Row {
        name: "imap-command-error",
        meaning: "Exchange does not say what it does not like",
        finding: "exo-imap-command-error-12",
        wording: Reported,
        fault: imap(Inside, "{tag} BAD Command Error. 12"),
    },
    Row {
        name: "imap-unavailable",
        meaning: "the mailbox's server cannot be reached",
        finding: "exo-imap-server-unavailable",
        wording: Reported,
        fault: imap(SignIn, "{tag} NO Server Unavailable. 15"),
    },
    Row {
        name: "imap-throttled",
        meaning: "too many requests; wait 300 seconds",
        finding: "exo-imap-throttled",
        wording: Reported,
        fault: imap(Inside, "{tag} BAD Request is throttled. Suggested Backoff Time: 299961 milliseconds"),
    },
    Row {
        name: "imap-bye",
        meaning: "Exchange ends the session by itself",
        finding: "exo-imap-bye-connection-closed",
        wording: Reported,
        fault: and_hangs_up(imap(Inside, "* BYE Connection is closed. 13")),
    },
    Row {
        name: "imap-invalid-state",
        meaning: "Exchange takes the session for one that is not signed in",
        finding: "exo-imap-invalid-state",
        wording: Composed,
        fault: imap(Inside, "{tag} BAD Command received in Invalid state."),
    },
    Row {
        name: "imap-folder-refused",
        meaning: "INBOX does not open",
        finding: "folder-refused",
        wording: Composed,
        fault: imap(Inside, "{tag} NO EXAMINE failed. The mailbox doesn't exist."),
    },
    Row {
        name: "imap-xoauth2-not-offered",
        meaning: "the IMAP server offers passwords only",
        finding: "mechanism-not-offered",
        wording: Seen,
        fault: Fault::Offers(Protocol::Imap, "PLAIN"),
    },
    Row {
        name: "imap-silent",
        meaning: "the IMAP server takes the connection and says nothing",
        finding: "timed-out",
        wording: Seen,
        fault: Fault::SilentImap,
    },
    Row {
        name: "pop3-off",
        meaning: "POP3 is off for the mailbox",
        finding: "protocol-off-for-mailbox",
        wording: Documented,
        fault: pop3(SignIn, "-ERR Authentication failure: unknown user name or bad password."),
    },
    Row {
        name: "pop3-protocol-error",
        meaning: "AUTH in one line, or a token that is too long",
        finding: "exo-pop3-protocol-error-10",
        wording: Documented,
        fault: and_hangs_up(pop3(SignIn, "-ERR Protocol error. Connection is closed. 10")),
    },
    Row {
        name: "pop3-wrong-port",
        meaning: "IMAP's port was spoken to in POP3, or the other way round",
        finding: "exo-pop3-protocol-error-19",
        wording: Reported,
        fault: pop3(SignIn, "-ERR Protocol error. 19"),
    },
    Row {
        name: "pop3-in-use",
        meaning: "another program has the mailbox open",
        finding: "pop3-in-use",
        wording: Composed,
        fault: pop3(SignIn, "-ERR [IN-USE] The mailbox is locked by another session."),
    },
    Row {
        name: "pop3-xoauth2-not-offered",
        meaning: "the POP3 server offers passwords only",
        finding: "mechanism-not-offered",
        wording: Seen,
        fault: Fault::Offers(Protocol::Pop3, "PLAIN"),
    },
    Row {
        name: "mailbox-gone",
        meaning: "the account has no mailbox: no licence, deleted, or on a server of your own",
        finding: "exo-imap-authenticated-not-connected",
        wording: Reported,
        fault: Fault::NoMailbox,
    },
    Row {
        name: "no-full-access",
        meaning: "Alice may not open the shared mailbox",
        finding: "shared-mailbox-without-full-access",
        wording: Reported,
        fault: Fault::NoDelegates,
    },
    Row {
        name: "access-tokens-expired",
        meaning: "the mail servers take every access token for expired",
        finding: "exo-imap-authenticate-failed",
        wording: Documented,
        fault: Fault::AccessTokensExpired,
    },
];
