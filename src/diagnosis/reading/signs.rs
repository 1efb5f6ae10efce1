//! Words by which programs show what they did, beside the commands themselves.

use super::clue::Clue;

/// Words of a text in lower case that show what was done, wherever they stand.
pub(super) const SIGNS: [(Clue, &[&str]); 8] = [
    (
        Clue::Password,
        &[
            "imap_open(",
            "imap_login_user",
            "retrying plain authentication",
            "retrying login authentication",
            "authenticate plain command",
            "authenticate login command",
            "password command failed",
            "ok login completed",
            "auth [login]",
            "auth [plain]",
            "authmech [login]",
            "authmech [plain]",
            "plain: b'",
            "login: b'",
            "login using login username",
            "login using login password",
            "login using plain",
            "login using cram-md5",
            "smtp.login(",
            "server.login(",
            "imap.login(",
            "mail.login(",
            "basic authentication",
            "basic auth ",
        ],
    ),
    (
        Clue::Token,
        &[
            "authenticate xoauth2",
            "authenticate oauthbearer",
            "authenticate('xoauth2'",
            "authenticate(\"xoauth2\"",
            "login using xoauth2",
            "authmech [xoauth2]",
            "auth_type=xoauth2",
            "auth_type: xoauth2",
            "mechanism xoauth2",
            "mechanism: xoauth2",
            "sasl xoauth2",
            "using xoauth2",
            "xoauth2 authentication",
            "saslmechanismoauth",
            "bearer token",
        ],
    ),
    (
        Clue::Unencrypted,
        &[
            "isssl false",
            "ssl=false,starttls=false",
            "encryption: none",
            "use_ssl: false",
            "ssl: false",
            "/notls",
            "/novalidate-cert/notls",
        ],
    ),
    (
        Clue::TlsAtOnce,
        &[
            "ssl://",
            "isssl true",
            "imaps://",
            "smtps://",
            "pop3s://",
            "/imap/ssl",
            "/pop3/ssl",
            "ssl=true",
            "sslonconnect",
            "smtp_ssl(",
        ],
    ),
    (Clue::Starttls, &["starttls=true", "/tls}", "smtp+starttls", "starttls command", "secureSocketOptions.starttls"]),
    (
        Clue::AppOnly,
        &[
            "client_credentials",
            "clientcredential",
            "acquiretokenforclient",
            "acquire_token_for_client",
            "/.default",
            "app-only",
            "application permission",
            "serviceprincipal",
        ],
    ),
    (
        Clue::Personal,
        &[
            "live.com",
            "/consumers/",
            "9188040d-6c67-4c5b-b112-36a304b66dad",
            "@outlook.com",
            "@hotmail.",
            "@live.",
            "@msn.com",
            "personal microsoft account",
            "personal account",
        ],
    ),
    (
        Clue::Refresh,
        &["refresh_token", "refreshtoken", "refresh token", "refreshing", "tokenstore::refresh", "acquiretokensilent"],
    ),
];

/// Words that say that a sign-in worked.
pub(super) const WORKED: [&str; 7] = [
    "authenticate completed",
    "login completed",
    "235 2.7.0",
    "authentication successful",
    "session invalidated",
    "successfully logged in",
    "successfully authenticated",
];

/// Words that say that something is tried once more.
pub(super) const AGAIN: [&str; 4] = ["retry", "retrying", "again", "attempt 2"];
