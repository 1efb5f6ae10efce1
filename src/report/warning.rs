//! What is right but deserves attention. Codes in JSON are public API.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::text::Shown;

/// Something that is right but deserves attention, such as a secret that expires soon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Its stable name.
    pub code: WarningCode,
    /// What it is, in a sentence.
    pub text: Shown,
}

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WarningCode {
    /// The client secret or certificate of an app expires soon.
    ExpiresSoon,
    /// Nothing says when it expires.
    ExpiryUnknown,
    /// The profile and the store name different days for it.
    ExpiryDiffers,
    /// The directory has told the day, and the profile has it now.
    ExpiryWritten,
    /// The day could not be written where it belongs.
    ExpiryNotWritten,
    /// Which of the directory's secrets is the one in use cannot be told.
    SecretUnidentified,
    /// The registration has secrets that are not used here.
    UnusedSecrets,
    /// The registration has certificates that are not used here.
    UnusedCertificates,
    /// The directory does not let the registration be read.
    DirectoryDenied,
    /// A new secret or certificate is in use without a proof.
    Unproven,
    /// The previous secret or certificate is in use again although the provider refuses it.
    PreviousRefused,
    /// The previous secret or certificate is in use again without a proof.
    PreviousUnproven,
    /// Other apps still use the previous secret or certificate.
    PreviousInUse,
    /// The directory has not removed a certificate that is not needed any more.
    CertificateNotRemoved,
    /// Other apps with the same client ID are left as they are.
    OtherAppsLeft,
    /// Mailboxes were left out of the sign-ins after a rotation.
    ReauthorizeLeftOut,
    /// A record is set from elsewhere, and stays there.
    RecordSetElsewhere,
    /// A record was not removed.
    RecordKept,
    /// The store also has records of other profiles.
    RecordsOfOthers,
    /// A variable or a flag overrides the profile's store.
    StoreOverridden,
    /// Other programs that run this one need environment variables of this process.
    VariablesNeeded,
    /// A new refresh token could not be stored.
    RefreshTokenUnkept,
    /// The file opens the vault, or is a copy of what is in it.
    KeepSafe,
    /// The provider is not known to accept keys of this kind.
    KeyKindRefused,
    /// The provider is not known to take a credential of this kind.
    CredentialNotTaken,
    /// Another app of the profile has the same client ID.
    SameClientId,
    /// Another mailbox of the profile has the same address.
    SameAddress,
    /// The client ID does not look like one of the provider's.
    UnusualClientId,
    /// The address needs servers that offer SMTPUTF8 (RFC 6531).
    AddressNeedsSmtputf8,
    /// The domain has no dot.
    DomainWithoutDot,
    /// A value is one that documents use as an example.
    ExampleValue,
    /// A file was left behind by a command that was ended.
    LeftoverFile,
    /// This machine's clock differs from a server's.
    ClockDiffers,
    /// Only the beginning of a text was looked at.
    TextCut,
    /// A report could not be written.
    ReportNotWritten,
    /// Several files have a report on the same mailbox.
    SeveralReports,
    /// Another of several commands could not do its job either.
    OtherError,
    /// Another version has written a file.
    OtherVersion,
    /// The practice tenant noted something.
    PracticeNoted,
}

impl Warning {
    /// A warning of this kind.
    #[must_use]
    pub fn new(code: WarningCode, text: impl Into<Shown>) -> Self {
        Self { code, text: text.into() }
    }
}

/// Schema 1 has the sentence.
impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}
