//! As much of Google's sign-in as a service account needs, below `/google`: the token endpoint for assertions of service
//! accounts, the Security Token Service, and the part of the IAM API that signs for an account.

mod iam;
mod sts;
mod token;

use serde_json::{Value, json};

use crate::http::{Request, Response};
use crate::jwt::Signer;
use crate::world::{World, random_text};

/// The service account's address.
pub const SERVICE_ACCOUNT: &str = "mail-checker@practice-project.iam.gserviceaccount.com";
/// Its unique ID, which an administrator delegates to.
pub const UNIQUE_ID: &str = "104857600000000000042";
/// The workload identity pool's provider, as `audience` names it.
pub const PROVIDER: &str =
    "//iam.googleapis.com/projects/420042004200/locations/global/workloadIdentityPools/practice/providers/jobs";

/// Google's tokens live an hour.
const LONGEST: i64 = 3_599;

/// What administrators have set up at Google.
#[derive(Debug, Clone, Default)]
pub struct Google {
    /// The scopes that the Workspace has delegated to the service account.
    pub delegated: Vec<String>,
    /// The issuer that the pool's provider trusts.
    pub trusted_issuer: Option<String>,
    /// The subjects that may sign for the service account (roles/iam.serviceAccountTokenCreator).
    pub creators: Vec<String>,
}

/// What is behind an access token of Google's that is not for mail.
#[derive(Debug, Clone)]
pub struct Federated {
    pub subject: String,
}

/// Answers one request below `/google`.
pub fn serve(world: &World, request: &Request, path: &[&str]) -> Option<Response> {
    match (request.method.as_str(), path) {
        ("POST", ["token"]) => Some(token::answer(world, request)),
        ("POST", ["v1", "token"]) => Some(sts::answer(world, request)),
        ("POST", ["v1", "projects", "-", "serviceAccounts", call]) => Some(iam::answer(world, request, call)),
        _ => None,
    }
}

/// The address of the token endpoint, which `aud` names.
pub fn token_endpoint(world: &World) -> String {
    format!("{}/google/token", world.authority)
}

/// The key of the service account.
pub fn key(world: &World) -> &Signer {
    world.service_account_key.get_or_init(|| Signer::rsa("5e471cea00000000000000000000000000000001"))
}

/// An access token and how many seconds it lives, as all three endpoints give them.
fn new_token(world: &World) -> (String, i64) {
    let lifetime = world.state().access_lifetime.as_secs();
    (format!("ya29.{}", random_text(120)), i64::try_from(lifetime).map_or(LONGEST, |seconds| seconds.min(LONGEST)))
}

/// A refusal of the token endpoint and of the Security Token Service.
fn refused(status: u16, error: &str, description: &str) -> Response {
    Response::json(status, &json!({ "error": error, "error_description": description }))
}

/// What a file in place of a key tells a client of Google's: where the subject token is, and whom to ask for what.
pub fn external_account(world: &World, subject_token_file: &std::path::Path) -> Value {
    let base = format!("{}/google/v1", world.authority);
    json!({
        "type": "external_account",
        "audience": PROVIDER,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{base}/token"),
        "service_account_impersonation_url":
            format!("{base}/projects/-/serviceAccounts/{SERVICE_ACCOUNT}:generateAccessToken"),
        "credential_source": { "file": subject_token_file, "format": { "type": "text" } },
    })
}

/// The file with the service account's key; `None` where this platform makes no RSA keys.
pub fn key_file(world: &World) -> Option<Value> {
    let key = key(world);
    Some(json!({
        "type": "service_account",
        "project_id": "practice-project",
        "private_key_id": key.id(),
        "private_key": key.private_key_pem()?,
        "client_email": SERVICE_ACCOUNT,
        "client_id": UNIQUE_ID,
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token_endpoint(world),
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "universe_domain": "googleapis.com",
    }))
}
