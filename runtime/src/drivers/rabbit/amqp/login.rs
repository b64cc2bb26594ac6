//! What is the same of a login for both implementations: how long it may take, and what a refusal means.

use super::Node;
use crate::transport::{ConnectFailure, ConnectFailureKind};
use std::time::Duration;

/// A handshake that takes longer has met a peer that will not answer.
const LIMIT: Duration = Duration::from_secs(5);

/// What `handshake` with `node` comes to, within its limit.
pub(super) async fn limited<T>(
    node: &Node,
    handshake: impl Future<Output = Result<T, ConnectFailure>>,
) -> Result<T, ConnectFailure> {
    tokio::time::timeout(LIMIT, handshake).await.unwrap_or_else(|_| {
        let cause = format!("no complete handshake within {LIMIT:?}");
        Err(ConnectFailure { kind: ConnectFailureKind::Unreachable, node: node.address(), cause })
    })
}

/// What a broker means that ends a handshake with this reply code.
pub(super) fn meaning(code: u16) -> ConnectFailureKind {
    match code {
        403 => ConnectFailureKind::AuthenticationFailed,
        530 | 402 => ConnectFailureKind::VirtualHostRefused,
        _ => ConnectFailureKind::Protocol,
    }
}
