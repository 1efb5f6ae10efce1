//! From a host name to a connection, the same way for the sign-in and for mail.
//!
//! ```text
//! proxies, exceptions    which way: what the environment says of proxies
//! proxy                  one proxy's address
//! dial, names            races a host's addresses under one deadline; looks them up
//! connecting             one connection, with time in between for other things
//! tunnel                 through a proxy to a host
//! connect_method, socks  what is said to the proxy
//! timed                  a connection whose every read and write ends by a deadline
//! tls                    whom to trust, and what a failed handshake means
//! http                   one request and its response
//! mx                     who takes mail for a domain
//! ```

mod connect_method;
mod connecting;
mod dial;
mod exceptions;
mod http;
mod mx;
mod names;
mod proxies;
mod proxy;
mod socks;
#[cfg(test)]
pub(crate) mod testing;
mod timed;
mod tls;
mod tunnel;

pub use dial::{Dialler, Meanwhile};
pub use exceptions::Exceptions;
pub use http::{HttpClient, HttpResponse, retry_after};
pub use mx::mail_exchangers;
pub use proxies::{Proxies, Route, Setting, Traffic};
pub use proxy::Proxy;
pub use timed::Timed;
pub use tls::{PeerCertificate, Trust, tls_fault};
