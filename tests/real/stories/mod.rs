//! What a person does with `mailgrant`, one story a file.

mod api;
// OpenSSL makes its keys.
#[cfg(target_os = "linux")]
mod credentials;
mod device_code;
mod keyring;
mod mailbox;
mod reminders;
mod report;
mod rotation;
mod sending;
mod sign_in;
mod tokens;
