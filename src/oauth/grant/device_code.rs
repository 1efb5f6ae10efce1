//! The device code grant (RFC 8628 §3.4).

use secrecy::SecretString;

use super::Grant;
use crate::oauth::form::Form;

/// A device code.
pub struct DeviceCode<'a>(
    /// The code.
    pub &'a SecretString,
);

impl Grant for DeviceCode<'_> {
    fn parameters(&self, form: &mut Form<'_>) {
        form.append("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
        form.append_secret("device_code", self.0);
    }
}
