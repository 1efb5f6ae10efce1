//! `federated`: which keys belong to which source of tokens.

use std::path::Path;

use toml::Spanned;

use crate::config::error::{Checked, Problem, missing};
use crate::config::file::FederatedFile;
use crate::profile::{FederatedFrom, FederatedSource, FederatedSpec, IdentityId, Invalid, is_guid};
use crate::text::is_unprintable;

/// The longest value of a key: Microsoft takes audiences of up to 600 characters.
const LONGEST: usize = 1000;

/// Checks `federated`; relative paths start from `base`.
///
/// # Errors
/// The first value that does not fit.
pub(super) fn spec(file: &Spanned<FederatedFile>, base: &Path) -> Checked<FederatedSpec> {
    let place = file.span();
    let file = file.get_ref();
    let kinds = FederatedSource::ALL.map(|kind| format!("\"{}\"", kind.key())).join(", ");
    let kind = file
        .source
        .as_ref()
        .ok_or_else(|| missing("federated.source", &place, &format!("write source = one of {kinds}")))?;
    let kind = *kind.get_ref();
    refuse_foreign(file, kind)?;
    let needed = |key: &'static str, value: &Option<Spanned<String>>, instead: &str| {
        text(key, value)?.ok_or_else(|| missing(key, &place, instead))
    };
    let source = match kind {
        FederatedSource::Github => FederatedFrom::GitHub,
        FederatedSource::Gitlab => {
            let instead = "write variable = the name that id_tokens of the job gives to the token";
            FederatedFrom::GitLab { variable: variable(needed("federated.variable", &file.variable, instead)?, file)? }
        }
        FederatedSource::Variable => {
            let instead = "write variable = the name of the environment variable";
            FederatedFrom::Variable { name: variable(needed("federated.variable", &file.variable, instead)?, file)? }
        }
        FederatedSource::AzurePipelines => FederatedFrom::AzurePipelines {
            service_connection: text("federated.service_connection", &file.service_connection)?,
        },
        FederatedSource::File => FederatedFrom::File { path: file.file.as_ref().map(|path| base.join(path.get_ref())) },
        FederatedSource::ManagedIdentity => FederatedFrom::ManagedIdentity { identity: identity(file)? },
        FederatedSource::Command => {
            let instead = "write command = [\"program\", \"argument\"]";
            let argv = file.command.as_ref().ok_or_else(|| missing("federated.command", &place, instead))?;
            if argv.get_ref().first().is_none_or(|program| program.trim().is_empty()) {
                let invalid = Invalid::new("it names no program", instead);
                return Err(Problem::new("federated.command", argv.span(), invalid));
            }
            FederatedFrom::Command { argv: argv.get_ref().clone() }
        }
    };
    Ok(FederatedSpec { from: source, audience: text("federated.audience", &file.audience)? })
}

/// Refuses a key that belongs to another source.
fn refuse_foreign(file: &FederatedFile, kind: FederatedSource) -> Checked<()> {
    use FederatedSource::{AzurePipelines, Command, File, Gitlab, ManagedIdentity, Variable};
    let FederatedFile { source: _, audience: _, variable, file, command, identity, service_connection } = file;
    let keys = [
        ("federated.variable", variable.as_ref().map(Spanned::span), &[Gitlab, Variable][..]),
        ("federated.file", file.as_ref().map(Spanned::span), &[File]),
        ("federated.command", command.as_ref().map(Spanned::span), &[Command]),
        ("federated.identity", identity.as_ref().map(Spanned::span), &[ManagedIdentity]),
        ("federated.service_connection", service_connection.as_ref().map(Spanned::span), &[AzurePipelines]),
    ];
    for (key, span, kinds) in keys {
        let Some(span) = span.filter(|_| !kinds.contains(&kind)) else { continue };
        let whose =
            kinds.iter().map(|kind| format!("federated.source = \"{}\"", kind.key())).collect::<Vec<_>>().join(" or ");
        let invalid = Invalid::new(format!("it belongs to {whose} only"), format!("remove {key}"));
        return Err(Problem::new(key, span, invalid));
    }
    Ok(())
}

/// A value of one line.
fn text(key: &'static str, value: &Option<Spanned<String>>) -> Checked<Option<String>> {
    let Some(value) = value else { return Ok(None) };
    let text = value.get_ref().as_str();
    if text.trim().is_empty()
        || text.chars().count() > LONGEST
        || text.chars().any(|c| is_unprintable(c) || c.is_whitespace())
    {
        let problem = format!("it is empty, longer than {LONGEST} characters, or holds blanks or control characters");
        return Err(Problem::new(
            key,
            value.span(),
            Invalid::new(problem, "write it as it is shown where it comes from"),
        ));
    }
    Ok(Some(text.to_owned()))
}

/// The name of a variable: where it is something else, it may be the token itself, and is not repeated.
fn variable(name: String, file: &FederatedFile) -> Checked<String> {
    let is_name = name.len() <= 100 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(name);
    }
    let invalid = Invalid::new(
        "this is not the name of an environment variable",
        "write the name alone, as in variable = \"MAIL_ID_TOKEN\"; the token itself is never in this file",
    );
    Err(Problem::new("federated.variable", file.variable.as_ref().map_or(0..0, Spanned::span), invalid))
}

/// Which managed identity: by its client ID, its resource ID, or its object ID behind `object:`.
fn identity(file: &FederatedFile) -> Checked<Option<IdentityId>> {
    let Some(id) = text("federated.identity", &file.identity)? else { return Ok(None) };
    if id.starts_with("/subscriptions/") {
        return Ok(Some(IdentityId::Resource(id)));
    }
    let (named, is_object) = id.strip_prefix("object:").map_or((id.as_str(), false), |id| (id, true));
    if is_guid(named) {
        let named = named.to_owned();
        return Ok(Some(if is_object { IdentityId::Object(named) } else { IdentityId::Client(named) }));
    }
    let invalid = Invalid::new(
        "this is neither a client ID (a GUID) nor a resource ID (/subscriptions/…) nor object: with an object ID",
        "copy the Client ID from the Overview page of the managed identity",
    );
    Err(Problem::new("federated.identity", file.identity.as_ref().map_or(0..0, Spanned::span), invalid))
}
