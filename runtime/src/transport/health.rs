//! The state of a connection, as users and operators see it.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

/// The state of a transport's connection to its broker.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Health {
    /// No connection yet.
    Connecting {
        /// Failed attempts so far.
        attempts: u32,
        /// The last failed attempt.
        last: Option<Arc<ConnectFailure>>,
    },
    /// Connected.
    Ready {
        /// The node, as `host:port`.
        node: Arc<str>,
    },
    /// Connected, but the broker takes no messages (an alarm).
    Blocked {
        /// The node, as `host:port`.
        node: Arc<str>,
        /// The broker's reason.
        reason: Arc<str>,
    },
    /// The connection was lost.
    Reconnecting {
        /// Since when.
        since: Instant,
        /// Failed attempts since.
        attempts: u32,
        /// The last failed attempt, or why the connection was lost.
        last: Option<Arc<ConnectFailure>>,
    },
    /// Closed by its user.
    Closed,
}

impl Health {
    /// Whether messages can be sent now.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Ready { .. })
    }
}

/// What kind of failure a connection attempt met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectFailureKind {
    /// User or password are wrong, or the user may not log in from here.
    AuthenticationFailed,
    /// The virtual host does not exist, or the user may not use it.
    VirtualHostRefused,
    /// Nothing answers at the address.
    Unreachable,
    /// The peer does not speak the protocol, or broke off.
    Protocol,
    /// The connection was open and was lost.
    Lost,
}

/// A failed connection attempt, or the loss of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectFailure {
    /// What kind.
    pub kind: ConnectFailureKind,
    /// Node, as `host:port`.
    pub node: String,
    /// What happened, in the broker's or the system's words, without secrets.
    pub cause: String,
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ConnectFailureKind::AuthenticationFailed => "refused the user or password",
            ConnectFailureKind::VirtualHostRefused => "refused the virtual host",
            ConnectFailureKind::Unreachable => "cannot be reached",
            ConnectFailureKind::Protocol => "broke off the handshake",
            ConnectFailureKind::Lost => "lost the connection",
        };
        write!(f, "{} {what}: {}", self.node, self.cause)
    }
}

impl std::error::Error for ConnectFailure {}
