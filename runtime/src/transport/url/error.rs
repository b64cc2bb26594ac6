//! What can be wrong with a transport URL. No variant holds a part of the URL that may be a password.

/// A transport URL that cannot be used: what is wrong, where, and what to write instead.
///
/// Never contains a password, nor any text that could be one. Corresponds to `InvalidTransportURL`,
/// `DriverLoadFailure` and the bare `ValueError`s of oslo.messaging.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportUrlError {
    /// Nothing at all.
    #[error("the transport URL is empty; the shortest is `rabbit://`")]
    Empty,
    /// No `scheme:` in front.
    #[error("the transport URL has no scheme; it starts with `rabbit://` or `memory://`")]
    NoScheme,
    /// A scheme that no driver answers to.
    #[error("no driver for transport URL scheme `{scheme}`; known are `rabbit` and `memory`")]
    UnknownScheme {
        /// The scheme.
        scheme: String,
    },
    /// A scheme that means something else here than the writer thinks.
    #[error("scheme `{scheme}` is kept for AMQP 1.0, which is not there yet; RabbitMQ is `rabbit://`")]
    ReservedScheme {
        /// The scheme.
        scheme: String,
    },
    /// TLS was asked for. Nothing is ever sent in clear text instead.
    #[error("{asked_by} asks for TLS, which is not there yet; nothing was sent in clear text instead")]
    TlsUnavailable {
        /// What asked for it: the scheme, a port, an option.
        asked_by: String,
    },
    /// Something follows `scheme:` that is neither `//host` nor `/virtual_host`.
    #[error("`//` is missing after the scheme of the transport URL")]
    MissingSlashes,
    /// A port that is no number from 0 to 65535.
    #[error(
        "the port of host {host} of the transport URL is no number from 0 to 65535; in a user or password, \
         each of / ? # @ : , % is written as %XX (%2F, %3F, %23, %40, %3A, %2C, %25)"
    )]
    BadPort {
        /// Which host, counted from 1.
        host: usize,
    },
    /// A host that is neither a name nor an address.
    #[error("host {host} of the transport URL {problem}")]
    BadHost {
        /// Which host, counted from 1.
        host: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A part that is not UTF-8 once its percent encoding is undone.
    #[error("{part} of the transport URL is not UTF-8 after percent decoding")]
    NotUtf8 {
        /// Which part.
        part: &'static str,
    },
    /// An `@` behind the hosts where none belongs: the password was cut in two.
    #[error(
        "the transport URL has an `@` after a `{delimiter}` but no user before it: in a password, `{delimiter}` \
         is written as %XX (%2F, %3F, %23); elsewhere, `@` is written %40"
    )]
    CutPassword {
        /// The character that cut it.
        delimiter: char,
    },
    /// A virtual host that AMQP cannot carry.
    #[error("the virtual host of the transport URL is {length} bytes long; AMQP allows 255")]
    VirtualHostTooLong {
        /// Its length in bytes.
        length: usize,
    },
}

impl TransportUrlError {
    pub(super) fn tls(asked_by: impl Into<String>) -> Self {
        Self::TlsUnavailable { asked_by: asked_by.into() }
    }
}
