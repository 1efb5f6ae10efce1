//! New RSA keys, where the TLS library that is linked anyway makes them: outside issuers sign with nothing else.

/// A new key of 2,048 bits (RFC 5208), or `None` where this platform's TLS library makes none.
#[cfg(not(any(windows, target_vendor = "apple")))]
pub fn pkcs8() -> Option<Vec<u8>> {
    let key = openssl::rsa::Rsa::generate(2_048).and_then(openssl::pkey::PKey::from_rsa).ok()?;
    key.private_key_to_pkcs8().ok()
}

/// A new key of 2,048 bits (RFC 5208), or `None` where this platform's TLS library makes none.
#[cfg(any(windows, target_vendor = "apple"))]
pub fn pkcs8() -> Option<Vec<u8>> {
    None
}
