//! What goes wrong where mail is sent.

use super::Stage::{Greeting, Message, Recipient, Sender, SignIn};
use super::Wording::{Composed, Documented, Reported, Seen};
use super::{Fault, Protocol, Row, Stage, Words};

const fn smtp(at: Stage, words: &'static str) -> Fault {
    Fault::Mail(Words { protocol: Protocol::Smtp, at, words, hangs_up: false })
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
        meaning: "the SMTP server has no space for a long token",
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
        fault: smtp(Greeting, "421 4.3.2 Service not active"),
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
        name: "message-id-replaced",
        meaning: "each mail gets another Message-ID, with the old one beside it (Outlook.com)",
        finding: "-",
        wording: Reported,
        fault: Fault::MessageIdReplaced(Some("X-Microsoft-Original-Message-ID")),
    },
    Row {
        name: "message-id-dropped",
        meaning: "each mail gets another Message-ID (Amazon SES)",
        finding: "-",
        wording: Reported,
        fault: Fault::MessageIdReplaced(None),
    },
];
