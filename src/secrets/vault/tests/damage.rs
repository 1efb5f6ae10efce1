//! Records that were damaged, swapped or written by a newer version.

use super::*;
use crate::text::{Redactor, Shown};

fn damage(fault: Option<StoreFault>) -> String {
    match fault {
        Some(StoreFault::Damaged { what }) => what.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_damaged_record_is_told_from_a_wrong_key_never_overwritten_and_can_be_removed() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    home.store().put(&office(), &value("two")).unwrap();
    let good = fs::read(home.record()).unwrap();
    let flipped = |index: usize| {
        let mut bytes = good.clone();
        bytes[index] ^= 1;
        bytes
    };
    let header_end = good.windows(4).position(|window| window == b"\n---").unwrap();
    let bad = [
        vec![],
        b"canary".to_vec(),
        b"-----BEGIN AGE ENCRYPTED FILE-----\n".to_vec(),
        good[..10].to_vec(),
        good[..good.len() - 1].to_vec(),
        [&good[..], b"x"].concat(),
        flipped(0),
        flipped(header_end + 8),
        flipped(good.len() - 1),
        seal(&home.identities(), b"{\"schema\":1}").unwrap(),
        seal(&home.identities(), b"canary").unwrap(),
    ];
    for (index, bytes) in bad.iter().enumerate() {
        files::write_atomic(&home.record(), bytes, Privacy::Secret).unwrap();
        let what = damage(home.store().get(&shop()).err());
        assert!(!what.contains("canary") && what.contains("mailbox-shop.age"), "{index}: {what}");
        damage(home.store().put(&shop(), &value("y")).err());
        damage(home.store().reserve(&shop()).err());
        assert!(fs::read(home.record()).unwrap() == *bytes, "{index} was overwritten");
        // The others are none of its business.
        assert_eq!(text(&home.store(), &office()), Some("two".into()));
    }
    assert!(home.store().delete(&shop()).unwrap());
    assert_eq!(text(&home.store(), &shop()), None);
}

#[test]
fn files_that_were_swapped_are_refused_with_both_names_and_stay() {
    let home = Home::new();
    home.store().put(&shop(), &value("one")).unwrap();
    home.store().put(&office(), &value("two")).unwrap();
    let other = home.records().join("mailbox-office.age");
    let (one, two) = (fs::read(home.record()).unwrap(), fs::read(&other).unwrap());
    fs::write(home.record(), &two).unwrap();
    fs::write(&other, &one).unwrap();
    let misfiled = |key: &RecordKey, holds: &RecordKey| StoreFault::Misfiled {
        path: home.records().join(record::file_name(key)),
        holds: Redactor::by_shape(&holds.entry_name()),
        expected: Redactor::by_shape(&key.entry_name()),
    };
    for (key, holds) in [(shop(), office()), (office(), shop())] {
        let expected = misfiled(&key, &holds);
        assert_eq!(home.store().get(&key).err(), Some(expected.clone()));
        assert_eq!(home.store().put(&key, &value("x")).err(), Some(expected.clone()));
        assert_eq!(home.store().delete(&key).err(), Some(expected));
    }
    assert_eq!((fs::read(home.record()).unwrap(), fs::read(&other).unwrap()), (two, one));
}

#[test]
fn a_newer_record_is_refused_with_its_number_and_stays() {
    let home = Home::new();
    home.store().put(&shop(), &value("x")).unwrap();
    let newer = seal(&home.identities(), b"mailgrant-record 2 [canary]\n").unwrap();
    files::write_atomic(&home.record(), &newer, Privacy::Secret).unwrap();
    let expected = StoreFault::Newer { what: Shown::of(home.record()), number: 2, known: 1 };
    assert_eq!(home.store().get(&shop()).err(), Some(expected.clone()));
    assert_eq!(home.store().put(&shop(), &value("x")).err(), Some(expected.clone()));
    assert_eq!(home.store().delete(&shop()).err(), Some(expected));
    assert_eq!(fs::read(home.record()).unwrap(), newer);
}
