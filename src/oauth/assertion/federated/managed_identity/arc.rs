//! Azure Arc: the agent answers the first request with the name of a file that only administrators and its own group can
//! read. Who can read it is given the token (its protocol is what Microsoft's libraries do).

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::finding_code::FindingCode;
use crate::net::HttpClient;
use crate::oauth::assertion::federated::ask;
use crate::oauth::assertion::federated::patience;
use crate::oauth::assertion::federated::source::World;
use crate::oauth::assertion::federated::wrong::fault;
use crate::profile::{EndpointUrl, FederatedSource};
use crate::text::{Redactor, Shown};

/// Where the agent listens, where no variable names it.
pub(super) const ENDPOINT: &str = "http://localhost:40342/metadata/identity/oauth2/token";
const KIND: FederatedSource = FederatedSource::ManagedIdentity;
const VERSION: &str = "2020-06-01";
/// The largest key, in bytes.
const KEY_LIMIT: u64 = 4096;

/// Where the agent puts its keys; no file elsewhere is read.
#[must_use]
pub(crate) fn keys() -> PathBuf {
    if cfg!(windows) {
        let data = crate::environment::raw("ProgramData").unwrap_or_else(|| r"C:\ProgramData".into());
        PathBuf::from(data).join("AzureConnectedMachineAgent").join("Tokens")
    } else {
        PathBuf::from("/var/opt/azcmagent/tokens")
    }
}

/// Whether the agent is installed.
pub(super) fn has_agent() -> bool {
    if cfg!(windows) {
        let programs = crate::environment::raw("ProgramFiles").unwrap_or_else(|| r"C:\Program Files".into());
        PathBuf::from(programs).join("AzureConnectedMachineAgent").join("himds.exe").exists()
    } else {
        Path::new("/opt/azcmagent/bin/himds").exists()
    }
}

/// A token of the machine's own identity.
pub(super) fn token(
    world: &World,
    http: &HttpClient,
    endpoint: &EndpointUrl,
    audience: &str,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let url = ask::with_query(endpoint, &[("api-version", VERSION), ("resource", audience)])?;
    let once = || ask::answer(http, KIND, &url, ask::request("GET", &url, &[("metadata", "true")])?);
    let challenge = patience::ask(world, http, patience::is_busy, once)?;
    if challenge.status != 401 {
        return ask::token(http, KIND, &challenge, "access_token");
    }
    let named = challenge.challenge.as_deref().and_then(realm);
    let named = named.ok_or_else(|| wrong("it names no file".into()))?;
    let key = key(Path::new(named), &world.arc_keys)?;
    let secret = SecretString::from(key.as_str());
    http.transcript().redactor().learn(&secret);
    let basic = Zeroizing::new(format!("Basic {}", key.as_str()));
    let request = ask::request("GET", &url, &[("metadata", "true"), ("authorization", &basic)])?;
    let answer = ask::answer(http, KIND, &url, request)?;
    ask::token(http, KIND, &answer, "access_token")
}

/// The path in `Basic realm=PATH`.
fn realm(challenge: &str) -> Option<&str> {
    let (scheme, rest) = challenge.trim().split_once(' ')?;
    let path = rest.trim().strip_prefix("realm=")?.trim_matches('"');
    (scheme.eq_ignore_ascii_case("basic") && !path.is_empty()).then_some(path)
}

/// The key in the file that the agent names: in its own folder, a file of its own kind, and small.
fn key(named: &Path, keys: &Path) -> Result<Zeroizing<String>, Failure> {
    let name = named.file_name().filter(|_| named.extension().is_some_and(|end| end == "key"));
    let path = name.map(|name| keys.join(name)).filter(|path| path == named);
    let Some(path) = path else {
        let named = Redactor::by_shape(&named.display().to_string());
        return Err(wrong(shown!("it names {}, which is not a .key file in {}", named, keys)));
    };
    let failed = |error: io::Error| wrong(shown!("{}: {}", path, error));
    let file = fs::symlink_metadata(&path).map_err(failed)?;
    if !file.is_file() || file.len() > KEY_LIMIT {
        return Err(wrong(shown!("{} is not a regular file of at most {} bytes", path, KEY_LIMIT)));
    }
    let mut text = Zeroizing::new(String::with_capacity(KEY_LIMIT as usize + 1));
    fs::File::open(&path).and_then(|file| file.take(KEY_LIMIT + 1).read_to_string(&mut text)).map_err(failed)?;
    let is_key = !text.trim().is_empty() && text.trim().bytes().all(|byte| byte.is_ascii_graphic());
    if !is_key {
        return Err(wrong(shown!("{} holds no key", path)));
    }
    Ok(Zeroizing::new(text.trim().to_owned()))
}

fn wrong(reason: Shown) -> Failure {
    fault(FindingCode::FEDERATED_ARC_CHALLENGE, KIND).with("reason", reason).into()
}
