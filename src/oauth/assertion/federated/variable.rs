//! An environment variable.

use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::source::{Source, World};
use super::wrong::fault;
use crate::failure::Failure;
use crate::finding_code::FindingCode;
use crate::profile::FederatedSource;
use crate::text::Redactor;

pub(super) struct Variable {
    pub(super) name: String,
}

impl Source for Variable {
    fn token(&self, audience: &str, world: &World) -> Result<Zeroizing<Vec<u8>>, Failure> {
        read(&self.name, audience, FederatedSource::Variable, world)
    }
}

/// The token in the variable `name`, which a job is to be given for `audience`.
pub(super) fn read(
    name: &str,
    audience: &str,
    source: FederatedSource,
    world: &World,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let token = world.secret(name).ok_or_else(|| {
        fault(FindingCode::FEDERATED_VARIABLE_MISSING, source)
            .with("variable", Redactor::by_shape(name))
            .with("audience", Redactor::by_shape(audience))
    })?;
    Ok(Zeroizing::new(token.expose_secret().as_bytes().to_vec()))
}
