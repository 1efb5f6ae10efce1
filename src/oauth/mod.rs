//! Sign-in and tokens: one file a grant or standard. Nothing here prints, prompts, or reads the profile.
//!
//! [`discovery`] says where to go, [`authorization_request`] builds the request that the browser opens,
//! [`authorization_response`] reads what comes back, [`identity`] reads who signed in. Where there is no browser,
//! [`device_code`] asks for a code to be entered on another machine, and [`device_poll`] waits for that.
//!
//! A [`client::Client`] trades any [`grant::Grant`] for access tokens: `form` is the request, [`token_response`] reads
//! the answer, `client_credential` says what the client authenticates with and [`assertion`] what may do in place of a
//! secret. A new grant is a file in [`grant`].
//!
//! Left out on purpose: the implicit and password grants (RFC 9700 §2.1.2, §2.4), redirects of the token
//! endpoint, dynamic registration, and signatures of identity tokens (see [`identity`]).

pub mod assertion;
pub mod authorization_request;
pub mod authorization_response;
pub mod client;
mod client_credential;
pub mod device_code;
pub mod device_poll;
pub mod discovery;
mod error_response;
mod form;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
pub mod grant;
pub mod identity;
pub mod service_account;
mod token_endpoint;
pub mod token_response;
mod token_text;

#[cfg(test)]
pub(crate) mod testing;

pub use assertion::Assertion;
pub use authorization_request::AuthorizationRequest;
pub use authorization_response::AuthorizationResponse;
pub use client::Client;
pub use client_credential::ClientCredential;
pub use device_code::{DeviceAuthorization, redeem_device_code, request_device_code};
pub use device_poll::{PollEnd, Waiter};
pub use discovery::{Endpoints, Found, ask, endpoints, metadata_address};
pub use form::Form;
pub use grant::Grant;
pub use identity::Identity;
pub use service_account::{Delegation, ServiceAccount};
pub use token_endpoint::TokenEndpoint;
pub use token_response::TokenResponse;
