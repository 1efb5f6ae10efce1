//! Helpers for this room's tests.
