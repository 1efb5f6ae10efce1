//! The vault: its contents, its cover, its key. What is accepted is written as it was read; a changed file is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailgrant::failure::StoreFault;
use mailgrant::fuzzing::{VaultView, open_vault, read_vault_key, seal_vault};
use mailgrant::secrets::SecretBytes;
use mailgrant_fuzz::{VAULT_KEY, choice, failure_shown, planted, planted_bytes};
use secrecy::SecretString;
use serde_json::Value;

fn fault_shown(fault: StoreFault) {
    failure_shown(&fault.into());
}

/// What a vault's JSON says, in the standard library's words.
fn names(plain: &[u8]) -> Vec<String> {
    let value: Value = serde_json::from_slice(plain).expect("what is accepted is JSON");
    value["records"].as_object().expect("it has records").keys().cloned().collect()
}

fn contents(plain: &[u8]) {
    let mut view = match VaultView::parse(plain) {
        Ok(view) => view,
        Err(fault) => return fault_shown(fault),
    };
    let written = view.to_json();
    let again = VaultView::parse(&written).unwrap_or_else(|fault| panic!("{fault:?}"));
    for name in names(&written) {
        match (view.get(&name), again.get(&name)) {
            (Ok(before), Ok(after)) => {
                assert!(before.is_some() && before.map(|b| b.expose().to_vec()) == after.map(|a| a.expose().to_vec()));
            }
            (Err(before), Err(after)) => assert_eq!(before, after),
            _ => panic!("{name:?} changed by being written"),
        }
    }
    assert_eq!(*again.to_json(), *written);
    view.set("app:new".to_owned(), &SecretBytes::new(plain.to_vec()));
    let written = view.to_json();
    let again = VaultView::parse(&written).unwrap_or_else(|fault| panic!("{fault:?}"));
    let found = again.get("app:new").unwrap_or_else(|fault| panic!("{fault:?}"));
    assert_eq!(found.map(|found| found.expose().to_vec()).as_deref(), Some(plain));
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let key = SecretString::from(VAULT_KEY);
    match choice & 3 {
        0 => contents(&planted_bytes(rest)),
        1 => {
            // Nobody without the key makes a file that opens.
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
