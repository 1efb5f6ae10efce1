//! Authorization grants (RFC 6749 §1.3): a file for each, which says what a token request of it holds.

mod authorization_code;
mod client_credentials;
mod device_code;
mod jwt_bearer;
mod refresh;
mod token_exchange;

pub use authorization_code::AuthorizationCode;
pub use client_credentials::ClientCredentials;
pub use device_code::DeviceCode;
pub use jwt_bearer::JwtBearer;
pub use refresh::Refresh;
pub use token_exchange::TokenExchange;

use super::form::Form;

/// An authorization grant, as the token endpoint gets it.
pub trait Grant {
    /// Appends `grant_type` and the grant's own parameters. The client adds its own.
    fn parameters(&self, form: &mut Form<'_>);
}
