//! One of several shares of all mailboxes: each mailbox is in exactly one, on every machine.

use std::fmt;
use std::str::FromStr;

use crate::profile::Invalid;
use crate::report::Share;

crate::show_as_displayed!(Shard);

/// One of several shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 0.
    index: u32,
    /// How many there are.
    count: u32,
}

impl Shard {
    /// Share `index`, from 0, of `count`; none where there is no such share.
    #[must_use]
    pub fn new(index: u32, count: u32) -> Option<Self> {
        (index < count && count <= Share::MOST).then_some(Self { index, count })
    }

    /// As reports have it.
    #[must_use]
    pub fn share(self) -> Share {
        Share { of: self.count, index: self.index + 1 }
    }

    /// Whether what is called `name` is in this share. It depends on the name and on the number of shares alone, so that other
    /// names that come or go change nothing.
    #[must_use]
    pub fn has(self, name: &str) -> bool {
        hash(name) % u64::from(self.count) == u64::from(self.index)
    }
}

/// FNV-1a with 64 bits, folded: the same on every machine and in every version.
fn hash(name: &str) -> u64 {
    let mixed = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    mixed ^ (mixed >> 32)
}

/// "2/4", counted from 1.
impl FromStr for Shard {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let parts = text.split_once('/').and_then(|(index, count)| Some((number(index)?, number(count)?)));
        let shard = parts.and_then(|(index, count)| Self::new(index.checked_sub(1)?, count));
        shard.ok_or_else(|| {
            Invalid::new(
                "it does not name one of several shares",
                "write I/N with I from 1 to N, as in 2/4 for the second of four",
            )
        })
    }
}

/// "2/4"
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index + 1, self.count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_counted_from_1_and_nothing_else_is_one() {
        assert_eq!("2/4".parse::<Shard>().unwrap(), Shard::new(1, 4).unwrap());
        for bad in ["", "0/4", "5/4", "1/0", "1", "1/", "/4", "a/4", "-1/4", "+1/4", "1/4/4", " 1/4", "1/99999999999"] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_stays_in_its_share_from_version_to_version() {
        let of = |name: &str| (0..4).find(|index| Shard::new(*index, 4).unwrap().has(name)).unwrap() + 1;
        assert_eq!(["shop", "sales", "alice", "box0", "box1"].map(of), [2, 3, 1, 2, 3]);
    }

    #[test]
    fn the_shares_are_about_as_large_as_each_other() {
        for count in [2, 3, 4, 7, 32] {
            let size =
                |index| (0..10_000).filter(|box_| Shard::new(index, count).unwrap().has(&format!("box{box_}"))).count();
            let fair = 10_000 / count as usize;
            for index in 0..count {
                let size = size(index);
                assert!(size > fair * 3 / 4 && size < fair * 5 / 4, "{size} instead of {fair}");
            }
        }
    }

    proptest! {
        #[test]
        fn each_name_is_in_exactly_one_share(name in ".{0,40}", count in 1..64_u32) {
            let shards = (0..count).filter_map(|index| Shard::new(index, count));
            prop_assert_eq!(shards.filter(|shard| shard.has(&name)).count(), 1);
        }
    }
}
