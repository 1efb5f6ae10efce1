//! The store for the secrets of what is added: tried before the first question, so that no answer is lost to it.

use crate::config::ProfileDocument;
use crate::context::Context;
use crate::environment;
use crate::error::CommandError;
use crate::failure::StoreFault;
use crate::profile::{Profile, StoreKind, StoreSpec};
use crate::secrets::{self, RecordKey, SecretStore};

/// The store that is used.
pub(super) struct Chosen {
    /// What opens it.
    pub(super) spec: StoreSpec,
    /// What the profile is to say of it, so that later commands open the same one.
    pub(super) noted: Option<StoreKind>,
    /// Whether a key was made for it.
    pub(super) has_new_key: bool,
}

/// The store of `document`'s profile. At a terminal it is tried, and a vault is offered where there is no keyring; in a dry
/// run nothing is offered, because nothing would be made.
///
/// # Errors
/// What the store says.
pub(super) fn choose(document: &ProfileDocument, is_dry_run: bool, context: &Context) -> Result<Chosen, CommandError> {
    let profile = document.profile();
    let spec = profile.secrets.clone();
    let is_open = spec.store.is_none();
    // A variable is said once for all commands; a flag would have to be said with each.
    let by_flag = context.store_choice.filter(|_| environment::raw("MAILGRANT_STORE").is_none());
    let noted = by_flag.filter(|kind| is_open && is_empty(profile) && *kind != StoreKind::default());
    if !context.prompter.is_interactive() || is_dry_run {
        return Ok(Chosen { spec, noted, has_new_key: false });
    }
    let chosen = StoreSpec { store: noted.or(spec.store), ..spec.clone() };
    match secrets::open(&spec.chosen(context.store_choice), profile, context.world())?.check_open() {
        Ok(()) => Ok(Chosen { spec: chosen, noted, has_new_key: false }),
        Err(fault @ StoreFault::Absent { .. }) if is_open && context.store_choice.is_none() => {
            let vault = StoreSpec { store: Some(StoreKind::Vault), ..spec };
            match offer_vault(&vault, profile, context)? {
                Offered::Taken { has_new_key } => {
                    Ok(Chosen { spec: vault, noted: Some(StoreKind::Vault), has_new_key })
                }
                Offered::Left => Err(fault.into()),
            }
        }
        Err(fault @ StoreFault::NoKey { .. }) => match offer_key(&chosen, context)? {
            true => Ok(Chosen { spec: chosen, noted, has_new_key: true }),
            false => Err(fault.into()),
        },
        Err(fault) => Err(fault.into()),
    }
}

/// Whether no secret of the profile can be anywhere yet.
fn is_empty(profile: &Profile) -> bool {
    profile.apps.is_empty() && profile.mailboxes.is_empty()
}

/// What became of an offer.
enum Offered {
    Taken {
        has_new_key: bool,
    },
    /// The person does not want it, or it could not be made.
    Left,
}

/// Offers the vault in place of a keyring, and makes its key where there is none. Where the profile's secrets may be
/// elsewhere the vault is not offered.
fn offer_vault(spec: &StoreSpec, profile: &Profile, context: &Context) -> Result<Offered, CommandError> {
    let vault = secrets::open(spec, profile, context.world())?;
    let question = if is_empty(profile) {
        shown!(
            "There is no keyring on this machine (normal on servers). Keep the secrets in an encrypted vault file instead?"
        )
    } else if holds_all(vault.as_ref(), profile)? {
        shown!(
            "There is no keyring on this machine, and the {} holds this profile's client secrets. Use it from now on?",
            vault.describe()
        )
    } else {
        return Ok(Offered::Left);
    };
    let wanted = context.prompter.offer(&question).map_err(|error| CommandError::unasked(&error, "--store vault"))?;
    if !wanted {
        return Ok(Offered::Left);
    }
    match vault.check_open() {
        Ok(()) => Ok(Offered::Taken { has_new_key: false }),
        Err(StoreFault::NoKey { .. }) if !secrets::is_vault_made(spec, context.world()) => {
            new_key(spec, context)?;
            Ok(Offered::Taken { has_new_key: true })
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Whether the vault has the client secret of every app that has one.
fn holds_all(vault: &dyn SecretStore, profile: &Profile) -> Result<bool, CommandError> {
    let Some(keys) = vault.keys()? else { return Ok(false) };
    let mut apps = profile.apps.values().filter(|app| app.handed_over().is_some()).peekable();
    Ok(apps.peek().is_some() && apps.all(|app| keys.contains(&RecordKey::App(app.name.clone()))))
}

/// Offers a key for a vault that is to be made; false where there is a vault already, which no new key opens.
fn offer_key(spec: &StoreSpec, context: &Context) -> Result<bool, CommandError> {
    if secrets::is_vault_made(spec, context.world()) {
        return Ok(false);
    }
    let file = secrets::vault_key_file(spec, context.world());
    let question = shown!("There is no key for the encrypted vault yet. Make {}?", file);
    let wanted = context.prompter.offer(&question).map_err(|error| CommandError::unasked(&error, "--store keyring"))?;
    if wanted {
        new_key(spec, context)?;
    }
    Ok(wanted)
}

fn new_key(spec: &StoreSpec, context: &Context) -> Result<(), CommandError> {
    let file = secrets::vault_key_file(spec, context.world());
    secrets::new_vault_key(&file)?;
    context.prompter.say(&shown!("The vault's key is {}: store a copy of it in a safe place.", file));
    Ok(())
}
