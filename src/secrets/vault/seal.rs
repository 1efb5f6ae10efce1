//! The cover of a file: age encryption (`age-encryption.org/v1`, X25519, binary).

use std::io::Read;
use std::sync::{Mutex, PoisonError};

use age::x25519::Identity;
use zeroize::Zeroizing;

use crate::failure::StoreFault;
use crate::text::Redactor;

/// Held while a file is opened: age takes 64 KiB for each, and a command may begin with hundreds of mailboxes at once.
static OPENING: Mutex<()> = Mutex::new(());

/// Why a file does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unopened {
    /// It was made with another key.
    WrongKey,
    /// It is not what was written.
    Damaged(&'static str),
}

pub(super) fn seal(identities: &[Identity], plain: &[u8]) -> Result<Vec<u8>, StoreFault> {
    // The first identity is the one to write with; the others still open what was written with them.
    let first = identities.first().map(Identity::to_public);
    let recipient = first.ok_or_else(|| StoreFault::Other { reason: "the vault's key is empty".into() })?;
    age::encrypt(&recipient, plain).map_err(|error| StoreFault::Other {
        reason: shown!("the vault cannot be encrypted: {}", Redactor::by_shape(&error.to_string())),
    })
}

pub(super) fn open(identities: &[Identity], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unopened> {
    if sealed.starts_with(b"-----BEGIN AGE") {
        return Err(Unopened::Damaged("it is armored; write it without age's -a"));
    }
    let _one_at_a_time = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    let opened = age::Decryptor::new_buffered(sealed).map_err(|_| Unopened::Damaged("it is not an age file"))?;
    let mut reader = match opened.decrypt(identities.iter().map(|identity| identity as &dyn age::Identity)) {
        Ok(reader) => reader,
        Err(age::DecryptError::NoMatchingKeys) => return Err(Unopened::WrongKey),
        Err(_) => return Err(Unopened::Damaged("its header was changed or cut off")),
    };
    // The plain text is shorter than the encrypted one, so this never grows and leaves no copies.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.read_to_end(&mut plain).map_err(|_| Unopened::Damaged("it was changed or cut off"))?;
    Ok(plain)
}
