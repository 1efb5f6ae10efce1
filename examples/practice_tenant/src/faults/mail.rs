//! What goes wrong where mail is read.

use super::Stage::{Inside, SignIn};
use super::Wording::{Composed, Documented, Reported, Seen};
use super::{Fault, Protocol, Row, Stage, Words};

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
    Row {
        name: "imap-quota-warning",
        meaning: "the mailbox is nearly full, and the server says so at every turn",
        finding: "-",
        wording: Reported,
        fault: Fault::Untagged("* NO [ALERT] Mailbox is at 97% of quota"),
    },
    Row {
        name: "imap-news",
        meaning: "the server tells news that it was not asked for",
        finding: "-",
        wording: Documented,
        fault: Fault::Untagged(
            "* 1 FETCH (FLAGS (\\Seen))\r\n* QUOTA \"\" (STORAGE 10 512)\r\n* CAPABILITY IMAP4rev1 ID",
        ),
    },
    Row {
        name: "imap-search-behind",
        meaning: "the server's index does not know new mail yet",
        finding: "-",
        wording: Seen,
        fault: Fault::SearchFindsNothing,
    },
    Row {
        name: "imap-search-refused",
        meaning: "the server cannot search for headers",
        finding: "-",
        wording: Seen,
        fault: Fault::SearchRefused,
    },
    Row {
        name: "pop3-no-capa",
        meaning: "the POP3 server does not say what it can do",
        finding: "-",
        wording: Seen,
        fault: Fault::NoCapa,
    },
    Row {
        name: "pop3-no-sasl",
        meaning: "the POP3 server lists how to sign in at AUTH only",
        finding: "-",
        wording: Seen,
        fault: Fault::NoSaslInCapa(true),
    },
    Row {
        name: "pop3-no-list",
        meaning: "the POP3 server does not say how to sign in",
        finding: "-",
        wording: Seen,
        fault: Fault::NoSaslInCapa(false),
    },
];
