//! Random text from the system's source.

use std::fmt::Write as _;

/// `BYTES` random bytes as hexadecimal digits, two for each.
///
/// # Errors
/// If the system gives no random numbers.
pub fn hex<const BYTES: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    let mut text = String::with_capacity(2 * BYTES);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_of_its_length_and_another_one() {
        let (one, other) = (hex::<16>().unwrap(), hex::<16>().unwrap());
        assert!(one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
        assert_ne!(one, other);
    }
}
