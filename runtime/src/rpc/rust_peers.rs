//! Servers known to be ours.
//!
//! Call monitoring costs a Python server a thread for each call, and a leaked one for each that it refuses, so it is only
//! turned on unasked where the server has shown that it is a Rust one.

use crate::target::Target;
use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

/// Most servers remembered; beyond that a client talks to a cloud, not to a service, and begins anew.
const MOST: usize = 4096;

/// The servers that have answered with our mark, by topic and name.
#[derive(Debug, Default)]
pub(crate) struct RustPeers {
    servers: RwLock<HashSet<(Arc<str>, Arc<str>)>>,
}

impl RustPeers {
    /// Remembers that the server at `target` is ours.
    pub(crate) fn answered(&self, target: &Target) {
        let Some(key) = key(target) else { return };
        if self.servers.read().unwrap_or_else(PoisonError::into_inner).contains(&key) {
            return;
        }
        let mut servers = self.servers.write().unwrap_or_else(PoisonError::into_inner);
        if servers.len() >= MOST {
            servers.clear();
        }
        servers.insert(key);
    }

    /// Whether `target` names one server, which has answered as one of ours.
    pub(crate) fn contains(&self, target: &Target) -> bool {
        // Most calls go to a topic: they need not look.
        let known = |key| self.servers.read().unwrap_or_else(PoisonError::into_inner).contains(&key);
        key(target).is_some_and(known)
    }
}

fn key(target: &Target) -> Option<(Arc<str>, Arc<str>)> {
    Some((Arc::clone(target.topic.as_ref()?), Arc::clone(target.server.as_ref()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_by_name_is_known() {
        let peers = RustPeers::default();
        peers.answered(&Target::topic("t"));
        peers.answered(&Target::server("t", "a"));
        assert!(peers.contains(&Target::server("t", "a").with_exchange("x")));
        assert!(!peers.contains(&Target::server("t", "b")));
        assert!(!peers.contains(&Target::topic("t")));
    }
}
