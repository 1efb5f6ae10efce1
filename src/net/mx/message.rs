//! The query and its answer on the wire (RFC 1035 §4). The answer is a stranger's: its size, its names and its pointers
//! are bounded, and a part that does not fit makes all of it worthless.

use std::io;

/// The most that a datagram without extensions holds (RFC 1035 §4.2.1).
pub(super) const LARGEST_DATAGRAM: usize = 512;
/// The length of the header (RFC 1035 §4.1.1).
const HEADER: usize = 12;
/// The longest name on the wire (RFC 1035 §3.1).
const LONGEST_NAME: usize = 255;
/// The longest label (RFC 1035 §3.1).
const LONGEST_LABEL: usize = 63;
/// More records of an answer than this are not read.
const MOST_RECORDS: u16 = 64;

const TYPE_CNAME: u16 = 5;
const TYPE_MX: u16 = 15;
const CLASS_IN: u16 = 1;

/// The flags of a response (QR), a failed one (RCODE) and one that was cut (TC), and of a question to a resolver (RD).
const RESPONSE: u16 = 0x8000;
const OPCODE: u16 = 0x7800;
const TRUNCATED: u16 = 0x0200;
const RECURSION: u16 = 0x0100;
const RCODE: u16 = 0x000f;
/// There is no such domain: an answer too (RFC 1035 §4.1.1).
const NO_SUCH_NAME: u16 = 3;

/// A question for the MX records of a domain.
pub(super) struct Query {
    bytes: Vec<u8>,
    name: String,
}

/// What a server answers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The hosts, the preferred ones first.
    Hosts(Vec<String>),
    /// There is more than fits.
    Truncated,
    /// The server could not tell.
    Failed,
}

impl Query {
    /// # Errors
    /// If `domain` is not a name that DNS can carry, or the system has no random numbers.
    pub(super) fn new(domain: &str) -> io::Result<Self> {
        let mut id = [0; 2];
        // An answer must repeat it, so that others cannot answer without having seen the question (RFC 5452 §4).
        getrandom::fill(&mut id).map_err(|error| io::Error::other(error.to_string()))?;
        let name = domain.trim_end_matches('.').to_ascii_lowercase();
        let mut bytes = [&id[..], &RECURSION.to_be_bytes(), &[0, 1, 0, 0, 0, 0, 0, 0]].concat();
        for label in name.split('.') {
            let length =
                u8::try_from(label.len()).ok().filter(|length| (1..=LONGEST_LABEL).contains(&usize::from(*length)));
            bytes.push(length.filter(|_| label.is_ascii()).ok_or(io::ErrorKind::InvalidInput)?);
            bytes.extend(label.bytes());
        }
        bytes.push(0);
        if bytes.len() - HEADER > LONGEST_NAME {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        bytes.extend(TYPE_MX.to_be_bytes());
        bytes.extend(CLASS_IN.to_be_bytes());
        Ok(Self { bytes, name })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads `message`.
    ///
    /// # Errors
    /// If it is not an answer to this question.
    pub(super) fn read(&self, message: &[u8]) -> io::Result<Answer> {
        let mut reader = Reader { message, at: 0 };
        let id = reader.take(2)?;
        let flags = reader.number()?;
        let [questions, answers, _, _] = [reader.number()?, reader.number()?, reader.number()?, reader.number()?];
        let is_ours = id == &self.bytes[..2] && flags & RESPONSE != 0 && flags & OPCODE == 0 && questions == 1;
        if !is_ours || reader.name()? != self.name || reader.number()? != TYPE_MX || reader.number()? != CLASS_IN {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if flags & TRUNCATED != 0 {
            return Ok(Answer::Truncated);
        }
        match flags & RCODE {
            0 => {}
            NO_SUCH_NAME => return Ok(Answer::Hosts(Vec::new())),
            _ => return Ok(Answer::Failed),
        }
        let mut owner = self.name.clone();
        let mut found: Vec<(u16, String)> = Vec::new();
        for _ in 0..answers.min(MOST_RECORDS) {
            let (name, kind, class) = (reader.name()?, reader.number()?, reader.number()?);
            reader.take(4)?;
            let length = usize::from(reader.number()?);
            let end = reader.at + length;
            if class == CLASS_IN && name == owner {
                match kind {
                    TYPE_MX => found.push((reader.number()?, reader.name()?)),
                    // The records that follow are of the name behind the alias (RFC 1034 §3.6.2).
                    TYPE_CNAME => owner = reader.name()?,
                    _ => {}
                }
                if reader.at > end {
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
            reader.at = reader.at.min(end);
            reader.take(end - reader.at)?;
        }
        found.sort();
        // The root alone says that the domain takes no mail (RFC 7505).
        Ok(Answer::Hosts(found.into_iter().map(|(_, host)| host).filter(|host| !host.is_empty()).collect()))
    }
}

/// Reads a message from its beginning.
struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let end = self.at.checked_add(length).ok_or(io::ErrorKind::InvalidData)?;
        let taken = self.message.get(self.at..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.at = end;
        Ok(taken)
    }

    fn number(&mut self) -> io::Result<u16> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// A name in lower case, without the dot at its end. A pointer leads to an earlier place alone (RFC 1035 §4.1.4), so that
    /// each way through them ends.
    fn name(&mut self) -> io::Result<String> {
        let mut name = String::new();
        let mut after = None;
        let mut earliest = self.at;
        loop {
            let length = self.take(1)?[0];
            match length >> 6 {
                0 if length == 0 => break,
                0 => {
                    let label = self.take(usize::from(length))?;
                    // Letters, digits, dashes and underscores are all that names of hosts have; nothing is obeyed in them.
                    if !label.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                    if !name.is_empty() {
                        name.push('.');
                    }
                    name.extend(label.iter().map(|b| char::from(b.to_ascii_lowercase())));
                    if name.len() > LONGEST_NAME {
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                }
                3 => {
                    let target = usize::from(length & 0x3f) << 8 | usize::from(self.take(1)?[0]);
                    after.get_or_insert(self.at);
                    if target >= earliest {
                        return Err(io::ErrorKind::InvalidData.into());
                    }
                    (self.at, earliest) = (target, target);
                }
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        self.at = after.unwrap_or(self.at);
        Ok(name)
    }
}

#[cfg(test)]
mod tests;
