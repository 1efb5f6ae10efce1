//! GitLab CI/CD: `id_tokens` of a job names a variable and the audience of the token in it.

use zeroize::Zeroizing;

use super::source::{Source, World};
use super::variable;
use crate::failure::Failure;
use crate::profile::FederatedSource;

pub(super) struct GitLab {
    pub(super) variable: String,
}

impl Source for GitLab {
    fn token(&self, audience: &str, world: &World) -> Result<Zeroizing<Vec<u8>>, Failure> {
        variable::read(&self.variable, audience, FederatedSource::Gitlab, world)
    }
}
