//! RSA keys of our own making, where the TLS library that is linked anyway makes none. For practice alone: nothing here takes
//! the same time for every key.

use num_bigint::BigUint;

/// The public exponent (RFC 8017 §3.1) that everyone takes.
const EXPONENT: u32 = 65_537;

/// Rounds of Miller-Rabin (FIPS 186-5, table B.1: five leave a chance of 2^-112 for a prime of 1,024 bits).
const ROUNDS: usize = 5;

const HALF: usize = 1_024;

/// A new key of 2,048 bits: `PrivateKeyInfo` (RFC 5208 §5) around `RSAPrivateKey` (RFC 8017 §A.1.2).
pub(super) fn pkcs8() -> Vec<u8> {
    loop {
        let (one, other) = (prime(), prime());
        if one == other {
            continue;
        }
        // ring wants the greater first.
        let (p, q) = if one > other { (one, other) } else { (other, one) };
        if let Some(key) = write(&p, &q) {
            return key;
        }
    }
}

/// `None` where the exponent has no inverse for these primes.
fn write(p: &BigUint, q: &BigUint) -> Option<Vec<u8>> {
    let e = BigUint::from(EXPONENT);
    let (p_less, q_less) = (p - 1u32, q - 1u32);
    let d = e.modinv(&(&p_less * &q_less))?;
    let parts = [BigUint::ZERO, p * q, e, d.clone(), p.clone(), q.clone(), &d % &p_less, &d % &q_less, q.modinv(p)?];
    let key = element(SEQUENCE, &parts.iter().flat_map(integer).collect::<Vec<u8>>());
    let parts = [integer(&BigUint::ZERO), RSA_ENCRYPTION.to_vec(), element(OCTET_STRING, &key)];
    Some(element(SEQUENCE, &parts.concat()))
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;

/// The algorithm rsaEncryption, with NULL as its parameters (RFC 8017 §A.1).
const RSA_ENCRYPTION: [u8; 15] = [0x30, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0];

fn integer(value: &BigUint) -> Vec<u8> {
    let mut bytes = value.to_bytes_be();
    // The highest bit is the sign's.
    if bytes[0] & 0x80 != 0 {
        bytes.insert(0, 0);
    }
    element(INTEGER, &bytes)
}

/// A tag, a length and a value (X.690 §8.1).
fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let significant = &length[length.iter().position(|&byte| byte != 0).unwrap_or(length.len() - 1)..];
    let mut made = vec![tag];
    if value.len() >= 0x80 {
        made.push(0x80 | u8::try_from(significant.len()).expect("a length has eight bytes at most"));
    }
    [&made[..], significant, value].concat()
}

/// A prime with its two highest bits set, so that two of them multiply to a number of 2,048 bits.
fn prime() -> BigUint {
    let small = small_primes();
    loop {
        let mut candidate = random(HALF / 8);
        for bit in [HALF - 1, HALF - 2, 0] {
            candidate.set_bit(u64::try_from(bit).expect("it is small"), true);
        }
        if is_prime(&candidate, &small) {
            return candidate;
        }
    }
}

fn random(bytes: usize) -> BigUint {
    let mut made = vec![0; bytes];
    getrandom::fill(&mut made).expect("the system has random bytes");
    BigUint::from_bytes_be(&made)
}

/// The odd primes below 2,000: most candidates have one of them as a factor, and dividing is cheaper than [`passes`].
fn small_primes() -> Vec<u32> {
    let mut found: Vec<u32> = Vec::new();
    for number in (3..2_000).step_by(2) {
        if found.iter().all(|prime| number % prime != 0) {
            found.push(number);
        }
    }
    found
}

/// Whether an odd number is a prime, but for the chance that [`ROUNDS`] leave.
fn is_prime(number: &BigUint, small: &[u32]) -> bool {
    if let Some(&factor) = small.iter().find(|&&prime| number % prime == BigUint::ZERO) {
        return *number == BigUint::from(factor);
    }
    (0..ROUNDS).all(|_| passes(number, &(random(HALF / 8 - 1) + 2u32)))
}

/// One round of Miller-Rabin with this base (FIPS 186-5 §B.3.1).
fn passes(number: &BigUint, base: &BigUint) -> bool {
    let less = number - 1u32;
    let twos = less.trailing_zeros().unwrap_or_default();
    let mut power = base.modpow(&(&less >> twos), number);
    if power == BigUint::from(1u32) || power == less {
        return true;
    }
    for _ in 1..twos {
        power = &power * &power % number;
        if power == less {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openssl_and_ring_take_a_key_and_what_it_signs() {
        use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, UnparsedPublicKey};
        let document = pkcs8();
        let checked = openssl::pkey::PKey::private_key_from_pkcs8(&document).unwrap().rsa().unwrap();
        assert!(checked.check_key().unwrap());
        assert_eq!(checked.size(), 256);
        let key = RsaKeyPair::from_pkcs8(&document).unwrap();
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &ring::rand::SystemRandom::new(), b"mail", &mut signature).unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public().as_ref());
        public.verify(b"mail", &signature).unwrap();
    }

    /// Among the composite ones are a Carmichael number, and 2,047 and 3,215,031,751, which pass for the bases 2, and 2, 3, 5 and 7.
    #[test]
    fn primes_are_told_from_what_looks_like_them() {
        let passes = |number: u64, base: u32| passes(&BigUint::from(number), &BigUint::from(base));
        for number in [2_003, 65_537, 4_294_967_291, 18_446_744_073_709_551_557] {
            assert!((2..40).all(|base| passes(number, base)), "{number}");
        }
        for number in [561, 2_047, 25_326_001, 3_215_031_751, 18_446_744_073_709_551_555] {
            assert!(!(2..40).all(|base| passes(number, base)), "{number}");
        }
        assert!(passes(2_047, 2) && (2..8).all(|base| passes(3_215_031_751, base)));
        let small = small_primes();
        assert_eq!((small.len(), small.last()), (302, Some(&1_999)));
        assert!(!is_prime(&BigUint::from(1_001u32), &small) && is_prime(&BigUint::from(13u32), &small));
    }

    #[test]
    fn lengths_are_written_short_and_long() {
        assert_eq!(element(OCTET_STRING, &[]), [4, 0]);
        assert_eq!(element(OCTET_STRING, &[9; 127])[..2], [4, 127]);
        assert_eq!(element(OCTET_STRING, &[9; 128])[..3], [4, 0x81, 128]);
        assert_eq!(element(OCTET_STRING, &[9; 300])[..4], [4, 0x82, 1, 44]);
        assert_eq!(integer(&BigUint::from(128u32)), [2, 2, 0, 128]);
    }
}
