//! Managed identities of Azure: the platform of a machine gives out tokens of the identity that is assigned to it. Each
//! platform has a way of its own, and says by variables that it is there.
//!
//! None of them is behind a proxy, and the addresses of most are plain http: they are on the machine itself or on its own
//! network link, which no router passes on (RFC 3927 §7).

mod arc;

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

pub(super) use self::arc::keys as arc_keys;
use super::ask;
use super::patience;
use super::source::{Source, World};
use super::wrong::{self, fault};
use crate::failure::{CredentialFault, Failure};
use crate::finding_code::FindingCode;
use crate::net::{HttpClient, HttpResponse};
use crate::profile::{EndpointUrl, FederatedSource, IdentityId};
use crate::text::Redactor;

const KIND: FederatedSource = FederatedSource::ManagedIdentity;
/// The instance metadata service of virtual machines.
const IMDS: &str = "http://169.254.169.254";
/// Another address for it, as Microsoft's libraries read it.
const IMDS_VARIABLE: &str = "AZURE_POD_IDENTITY_AUTHORITY_HOST";

/// What a platform says of an identity that it does not have, in small letters.
const NOT_FOUND: &str = "identity not found";

pub(super) struct ManagedIdentity {
    pub(super) identity: Option<IdentityId>,
}

/// A platform, and what it is asked with.
enum Platform {
    /// Service Fabric; its certificate is known by its thumbprint alone.
    ServiceFabric,
    /// App Service, Functions, Container Apps, Automation.
    AppService { endpoint: EndpointUrl, secret: SecretString },
    /// Machine Learning.
    MachineLearning { endpoint: EndpointUrl, secret: SecretString },
    /// A machine elsewhere with Azure Arc's agent.
    Arc { endpoint: EndpointUrl },
    /// A virtual machine, or a scale set.
    Machine { endpoint: EndpointUrl },
}

/// How a platform is asked.
struct Way<'a> {
    endpoint: &'a EndpointUrl,
    query: &'a [(&'a str, &'a str)],
    headers: &'a [(&'static str, &'a str)],
    /// Whether it may answer otherwise in a moment.
    is_passing: fn(&HttpResponse) -> bool,
}

impl Platform {
    /// The one that this process runs on, in the order of Microsoft's libraries.
    fn here(world: &World) -> Result<Self, Failure> {
        let (endpoint, header) = (world.text("IDENTITY_ENDPOINT"), world.secret("IDENTITY_HEADER"));
        if endpoint.is_some() && header.is_some() && world.text("IDENTITY_SERVER_THUMBPRINT").is_some() {
            return Ok(Self::ServiceFabric);
        }
        if let (Some(endpoint), Some(secret)) = (&endpoint, header) {
            return Ok(Self::AppService { endpoint: address("IDENTITY_ENDPOINT", endpoint)?, secret });
        }
        if let (Some(endpoint), Some(secret)) = (world.text("MSI_ENDPOINT"), world.secret("MSI_SECRET")) {
            return Ok(Self::MachineLearning { endpoint: address("MSI_ENDPOINT", &endpoint)?, secret });
        }
        if let (Some(endpoint), Some(_)) = (&endpoint, world.text("IMDS_ENDPOINT")) {
            return Ok(Self::Arc { endpoint: address("IDENTITY_ENDPOINT", endpoint)? });
        }
        if arc::has_agent() {
            return Ok(Self::Arc { endpoint: address("IDENTITY_ENDPOINT", arc::ENDPOINT)? });
        }
        let host = world.text(IMDS_VARIABLE).unwrap_or_else(|| IMDS.to_owned());
        let endpoint = format!("{}/metadata/identity/oauth2/token", host.trim_end_matches('/'));
        Ok(Self::Machine { endpoint: address(IMDS_VARIABLE, &endpoint)? })
    }
}

/// The address of a platform that `variable` names.
fn address(variable: &'static str, text: &str) -> Result<EndpointUrl, Failure> {
    EndpointUrl::of_platform(text).map_err(|invalid| wrong::address(variable, KIND, &invalid).into())
}

