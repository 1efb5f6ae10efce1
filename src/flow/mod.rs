//! What the commands are made of: a valid token, a test of a mailbox, a new client secret, many at once.

pub mod authority;
pub mod check;
pub mod credential;
pub mod describe;
pub mod doubt;
pub mod enrol;
pub mod explain;
pub mod first_steps;
pub mod gather;
pub mod guide;
pub mod judge;
pub mod lookup;
pub mod next_step;
pub mod parallel;
pub mod patience;
pub mod plan;
pub mod preflight;
pub mod provider_of;
pub mod registered_secret;
pub mod reminders;
pub mod removal;
pub mod rotation;
pub mod secret_expiry;
pub mod secret_source;
pub mod seen;
pub mod session;
pub mod settings;
pub mod sides;
pub mod sign_in;
pub mod so_far;
pub mod status;
pub mod support_bundle;
pub mod test_mail;
#[cfg(test)]
mod testing;
pub mod trials;
pub mod workspace;
