//! Issuers outside the tenant: a runner that hands its jobs tokens of who they are, as GitHub's does, and the issuers of
//! other services. Each has its address, its metadata (OpenID Connect Discovery 1.0 §3) and its key.

use serde_json::{Value, json};

use crate::faults::Fault;
use crate::http::{Request, Response};
use crate::jwt::PublicKey;
use crate::world::{World, new_guid, now};

/// The name of the runner's issuer.
pub const ACTIONS: &str = "actions";

/// What the runner says of the job that it runs.
#[derive(Debug, Clone)]
pub struct Job {
    pub owner: String,
    pub owner_id: String,
    pub repository: String,
    pub repository_id: String,
    /// `environment:NAME`, `ref:refs/heads/NAME`, `pull_request`.
    pub context: String,
    /// Whether the subject names the IDs too, which stay when a repository is renamed.
    pub immutable: bool,
    /// How many seconds its tokens live.
    pub lifetime: i64,
}

impl Default for Job {
    fn default() -> Self {
        Self {
            owner: "Contoso".to_owned(),
            owner_id: "9919".to_owned(),
            repository: "mail".to_owned(),
            repository_id: "1296269".to_owned(),
            context: "ref:refs/heads/main".to_owned(),
            immutable: false,
            lifetime: 300,
        }
    }
}

impl Job {
    /// The subject of its tokens.
    pub fn subject(&self) -> String {
        let Self { owner, owner_id, repository, repository_id, context, .. } = self;
        match self.immutable {
            true => format!("repo:{owner}@{owner_id}/{repository}@{repository_id}:{context}"),
            false => format!("repo:{owner}/{repository}:{context}"),
        }
    }
}

/// The address of the issuer called `name`.
pub fn address(world: &World, name: &str) -> String {
    format!("{}/issuers/{name}", world.authority)
}

/// The key that the issuer at this address publishes, if it is one of ours.
pub fn published_key(world: &World, issuer: &str) -> Option<PublicKey> {
    let name = issuer.strip_prefix(&format!("{}/issuers/", world.authority))?;
    is_name(name).then(|| world.issuer_key().public_key())
}

/// A token of the issuer called `name`; `more` are further claims, or others than the usual.
pub fn token(world: &World, name: &str, subject: &str, audience: &str, lifetime: i64, more: &Value) -> String {
    let time = now().as_second();
    let mut claims = json!({
        "iss": address(world, name), "sub": subject, "aud": audience, "jti": new_guid(),
        "iat": time, "nbf": time - 5, "exp": time + lifetime,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    let token = world.issuer_key().sign(&claims);
    world.state().other_secrets.push(token.clone());
    token
}

/// `/issuers/{name}/…`: the metadata and the keys.
pub fn serve(world: &World, request: &Request, name: &str, rest: &[&str]) -> Option<Response> {
    let issuer = address(world, name);
    match (request.method.as_str(), rest) {
        ("GET", [".well-known", "openid-configuration"]) if is_name(name) => Some(Response::json(
            200,
            &json!({
                "issuer": issuer,
                "jwks_uri": format!("{issuer}/keys"),
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [world.issuer_key().algorithm()],
            }),
        )),
        ("GET", ["keys"]) if is_name(name) => Some(Response::json(200, &world.issuer_key().key_set())),
        _ => None,
    }
}

/// What `ACTIONS_ID_TOKEN_REQUEST_URL` leads to: the job's bearer token for a token of the issuer, with the audience that
/// the address was given more.
pub fn hand_out(world: &World, request: &Request) -> Response {
    let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let (job, expected) = {
        let state = world.state();
        (state.job.clone(), state.runner_token.clone())
    };
    if bearer != Some(expected.as_str()) || world.faults.is_on(Fault::RunnerRefuses) {
        return Response::json(401, &json!({ "$id": "1", "message": "The token is not valid.", "errorCode": 0 }));
    }
    if request.query.get("api-version").is_none() {
        world.surprise("runner: the request address was not used as it was given");
    }
    let usual = format!("https://github.com/{}", job.owner);
    let audience = request.query.get("audience").unwrap_or(&usual);
    let more = json!({
        "repository": format!("{}/{}", job.owner, job.repository),
        "repository_id": job.repository_id,
        "repository_owner": job.owner,
        "repository_owner_id": job.owner_id,
        "runner_environment": "github-hosted",
    });
    let lifetime = if world.faults.is_on(Fault::RunnerTokenOld) { -3_600 } else { job.lifetime };
    let value = token(world, ACTIONS, &job.subject(), audience, lifetime, &more);
    Response::json(200, &json!({ "count": value.len(), "value": value }))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
