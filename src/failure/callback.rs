//! Why something that came to the redirect address, or was pasted, is not the answer to a sign-in.

/// What is wrong with an answer. It says nothing of the answer's contents, so it can be shown anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackRefusal {
    /// No `state` or several.
    NoState,
    /// Another `state`.
    OtherState,
    /// The right `state`, and neither a `code` nor an `error`.
    NoCode,
    /// The right `state`, and several codes or errors.
    SeveralCodes,
    /// Nothing behind the path: an answer behind `#` stays in the browser.
    NoQuery,
    /// A form (`response_mode=form_post`) instead of an address.
    FormPost,
    /// An answer at another path than the redirect URI's.
    OtherPath,
    /// An answer under another host name than the redirect URI's.
    OtherHost,
    /// A TLS handshake where plain HTTP is spoken.
    Tls,
    /// More headers or a larger body than are read.
    TooLarge,
}

/// What came to the redirect address while a sign-in was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Heard {
    /// The answer was to be pasted; there was no listener.
    #[default]
    NotListening,
    /// Nothing at all.
    Nothing,
    /// Requests, of which none was the answer.
    Requests,
}

impl CallbackRefusal {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::NoState,
        Self::OtherState,
        Self::NoCode,
        Self::SeveralCodes,
        Self::NoQuery,
        Self::FormPost,
        Self::OtherPath,
        Self::OtherHost,
        Self::Tls,
        Self::TooLarge,
    ];
}
