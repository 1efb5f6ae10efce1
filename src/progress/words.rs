//! What is being done at a step, in words.

use crate::report::Stage;

/// What is being done at `stage`; the server's name follows.
pub(super) fn doing(stage: Stage) -> &'static str {
    match stage {
        Stage::Profile => "reading the profile",
        Stage::SecretStore => "reading the secret store",
        Stage::Authorize => "waiting for the sign-in at",
        Stage::TokenEndpoint | Stage::Token => "waiting for a token from",
        Stage::Preflight | Stage::Identity => "reading the token",
        Stage::Dns => "looking up",
        Stage::Tcp => "connecting to",
        Stage::Tls => "TLS handshake with",
        Stage::Greeting => "waiting for the greeting of",
        Stage::Capabilities => "asking what it can do:",
        Stage::Authentication => "signing in to",
        Stage::Folder => "opening the inbox at",
        Stage::Latest => "reading the newest messages at",
        Stage::Sender => "offering the sender to",
        Stage::Recipient => "offering the recipient to",
        Stage::Message => "sending the message to",
        Stage::Arrival => "waiting for the message to arrive at",
        Stage::Rotation => "changing the client secret",
        Stage::Directory => "asking the directory",
        Stage::FederatedToken => "fetching the federated token",
        Stage::Permissions => "looking at files",
        Stage::Trust => "reading the certificate authorities",
        Stage::Proxy => "connecting through the proxy to",
        Stage::Clock => "asking for the time at",
    }
}
