//! The vault: a record, the one file of before, the cover, the key. A record is read as it was written and under its own
//! name alone; a changed file is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailgrant::failure::StoreFault;
use mailgrant::fuzzing::{VaultView, compose_record, open_as_record, open_vault, read_vault_key, seal_vault};
use mailgrant_fuzz::{VAULT_KEY, choice, failure_shown, planted, planted_bytes};
use secrecy::SecretString;
use serde_json::Value;

fn fault_shown(fault: StoreFault) {
    failure_shown(&fault.into());
}

/// The one file of before: what is accepted is JSON, and each of its records is there or is refused.
fn contents(plain: &[u8]) {
    let view = match VaultView::parse(plain) {
        Ok(view) => view,
        Err(fault) => return fault_shown(fault),
    };
    let value: Value = serde_json::from_slice(plain).expect("what is accepted is JSON");
    let records = value["records"].as_object().expect("it has records");
    assert_eq!(view.names().count(), records.len());
    for name in view.names() {
        match view.get(name) {
            Ok(record) => assert!(record.is_some(), "{name:?} is named and not there"),
            Err(fault) => fault_shown(fault),
        }
    }
}

fn record(key: &SecretString, plain: &[u8]) {
    let entry = "mailbox:shop";
    if let Err(fault) = open_as_record(key, entry, plain) {
        fault_shown(fault);
    }
    let written = compose_record(entry, plain);
    let read = open_as_record(key, entry, &written).unwrap_or_else(|fault| panic!("{fault:?}"));
    assert_eq!(read.expose(), plain);
    let other = open_as_record(key, "mailbox:office", &written).err().expect("another's record was opened");
    fault_shown(other);
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let key = SecretString::from(VAULT_KEY);
    match choice & 3 {
        0 => {
            contents(&planted_bytes(rest));
            record(&key, &planted_bytes(rest));
        }
        1 => {
            // Without the key, no file can be made that opens.
            if let Err(fault) = open_vault(&key, rest) {
                fault_shown(fault);
            }
        }
        2 => {
            let Some((&[high, low, flip], plain)) = rest.split_first_chunk() else { return };
            let mut sealed = seal_vault(&key, plain).unwrap_or_else(|fault| panic!("{fault:?}"));
            let opened = open_vault(&key, &sealed).unwrap_or_else(|fault| panic!("{fault:?}"));
            assert_eq!(*opened, plain);
            let at = usize::from(u16::from_be_bytes([high, low])) % sealed.len();
            if flip == 0 {
                sealed.truncate(at);
            } else {
                sealed[at] ^= flip;
            }
            let fault = open_vault(&key, &sealed).expect_err("a changed vault was opened");
            fault_shown(fault);
        }
        _ => {
            let text = planted(rest);
            match read_vault_key(&SecretString::from(text.clone())) {
                Ok(count) => assert!(count > 0 && count <= text.lines().count()),
                Err(fault) => fault_shown(fault),
            }
        }
    }
});
