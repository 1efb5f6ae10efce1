//! Sign-in and tokens: one file a grant or standard. Nothing here prints, prompts, or reads the profile.
//!
//! [`discovery`] says where to go, [`authorization_request`] builds the request that the browser opens,
//! [`authorization_response`] reads what comes back, [`client`] trades it (and later the refresh token) for access tokens,
//! [`identity`] reads who signed in. Where there is no browser, [`device_code`] asks for a code to be entered on another
//! machine, and [`device_poll`] waits for that.
//!
//! Left out on purpose: the implicit and password grants (RFC 9700 §2.1.2, §2.4), redirects of the token
//! endpoint, dynamic registration, and signatures of identity tokens (see [`identity`]).

pub mod authorization_request;
pub mod authorization_response;
pub mod client;
mod client_authentication;
pub mod device_code;
pub mod device_poll;
pub mod discovery;
mod error_response;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
pub mod identity;
pub mod token_response;
mod token_text;

#[cfg(test)]
pub(crate) mod testing;

pub use authorization_request::AuthorizationRequest;
pub use authorization_response::AuthorizationResponse;
pub use client::{exchange_code, refresh};
pub use client_authentication::TokenEndpoint;
pub use device_code::{DeviceAuthorization, redeem_device_code, request_device_code};
pub use device_poll::{Pace, PollEnd};
pub use discovery::{Endpoints, endpoints};
pub use identity::Identity;
pub use token_response::TokenAnswer;
