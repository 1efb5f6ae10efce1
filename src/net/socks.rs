//! SOCKS 4, 4a and 5 (RFC 1928, RFC 1929), as far as a client connects with it.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};

use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::proxy::Credential;
use crate::failure::ProxyFault;

/// Where a proxy is to lead us.
#[derive(Debug, Clone)]
pub(super) enum Destination {
    /// A name that the proxy looks up, and a port.
    Name(String, u16),
    Address(SocketAddr),
}

/// Asks a SOCKS 4 proxy for a connection; for a name, in the form that 4a added.
pub(super) fn connect_4(
    stream: &mut (impl Read + Write + ?Sized),
    destination: &Destination,
    credential: Option<&Credential>,
) -> io::Result<Result<(), ProxyFault>> {
    let (port, address, name) = match destination {
        // An address that cannot be says that a name follows.
        Destination::Name(name, port) => (*port, [0, 0, 0, 1], Some(name)),
        Destination::Address(address) => match address.ip().to_canonical() {
            IpAddr::V4(ip) => (address.port(), ip.octets(), None),
            IpAddr::V6(_) => return Ok(Err(unsupported("SOCKS 4 knows no IPv6 addresses"))),
        },
    };
    let mut request = Zeroizing::new(vec![4, 1]);
    request.extend_from_slice(&port.to_be_bytes());
    request.extend_from_slice(&address);
    if let Some(credential) = credential {
        request.extend_from_slice(credential.user.expose_secret().as_bytes());
    }
    request.push(0);
    if let Some(name) = name {
        request.extend_from_slice(name.as_bytes());
        request.push(0);
    }
    stream.write_all(&request)?;
    let mut reply = [0; 8];
    stream.read_exact(&mut reply[..1])?;
    if reply[0] != 0 {
        return Ok(Err(not_understood(reply[0])));
    }
    stream.read_exact(&mut reply[1..])?;
    Ok(match reply[1] {
        90 => Ok(()),
        92 | 93 => Err(ProxyFault::WantsSignIn { scheme: Some("identd".into()) }),
        91 => Err(ProxyFault::HostNotReached { answer: "request rejected or failed (91)".into() }),
        code => Err(not_understood(code)),
    })
}

/// No authentication, user and password, and that none of ours will do (RFC 1928 §3).
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

/// Asks a SOCKS 5 proxy for a connection.
pub(super) fn connect_5(
    stream: &mut (impl Read + Write + ?Sized),
    destination: &Destination,
    credential: Option<&Credential>,
) -> io::Result<Result<(), ProxyFault>> {
    let methods: &[u8] = if credential.is_some() { &[5, 2, NO_AUTHENTICATION, USER_AND_PASSWORD] } else { &[5, 1, 0] };
    stream.write_all(methods)?;
    let mut reply = [0; 2];
    stream.read_exact(&mut reply[..1])?;
    if reply[0] != 5 {
        return Ok(Err(not_understood(reply[0])));
    }
    stream.read_exact(&mut reply[1..])?;
    match (reply[1], credential) {
        (NO_AUTHENTICATION, _) => {}
        (USER_AND_PASSWORD, Some(credential)) => {
            if let Err(fault) = sign_in(stream, credential)? {
                return Ok(Err(fault));
            }
        }
        (USER_AND_PASSWORD, None) => {
            return Ok(Err(ProxyFault::WantsSignIn { scheme: Some("user and password".into()) }));
        }
        (NONE_ACCEPTABLE, _) => return Ok(Err(ProxyFault::WantsSignIn { scheme: None })),
        (other, _) => return Ok(Err(not_understood(other))),
    }
    let mut request = vec![5, 1, 0];
    let port = match destination {
        Destination::Address(address) => {
            match address.ip() {
                IpAddr::V4(ip) => request.extend([1].into_iter().chain(ip.octets())),
                IpAddr::V6(ip) => request.extend([4].into_iter().chain(ip.octets())),
            }
            address.port()
        }
        Destination::Name(name, port) => {
            let Ok(length) = u8::try_from(name.len()) else {
                return Ok(Err(unsupported("SOCKS 5 takes names of at most 255 characters")));
            };
            request.extend([3, length]);
            request.extend_from_slice(name.as_bytes());
            *port
        }
    };
    request.extend_from_slice(&port.to_be_bytes());
    stream.write_all(&request)?;
    answer_5(stream)
}

/// User and password (RFC 1929 §2).
fn sign_in(stream: &mut (impl Read + Write + ?Sized), credential: &Credential) -> io::Result<Result<(), ProxyFault>> {
    let mut request = Zeroizing::new(vec![1]);
    for word in [&credential.user, &credential.password] {
        let word = word.expose_secret().as_bytes();
        let Ok(length) = u8::try_from(word.len()) else {
            return Ok(Err(unsupported("SOCKS 5 takes users and passwords of at most 255 bytes")));
        };
        request.push(length);
        request.extend_from_slice(word);
    }
    stream.write_all(&request)?;
    let mut reply = [0; 2];
    stream.read_exact(&mut reply)?;
    Ok(if reply[1] == 0 {
        Ok(())
    } else {
        Err(ProxyFault::WantsSignIn { scheme: Some("another user or password".into()) })
    })
}

/// The reply with the address that the proxy uses, which is read past (RFC 1928 §6).
fn answer_5(stream: &mut (impl Read + ?Sized)) -> io::Result<Result<(), ProxyFault>> {
    let mut reply = [0; 4];
    stream.read_exact(&mut reply[..2])?;
    if reply[0] != 5 {
        return Ok(Err(not_understood(reply[0])));
    }
    let answer = |words: &'static str| shown!("{} ({})", words, reply[1]);
    let fault = match reply[1] {
        0 => None,
        2 => Some(ProxyFault::Refused { answer: answer("connection not allowed by ruleset") }),
        3 => Some(ProxyFault::HostNotReached { answer: answer("network unreachable") }),
        4 => Some(ProxyFault::HostNotReached { answer: answer("host unreachable") }),
        5 => Some(ProxyFault::HostNotReached { answer: answer("connection refused") }),
        6 => Some(ProxyFault::HostNotReached { answer: answer("TTL expired") }),
        7 => Some(ProxyFault::Refused { answer: answer("command not supported") }),
        8 => Some(ProxyFault::Refused { answer: answer("address type not supported") }),
        _ => Some(ProxyFault::Refused { answer: answer("general SOCKS server failure") }),
    };
    if let Some(fault) = fault {
        return Ok(Err(fault));
    }
    stream.read_exact(&mut reply[2..])?;
    let length = match reply[3] {
        1 => 4,
        4 => 16,
        3 => {
            let mut length = [0];
            stream.read_exact(&mut length)?;
            usize::from(length[0])
        }
        other => return Ok(Err(not_understood(other))),
    };
    let mut bound = [0; 257];
    stream.read_exact(&mut bound[..length + 2])?;
    Ok(Ok(()))
}

fn unsupported(what: &'static str) -> ProxyFault {
    ProxyFault::Unsupported { what: what.into() }
}

fn not_understood(byte: u8) -> ProxyFault {
    ProxyFault::NotUnderstood { answer: shown!("byte {:#04x}", byte) }
}

#[cfg(test)]
mod tests;