impl Source for ManagedIdentity {
    fn token(&self, audience: &str, world: &World) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let http = world.http.directly(ask::NEARBY);
        let identity = self.identity.as_ref();
        match Platform::here(world)? {
            Platform::ServiceFabric => Err(unsupported().with("platform", "Service Fabric").into()),
            Platform::AppService { endpoint, secret } => {
                let headers = [("x-identity-header", secret.expose_secret()), ("metadata", "true")];
                let query = query("2019-08-01", audience, identity, ["client_id", "object_id", "mi_res_id"]);
                let way = Way { endpoint: &endpoint, query: &query, headers: &headers, is_passing: patience::is_busy };
                self.ask(world, &http, &way)
            }
            Platform::MachineLearning { endpoint, secret } => {
                let query = query("2017-09-01", audience, identity, ["clientid", "object_id", "mi_res_id"]);
                let headers = [("secret", secret.expose_secret())];
                let way = Way { endpoint: &endpoint, query: &query, headers: &headers, is_passing: patience::is_busy };
                self.ask(world, &http, &way)
            }
            Platform::Arc { endpoint } => {
                if identity.is_some() {
                    return Err(unsupported().case("arc").with("platform", "Azure Arc").into());
                }
                arc::token(world, &http, &endpoint, audience)
            }
            Platform::Machine { endpoint } => {
                let query = query("2018-02-01", audience, identity, ["client_id", "object_id", "msi_res_id"]);
                let headers = [("metadata", "true")];
                self.ask(world, &http, &Way { endpoint: &endpoint, query: &query, headers: &headers, is_passing })
            }
        }
    }
}

impl ManagedIdentity {
    /// Asks the platform, and again while what it says is passing.
    fn ask(&self, world: &World, http: &HttpClient, way: &Way<'_>) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let url = ask::with_query(way.endpoint, way.query)?;
        let once = || ask::answer(http, KIND, &url, ask::request("GET", &url, way.headers)?);
        let answer = patience::ask(world, http, way.is_passing, once)?;
        let words = ask::words(http, &answer).unwrap_or_default().to_ascii_lowercase();
        let code = match answer.status {
            200 => return ask::token(http, KIND, &answer, "access_token"),
            _ if words.contains("multiple user assigned identities") => FindingCode::FEDERATED_SEVERAL_IDENTITIES,
            400 | 404 if words.contains(NOT_FOUND) => FindingCode::FEDERATED_IDENTITY_NOT_FOUND,
            _ => return Err(ask::refused(http, KIND, &answer)),
        };
        let told = fault(code, KIND);
        let told = match &self.identity {
            Some(identity) => told.case("named").with("identity", Redactor::by_shape(identity.as_str())),
            None => told,
        };
        let failure = Failure::from(told);
        Err(match ask::words(http, &answer) {
            Some(words) => failure.said(words),
            None => failure,
        })
    }
}

/// Whether the metadata service of a machine may answer otherwise in a moment: it says 404 and 410 too while it is renewed, and 404
/// also of an identity.
fn is_passing(answer: &HttpResponse) -> bool {
    let is_of_identity = || String::from_utf8_lossy(&answer.body).to_ascii_lowercase().contains(NOT_FOUND);
    patience::is_busy(answer) || answer.status == 410 || answer.status == 404 && !is_of_identity()
}

/// The parameters of a request; `names` are what the platform calls a client ID, an object ID and a resource ID.
fn query<'a>(
    version: &'a str,
    audience: &'a str,
    identity: Option<&'a IdentityId>,
    names: [&'a str; 3],
) -> Vec<(&'a str, &'a str)> {
    let [client, object, resource] = names;
    let own = identity.map(|identity| match identity {
        IdentityId::Client(id) => (client, id.as_str()),
        IdentityId::Object(id) => (object, id.as_str()),
        IdentityId::Resource(id) => (resource, id.as_str()),
    });
    [("api-version", version), ("resource", audience)].into_iter().chain(own).collect()
}

fn unsupported() -> CredentialFault {
    fault(FindingCode::FEDERATED_IDENTITY_UNSUPPORTED, KIND)
}
