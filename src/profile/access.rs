//! Who is let into a mailbox: the user who signs in, or the app itself.

/// Who is let into a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// A user signs in, and the app acts for them (delegated permissions).
    #[default]
    User,
    /// The app itself: no user signs in, and an administrator has granted it all (application permissions).
    App,
}

impl Access {
    /// The value in the profile.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::App => "app",
        }
    }

    /// Whether a person has to sign in before anything works.
    #[must_use]
    pub const fn needs_person(self) -> bool {
        match self {
            Self::User => true,
            Self::App => false,
        }
    }
}
