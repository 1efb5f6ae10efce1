//! What the commands are made of: a valid token, a new client secret, many at once.

pub mod parallel;
pub mod rotation;
pub mod session;
