//! The channel that consumers share which acknowledge before they handle: one on each connection, however many servers a
//! process has.
//!
//! The broker answers a refusal by ending the channel, and takes back what all consumers of it hold. So nothing is asked for
//! here that it has not granted on another channel before.

use super::super::amqp::Channel;
use super::super::link::Up;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The shared channel of a link. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::drivers::rabbit) struct SharedChannel {
    current: Arc<Mutex<Option<Opened>>>,
}

struct Opened {
    channel: Channel,
    /// Of the connection that it is on.
    generation: u64,
    last_tag: u32,
}

/// One subscription's turn to add consumers: a prefetch limit counts for those that are added after it.
pub(super) struct Turn {
    current: OwnedMutexGuard<Option<Opened>>,
    generation: u64,
}

impl SharedChannel {
    /// A turn, if there is no channel on this connection: the one that is granted to this subscription will be it.
    pub(super) async fn vacancy(&self, up: &Up) -> Option<Turn> {
        let turn = self.turn(up).await;
        turn.channel().is_none().then_some(turn)
    }

    /// Waits until nobody else adds consumers.
    pub(super) async fn turn(&self, up: &Up) -> Turn {
        let current = Arc::clone(&self.current).lock_owned().await;
        Turn { current, generation: up.generation }
    }
}

impl Turn {
    /// The channel, if there is one on this connection.
    pub(super) fn channel(&self) -> Option<Channel> {
        let on_this = |opened: &&Opened| opened.generation == self.generation && opened.channel.is_open();
        self.current.as_ref().filter(on_this).map(|opened| opened.channel.clone())
    }

    /// A consumer tag that no other consumer of the channel has.
    pub(super) fn tag(&mut self) -> u32 {
        self.current.as_mut().map_or(0, |opened| {
            opened.last_tag = opened.last_tag.wrapping_add(1);
            opened.last_tag
        })
    }

    /// From now on others may use this channel, too, on which tags up to this one are taken.
    pub(super) fn share(mut self, channel: Channel, last_tag: u32) {
        *self.current = Some(Opened { channel, generation: self.generation, last_tag });
    }
}
