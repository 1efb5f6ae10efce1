use std::io::Cursor;

use secrecy::SecretString;

use super::*;

/// A proxy's side from memory, in pieces of one byte.
struct Script {
    replies: Cursor<Vec<u8>>,
    sent: Vec<u8>,
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let one = buffer.len().min(1);
        self.replies.read(&mut buffer[..one])
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn name() -> Destination {
    Destination::Name("mail.example".to_owned(), 993)
}

fn address(text: &str) -> Destination {
    Destination::Address(text.parse().unwrap())
}

fn ann() -> Credential {
    Credential { user: "ann".into(), password: SecretString::from("pass") }
}

/// The result, what was sent, and what is left of the replies.
fn asked(
    version: u8,
    destination: &Destination,
    credential: Option<&Credential>,
    replies: &[u8],
) -> (io::Result<Result<(), ProxyFault>>, Vec<u8>, Vec<u8>) {
    let mut script = Script { replies: Cursor::new(replies.to_vec()), sent: Vec::new() };
    let result = match version {
        4 => connect_4(&mut script, destination, credential),
        _ => connect_5(&mut script, destination, credential),
    };
    let mut left = Vec::new();
    script.replies.read_to_end(&mut left).unwrap();
    (result, script.sent, left)
}

#[test]
fn what_is_sent_is_the_standards_and_what_follows_the_reply_is_left() {
    let name_in = |before: &[u8], after: &[u8]| [before, b"mail.example", after].concat();
    let with_password = [&[5, 2, 0, 2, 1, 3][..], b"ann", &[4], b"pass", &[5, 1, 0, 1, 192, 0, 2, 1, 3, 0xe1]].concat();
    for (version, destination, credential, sent, replies) in [
        (4, address("192.0.2.1:993"), None, vec![4, 1, 3, 0xe1, 192, 0, 2, 1, 0], &[0, 90, 0, 0, 0, 0, 0, 0][..]),
        (4, name(), None, name_in(&[4, 1, 3, 0xe1, 0, 0, 0, 1, 0], &[0]), &[0, 90, 0, 0, 0, 0, 0, 0]),
        (
            4,
            address("192.0.2.1:993"),
            Some(ann()),
            vec![4, 1, 3, 0xe1, 192, 0, 2, 1, b'a', b'n', b'n', 0],
            &[0, 90, 0, 0, 0, 0, 0, 0],
        ),
        (5, name(), None, name_in(&[5, 1, 0, 5, 1, 0, 3, 12], &[3, 0xe1]), &[5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
        (5, name(), None, name_in(&[5, 1, 0, 5, 1, 0, 3, 12], &[3, 0xe1]), &[5, 0, 5, 0, 0, 3, 2, b'h', b'o', 0, 0]),
        (
            5,
            address("[2001:db8::1]:993"),
            None,
            [&[5, 1, 0, 5, 1, 0, 4, 0x20, 1, 0x0d, 0xb8][..], &[0; 11], &[1, 3, 0xe1]].concat(),
            &[5, 0, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ),
        (5, address("192.0.2.1:993"), Some(ann()), with_password, &[5, 2, 1, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ] {
        let (result, said, left) = asked(version, &destination, credential.as_ref(), &[replies, b"* OK"].concat());
        assert_eq!(result.unwrap(), Ok(()), "{destination:?}");
        assert_eq!(said, sent, "{destination:?}");
        assert_eq!(left, b"* OK", "{destination:?}");
    }
}

#[test]
fn every_no_is_told_apart() {
    use ProxyFault::{HostNotReached, NotUnderstood, Refused, Unsupported, WantsSignIn};
    let kind = |version, destination: &Destination, credential: Option<Credential>, replies: &[u8]| match asked(
        version,
        destination,
        credential.as_ref(),
        replies,
    )
    .0
    {
        Err(error) => format!("{:?}", error.kind()),
        Ok(Ok(())) => "yes".to_owned(),
        Ok(Err(fault)) => match fault {
            WantsSignIn { .. } => "sign in".to_owned(),
            Refused { .. } => "refused".to_owned(),
            HostNotReached { .. } => "host".to_owned(),
            NotUnderstood { .. } => "not understood".to_owned(),
            Unsupported { .. } => "unsupported".to_owned(),
            other => format!("{other:?}"),
        },
    };
    for (version, replies, expected) in [
        (4, &[0, 91, 0, 0, 0, 0, 0, 0][..], "host"),
        (4, &[0, 92, 0, 0, 0, 0, 0, 0], "sign in"),
        (4, b"HTTP/1.1 400 Bad\r\n", "not understood"),
        (4, &[0, 90, 0], "UnexpectedEof"),
        (4, &[], "UnexpectedEof"),
        (5, &[5, 0xff], "sign in"),
        (5, &[5, 2], "sign in"),
        (5, &[5, 1], "not understood"),
        (5, b"HTTP/1.1 400 Bad\r\n", "not understood"),
        (5, &[5, 0, 5, 1], "refused"),
        (5, &[5, 0, 5, 2], "refused"),
        (5, &[5, 0, 5, 3], "host"),
        (5, &[5, 0, 5, 4], "host"),
        (5, &[5, 0, 5, 5], "host"),
        (5, &[5, 0, 5, 7], "refused"),
        (5, &[5, 0, 5, 200], "refused"),
        (5, &[5, 0, 5, 0, 0, 9], "not understood"),
        (5, &[5, 0, 5, 0, 0, 1, 0], "UnexpectedEof"),
    ] {
        assert_eq!(kind(version, &name(), None, replies), expected, "{version} {replies:?}");
    }
    assert_eq!(kind(5, &name(), Some(ann()), &[5, 2, 1, 1]), "sign in");
    assert_eq!(kind(4, &address("[2001:db8::1]:993"), None, &[]), "unsupported");
    let long = Destination::Name("x".repeat(256), 993);
    assert_eq!(kind(5, &long, None, &[5, 0]), "unsupported");
}
