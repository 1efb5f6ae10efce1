//! A file that a cluster keeps a token in, and renews: Kubernetes' projected service account tokens, and Azure's workload
//! identity. It is read at every use.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::source::{Source, World};
use super::wrong::fault;
use crate::failure::Failure;
use crate::finding_code::FindingCode;
use crate::jwt::TOKEN_LIMIT;
use crate::profile::FederatedSource;
use crate::text::Shown;

/// Azure's workload identity names the file here.
const VARIABLE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const KIND: FederatedSource = FederatedSource::File;

pub(super) struct File {
    pub(super) path: Option<PathBuf>,
}

impl Source for File {
    fn token(&self, _: &str, world: &World) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let path = self
            .path
            .clone()
            .or_else(|| world.text(VARIABLE).map(PathBuf::from))
            .ok_or_else(|| fault(FindingCode::FEDERATED_VARIABLE_MISSING, KIND).with("variable", VARIABLE))?;
        read(&path)
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let told = || fault(FindingCode::FEDERATED_FILE, KIND).with("path", path);
    let failed = |error: io::Error| {
        let told = told().with("reason", Shown::of(&error));
        if error.kind() == io::ErrorKind::NotFound { told.case("absent") } else { told }
    };
    // A cluster's file is a link to the newest one. What is not a file in the end, as a pipe, could be waited for.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(told().with("reason", "it is not a regular file").into());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(TOKEN_LIMIT + 2));
    fs::File::open(path).and_then(|file| file.take(TOKEN_LIMIT as u64 + 2).read_to_end(&mut bytes)).map_err(failed)?;
    Ok(bytes)
}
