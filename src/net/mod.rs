//! From a host name to a connection, the same way for the sign-in and for mail.
//!
//! ```text
//! dial     races a host's addresses under one deadline
//! names    looks a host name up, and reads what the system's resolver says
//! timed    a connection whose every read and write ends by a deadline
//! ```

mod dial;
mod names;
mod timed;

pub use dial::Dialler;
pub use timed::Timed;
