//! GitHub Actions, and Forgejo, whose runners keep the same contract: the job asks its runner for a token, where the workflow
//! lets it (`permissions: id-token: write`; at Forgejo `enable-openid-connect: true`).

use zeroize::Zeroizing;

use super::ask;
use super::source::{Source, World};
use super::wrong::{self, fault};
use crate::failure::Failure;
use crate::finding_code::FindingCode;
use crate::profile::{EndpointUrl, FederatedSource};

/// Where the runner is asked; it ends with a query.
const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
/// What it is asked with.
const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const KIND: FederatedSource = FederatedSource::Github;

pub(super) struct GitHub;

impl Source for GitHub {
    fn token(&self, audience: &str, world: &World) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let missing = |variable: &'static str| {
            let is_job = world.text("GITHUB_ACTIONS").as_deref() == Some("true");
            let case = if is_job { "github-denied" } else { "github-elsewhere" };
            fault(FindingCode::FEDERATED_VARIABLE_MISSING, KIND).case(case).with("variable", variable)
        };
        let base = world.text(URL).ok_or_else(|| missing(URL))?;
        let token = world.secret(TOKEN).ok_or_else(|| missing(TOKEN))?;
        let base: EndpointUrl = base.parse().map_err(|invalid| wrong::address(URL, KIND, &invalid))?;
        let url = ask::with_query(&base, &[("audience", audience)])?;
        let request = ask::request("GET", &url, &[("authorization", &ask::bearer(&token))])?;
        let answer = ask::answer(&world.http, KIND, &url, request)?;
        ask::token(&world.http, KIND, &answer, "value")
    }
}
