//! Azure Pipelines: the server is asked for a token of a service connection, with the job's own access token.

use zeroize::Zeroizing;

use super::ask;
use super::source::{Source, World};
use super::wrong::{self, fault};
use crate::failure::Failure;
use crate::finding_code::FindingCode;
use crate::profile::{EndpointUrl, FederatedSource};

/// Where the server is asked.
const URL: &str = "SYSTEM_OIDCREQUESTURI";
/// What it is asked with; a job has it only where its step maps it.
const TOKEN: &str = "SYSTEM_ACCESSTOKEN";
/// The service connection of a task that has one.
const CONNECTION: &str = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";
const VERSION: &str = "7.1";
const KIND: FederatedSource = FederatedSource::AzurePipelines;

pub(super) struct AzurePipelines {
    pub(super) service_connection: Option<String>,
}

impl Source for AzurePipelines {
    /// The server knows the audience itself.
    fn token(&self, _: &str, world: &World) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let missing = |variable: &'static str, case: &'static str| {
            fault(FindingCode::FEDERATED_VARIABLE_MISSING, KIND).case(case).with("variable", variable)
        };
        let base = world.text(URL).ok_or_else(|| missing(URL, "pipelines-elsewhere"))?;
        let token = world.secret(TOKEN).ok_or_else(|| missing(TOKEN, "pipelines-token"))?;
        let connection = self.service_connection.clone().or_else(|| world.text(CONNECTION));
        let connection = connection.ok_or_else(|| missing(CONNECTION, "pipelines-connection"))?;
        let base: EndpointUrl = base.parse().map_err(|invalid| wrong::address(URL, KIND, &invalid))?;
        let url = ask::with_query(&base, &[("api-version", VERSION), ("serviceConnectionId", &connection)])?;
        // A page to sign in at would be the answer without the second header.
        let headers = [("authorization", &**ask::bearer(&token)), ("x-tfs-fedauthredirect", "Suppress")];
        let request = ask::request("POST", &url, &headers)?;
        let answer = ask::answer(&world.http, KIND, &url, request)?;
        ask::token(&world.http, KIND, &answer, "oidcToken")
    }
}
