//! Sign-in and tokens: one file a grant or standard. Nothing here prints, prompts, or reads the profile.
//!
//! [`discovery`] says where to go, [`authorization_code`] builds the request that the browser opens,
//! [`authorization_response`] reads what comes back, [`token`] trades it (and later the refresh token) for access tokens,
//! [`identity`] reads who signed in. Where there is no browser, [`device_code`] asks for a code to be entered on another
//! machine, and [`device_poll`] waits for that.
//!
//! Left out on purpose: the implicit and password grants (RFC 9700 §2.1.2, §2.4), redirects of the token
//! endpoint, dynamic registration, and signatures of identity tokens (see [`identity`]).

mod answer;
pub mod authorization_code;
pub mod authorization_response;
mod client_auth;
pub mod device_code;
pub mod device_poll;
pub mod discovery;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
pub mod identity;
pub mod token;
pub mod token_answer;
mod token_text;

#[cfg(test)]
pub(crate) mod testing;

pub use authorization_code::AuthorizationRequest;
pub use authorization_response::AuthorizationResponse;
pub use client_auth::TokenEndpoint;
pub use device_code::{DeviceAuthorization, redeem_device_code, request_device_code};
pub use device_poll::{Pace, PollEnd};
pub use discovery::{Endpoints, endpoints};
pub use identity::Identity;
pub use token::{exchange_code, refresh};
pub use token_answer::TokenAnswer;
