//! The two SASL mechanisms that carry an OAuth access token: bytes in, bytes out.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::failure::{Failure, FailureKind};
use crate::profile::{Address, ServerEndpoint};
use crate::text::Shown;

/// A SASL mechanism of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum SaslMechanism {
    /// Google's mechanism, which Microsoft took over.
    #[value(name = "xoauth2")]
    Xoauth2,
    /// The standard one, RFC 7628.
    #[value(name = "oauthbearer")]
    OauthBearer,
}

impl SaslMechanism {
    /// In the order in which we prefer them. XOAUTH2 comes first: it is what every large provider documents, and the one
    /// that works where a server offers both.
    pub const ALL: [Self; 2] = [Self::Xoauth2, Self::OauthBearer];

    /// The name that SASL registers and servers list.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Xoauth2 => "XOAUTH2",
            Self::OauthBearer => "OAUTHBEARER",
        }
    }

    /// Picks the mechanism to use from what a server `offered`; `forced` leaves no choice but still needs the offer.
    ///
    /// # Errors
    /// [`FailureKind::MechanismNotOffered`].
    pub fn choose(offered: &[Shown], forced: Option<Self>) -> Result<Self, Failure> {
        let is_offered = |mechanism: Self| offered.iter().any(|name| name.eq_ignore_ascii_case(mechanism.name()));
        let candidates: &[Self] = match &forced {
            Some(mechanism) => std::slice::from_ref(mechanism),
            None => &Self::ALL,
        };
        candidates.iter().copied().find(|mechanism| is_offered(*mechanism)).ok_or_else(|| {
            FailureKind::MechanismNotOffered {
                wanted: forced.map(|mechanism| mechanism.name().into()),
                offered: offered.to_vec(),
            }
            .into()
        })
    }

    /// The initial client response, before base64.
    ///
    /// # Errors
    /// [`FailureKind::Local`] if the token is not a b64token (RFC 6750 §2.1): any other character in it would end up as
    /// syntax of the message.
    pub fn initial_response(
        self,
        user: &Address,
        server: &ServerEndpoint,
        token: &SecretString,
    ) -> Result<SecretString, Failure> {
        refuse_other_than_bearer(token)?;
        let token = token.expose_secret();
        // Sized before it is filled: a String that grows leaves copies of the token behind.
        let (user, host) = (user.as_str(), server.host.as_str());
        let mut message = String::with_capacity(64 + 3 * user.len() + host.len() + token.len());
        match self {
            Self::Xoauth2 => {
                message.extend(["user=", user]);
            }
            Self::OauthBearer => {
                // The GS2 header of RFC 7628 §3.1: no channel binding, and the user as authorization identity.
                message.push_str("n,a=");
                push_saslname(&mut message, user);
                message.extend([",\x01host=", host, "\x01port=", &server.port.to_string()]);
            }
        }
        message.extend(["\x01auth=Bearer ", token, "\x01\x01"]);
        Ok(SecretString::from(message))
    }

    /// What ends the exchange after an error challenge, so that the server gives its final answer: nothing for XOAUTH2,
    /// one 0x01 for OAUTHBEARER (RFC 7628 §3.2.3). Before base64.
    #[must_use]
    pub fn error_reply(self) -> &'static str {
        match self {
            Self::Xoauth2 => "",
            Self::OauthBearer => "\x01",
        }
    }
}

show_as_displayed!(SaslMechanism);

impl fmt::Display for SaslMechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Base64 as SASL profiles put it on the wire (RFC 4648 §4).
#[must_use]
pub fn encode(message: &SecretString) -> SecretString {
    SecretString::from(base64::engine::general_purpose::STANDARD.encode(message.expose_secret()))
}

/// The text of a server's challenge: base64 with or without padding. What is not base64 is returned as it is, since
/// some servers send their JSON bare. The text is the server's: clean it before showing.
#[must_use]
pub fn decode_challenge(challenge: &str) -> String {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let challenge = challenge.trim();
    match LENIENT.decode(challenge).map(Zeroizing::new) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => challenge.to_owned(),
    }
}

