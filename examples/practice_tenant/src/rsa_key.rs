//! New RSA keys: outside issuers sign with nothing else, and Schannel serves with nothing else. ring makes none.

#[cfg(any(windows, target_vendor = "apple", test))]
mod made;

/// A new key of 2,048 bits (RFC 5208).
#[cfg(not(any(windows, target_vendor = "apple")))]
pub fn pkcs8() -> Vec<u8> {
    let key = openssl::rsa::Rsa::generate(2_048).and_then(openssl::pkey::PKey::from_rsa).expect("OpenSSL makes a key");
    key.private_key_to_pkcs8().expect("OpenSSL writes what it has made")
}

/// A new key of 2,048 bits (RFC 5208).
#[cfg(any(windows, target_vendor = "apple"))]
pub fn pkcs8() -> Vec<u8> {
    made::pkcs8()
}
