use proptest::prelude::*;

use super::*;

/// `contoso.com` as it is on the wire.
const CONTOSO: &[u8] = b"\x07contoso\x03com\x00";

fn query() -> Query {
    Query::new("Contoso.com").unwrap()
}

/// An answer to `query` with these flags and records; each name of a record is a pointer to the question's.
fn answer(query: &Query, flags: u16, records: &[(u16, &[u8])]) -> Vec<u8> {
    let mut message = query.bytes().to_vec();
    message[2..4].copy_from_slice(&flags.to_be_bytes());
    message[6..8].copy_from_slice(&u16::try_from(records.len()).unwrap().to_be_bytes());
    for (kind, data) in records {
        message.extend([0xc0, 12]);
        message.extend(kind.to_be_bytes());
        message.extend([0, 1, 0, 0, 1, 0]);
        message.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        message.extend(*data);
    }
    message
}

fn mx(preference: u8, name: &[u8]) -> Vec<u8> {
    [&[0, preference], name].concat()
}

fn hosts(message: &[u8], query: &Query) -> Vec<String> {
    match query.read(message).unwrap() {
        Answer::Hosts(hosts) => hosts,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_hosts_come_in_the_order_of_their_preference() {
    let query = query();
    assert!(query.bytes().windows(CONTOSO.len()).any(|window| window == CONTOSO));
    let records =
        [(15, mx(20, b"\x05ASPMX\x01l\x06google\xc0\x14")), (16, b"\x04text".to_vec()), (15, mx(5, b"\x02mx\xc0\x0c"))];
    let records: Vec<(u16, &[u8])> = records.iter().map(|(kind, data)| (*kind, data.as_slice())).collect();
    assert_eq!(hosts(&answer(&query, 0x8180, &records), &query), ["mx.contoso.com", "aspmx.l.google.com"]);
    // No mail is taken (RFC 7505).
    assert_eq!(hosts(&answer(&query, 0x8180, &[(15, &mx(0, b"\x00"))]), &query), [""; 0]);
    assert_eq!(hosts(&answer(&query, 0x8183, &[]), &query), [""; 0]);
}

#[test]
fn an_alias_is_followed_and_what_is_of_another_name_is_not_taken() {
    let query = query();
    let alias = (5, &b"\x01a\xc0\x0c"[..]);
    let mut message = answer(&query, 0x8180, &[alias]);
    message[7] = 3;
    let of = |owner: &[u8], name: &[u8]| {
        [owner, b"\x00\x0f\x00\x01\x00\x00\x00\x00\x00", &[u8::try_from(name.len() + 2).unwrap()], b"\x00\x01", name]
            .concat()
    };
    message.extend(of(b"\x01a\xc0\x0c", b"\x02mx\xc0\x0c"));
    message.extend(of(b"\x01b\xc0\x0c", b"\x04evil\xc0\x0c"));
    assert_eq!(hosts(&message, &query), ["mx.contoso.com"]);
}

#[test]
fn failures_are_told_from_answers() {
    let query = query();
    assert_eq!(query.read(&answer(&query, 0x8380, &[])).unwrap(), Answer::Truncated);
    assert_eq!(query.read(&answer(&query, 0x8182, &[])).unwrap(), Answer::Failed);
}

#[test]
fn what_is_not_an_answer_to_the_question_is_refused() {
    let query = query();
    let good = answer(&query, 0x8180, &[(15, &mx(5, b"\x02mx\xc0\x0c"))]);
    assert!(query.read(&good).is_ok());
    let changed = |at: usize, value: u8| {
        let mut message = good.clone();
        message[at] = value;
        message
    };
    let other_id = changed(0, good[0] ^ 1);
    // A query, another operation, two questions, another name, another type.
    for message in [other_id, changed(2, 0), changed(2, 0x88), changed(5, 2), changed(14, b'x'), changed(26, 1)] {
        assert!(query.read(&message).is_err(), "{message:?}");
    }
    for length in 0..good.len() {
        assert!(query.read(&good[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn pointers_never_lead_in_circles_and_names_stay_names() {
    let query = query();
    let at = u8::try_from(query.bytes().len() + 14).unwrap();
    for name in [
        &[0xc0, at][..],           // to itself
        &[0xc0, at + 2, 0xc0, at], // forwards
        &[0xff, 0xff],             // out of the message
        b"\x41abc",                // a label of an unknown kind
        b"\x03a\x1bb\x00",         // what a terminal would obey
        b"\x03a.b\x00",            // a dot that is none
        b"\x3fshort",              // longer than the message
    ] {
        let message = answer(&query, 0x8180, &[(15, &mx(5, name))]);
        assert!(query.read(&message).is_err(), "{name:?}");
    }
    // Longer than a name may be.
    let long = [b"\x3f".as_slice(), &[b'a'; 63]].concat().repeat(5);
    assert!(query.read(&answer(&query, 0x8180, &[(15, &mx(5, &[&long, &b"\x00"[..]].concat()))])).is_err());
    // The record says less than its name takes.
    let mut short = answer(&query, 0x8180, &[(15, &mx(5, b"\x02mx\xc0\x0c"))]);
    let length = query.bytes().len() + 11;
    short[length] = 3;
    assert!(query.read(&short).is_err());
}

#[test]
fn what_is_not_a_name_is_not_asked_for() {
    for domain in ["", "a..b", "m\u{fc}ller.de", &"a".repeat(64), &"abcdefg.".repeat(40)] {
        assert!(Query::new(domain).is_err(), "{domain}");
    }
    Query::new("contoso.com.").unwrap();
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused(mut message in prop::collection::vec(any::<u8>(), 0..600), header in any::<bool>()) {
        let query = query();
        if header {
            // Behind a good beginning, so that the records are reached.
            let good = answer(&query, 0x8180, &[(15, &[]), (15, &[]), (5, &[])]);
            message.splice(0..0, good[..query.bytes().len()].iter().copied());
        }
        if let Ok(Answer::Hosts(hosts)) = query.read(&message) {
            for host in hosts {
                prop_assert!(host.len() <= LONGEST_NAME && host.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
            }
        }
    }
}