/// Refuses a token with other characters than a bearer token has, which would end up as syntax of what it is put into.
///
/// # Errors
/// [`FailureKind::Local`] if it has one.
pub fn refuse_other_than_bearer(token: &SecretString) -> Result<(), Failure> {
    if !is_b64token(token.expose_secret()) {
        return Err(FailureKind::Local {
            what: "handing over the access token".into(),
            reason: "it holds characters that a bearer token cannot hold (RFC 6750 §2.1)".into(),
        }
        .into());
    }
    Ok(())
}

/// RFC 6750 §2.1: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_b64token(token: &str) -> bool {
    let body = token.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
}

/// `saslname` of RFC 5801 §4: `=` and `,` are escaped.
fn push_saslname(message: &mut String, name: &str) {
    for c in name.chars() {
        match c {
            '=' => message.push_str("=3D"),
            ',' => message.push_str("=2C"),
            other => message.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::profile::TlsMode;

    fn server() -> ServerEndpoint {
        ServerEndpoint { host: "imap.contoso.com".parse().unwrap(), port: 993, tls: TlsMode::Implicit, ehlo_name: None }
    }

    fn response(mechanism: SaslMechanism, user: &str, token: &str) -> Result<String, Failure> {
        let token = SecretString::from(token);
        let message = mechanism.initial_response(&user.parse().unwrap(), &server(), &token)?;
        Ok(message.expose_secret().to_owned())
    }

    #[test]
    fn all_mechanisms_are_in_the_order_of_our_choice() {
        assert_eq!(SaslMechanism::ALL, <SaslMechanism as clap::ValueEnum>::value_variants());
    }

    #[test]
    fn xoauth2_says_user_and_bearer() {
        let message = response(SaslMechanism::Xoauth2, "shop@contoso.com", "ab.c-d_e~f+g/h==").unwrap();
        assert_eq!(message, "user=shop@contoso.com\x01auth=Bearer ab.c-d_e~f+g/h==\x01\x01");
    }

    #[test]
    fn oauthbearer_is_the_example_of_rfc_7628_but_for_names() {
        let message = response(SaslMechanism::OauthBearer, "shop@contoso.com", "vF9dft4qmT").unwrap();
        assert_eq!(
            message,
            "n,a=shop@contoso.com,\x01host=imap.contoso.com\x01port=993\x01auth=Bearer vF9dft4qmT\x01\x01"
        );
    }

    #[test]
    fn a_domain_outside_ascii_is_carried_as_dns_has_it() {
        let server = ServerEndpoint { host: "imap.müller.de".parse().unwrap(), ..server() };
        let user: Address = "Info@müller.de".parse().unwrap();
        for (mechanism, wanted) in [
            (SaslMechanism::Xoauth2, "user=Info@xn--mller-kva.de\x01auth=Bearer t\x01\x01"),
            (
                SaslMechanism::OauthBearer,
                "n,a=Info@xn--mller-kva.de,\x01host=imap.xn--mller-kva.de\x01port=993\x01auth=Bearer t\x01\x01",
            ),
        ] {
            let message = mechanism.initial_response(&user, &server, &SecretString::from("t")).unwrap();
            assert_eq!(message.expose_secret(), wanted);
        }
    }

    #[test]
    fn oauthbearer_escapes_the_gs2_specials_of_the_user() {
        let message = response(SaslMechanism::OauthBearer, "a=b@contoso.com", "t").unwrap();
        assert!(message.starts_with("n,a=a=3Db@contoso.com,\x01"), "{message:?}");
        let mut escaped = String::new();
        push_saslname(&mut escaped, "a,=b");
        assert_eq!(escaped, "a=2C=3Db");
    }

    #[test]
    fn a_token_with_any_byte_outside_b64token_is_refused_and_not_repeated() {
        for byte in (0..=0x7f_u8).filter(|b| !b.is_ascii_alphanumeric() && !b"-._~+/=".contains(b)) {
            let token = format!("canary{}token", char::from(byte));
            let failure = response(SaslMechanism::Xoauth2, "shop@contoso.com", &token).unwrap_err();
            assert!(!failure.to_string().contains("canary"), "{failure}");
        }
        for token in ["", "=", "a=b", "ä"] {
            response(SaslMechanism::OauthBearer, "shop@contoso.com", token).unwrap_err();
        }
    }

    #[test]
    fn xoauth2_is_preferred_and_the_choice_needs_an_offer() {
        let offer = |names: &[&'static str]| names.iter().map(|&name| name.into()).collect::<Vec<_>>();
        let choose = |names: &[&'static str], forced| SaslMechanism::choose(&offer(names), forced);
        assert_eq!(choose(&["PLAIN", "oauthbearer", "xoauth2"], None), Ok(SaslMechanism::Xoauth2));
        assert_eq!(choose(&["OAUTHBEARER"], None), Ok(SaslMechanism::OauthBearer));
        assert_eq!(
            choose(&["XOAUTH2", "OAUTHBEARER"], Some(SaslMechanism::OauthBearer)),
            Ok(SaslMechanism::OauthBearer)
        );
        let refused = choose(&["XOAUTH2"], Some(SaslMechanism::OauthBearer)).unwrap_err();
        assert_eq!(
            refused.kind,
            FailureKind::MechanismNotOffered { wanted: Some("OAUTHBEARER".into()), offered: offer(&["XOAUTH2"]) }
        );
        choose(&["PLAIN", "LOGIN"], None).unwrap_err();
    }

    #[test]
    fn challenges_decode_with_and_without_padding_and_bare() {
        for text in ["eyJzdGF0dXMiOiI0MDAifQ==", "eyJzdGF0dXMiOiI0MDAifQ", " {\"status\":\"400\"} "] {
            assert_eq!(decode_challenge(text), "{\"status\":\"400\"}", "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_encoded_decodes_to_itself_with_and_without_padding(text in any::<String>()) {
            let coded = encode(&SecretString::from(text.as_str()));
            prop_assert!(coded.expose_secret().is_ascii());
            prop_assert_eq!(decode_challenge(coded.expose_secret()), text.as_str());
            prop_assert_eq!(decode_challenge(coded.expose_secret().trim_end_matches('=')), text);
        }

        /// RFC 7628 §3.1: the header with the saslname, `host`, `port`, `auth`, and an end that nothing in them can forge.
        #[test]
        fn a_response_says_what_it_was_given_and_nothing_else(
            local in "[a-z0-9=,+._-]{1,20}",
            token in "[A-Za-z0-9._~+/-]{1,60}={0,2}",
        ) {
            let user = format!("{local}@contoso.com");
            prop_assume!(user.parse::<Address>().is_ok());
            let message = response(SaslMechanism::OauthBearer, &user, &token).unwrap();
            let fields: Vec<&str> = message.split('\x01').collect();
            let name = fields[0].strip_prefix("n,a=").and_then(|rest| rest.strip_suffix(',')).unwrap();
            prop_assert!(!name.contains(','));
            prop_assert_eq!(name.replace("=2C", ",").replace("=3D", "="), user.as_str());
            let bearer = format!("auth=Bearer {token}");
            prop_assert_eq!(&fields[1..], ["host=imap.contoso.com", "port=993", &bearer, "", ""]);
            let message = response(SaslMechanism::Xoauth2, &user, &token).unwrap();
            prop_assert_eq!(message, format!("user={user}\x01{bearer}\x01\x01"));
        }

        #[test]
        fn a_control_character_anywhere_makes_no_response(
            before in "[a-z]{0,8}", control in "[\x00-\x1f\x7f\u{80}-\u{9f}]", after in "[a-z]{0,8}",
        ) {
            let user = format!("{before}{control}{after}@contoso.com");
            prop_assert!(user.parse::<Address>().is_err());
            let host = format!("{before}{control}{after}.contoso.com");
            prop_assert!(host.parse::<crate::profile::HostName>().is_err());
            let token = format!("{before}{control}{after}");
            for mechanism in SaslMechanism::ALL {
                prop_assert!(response(mechanism, "shop@contoso.com", &token).is_err());
            }
        }
    }
}
