//! What the tests share: a home folder of their own, the real binary in a clean environment, and a nose for secrets.

#![allow(dead_code, reason = "each test crate uses its part of it")]

pub(crate) mod canary;
pub(crate) mod home;
pub(crate) mod process;
