//! What the shop tells the world, and somebody who reads it.

use crate::shop::Heard;
use oslo_messaging::listener;
use oslo_messaging::notify::{Event, Notification};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Something new is on the shelves.
#[derive(Debug, Serialize, Deserialize, Notification)]
#[notification(event_type = "shop.arrival", priority = "info", version = "1.0")]
pub(crate) struct Arrival {
    /// What it is.
    pub(crate) item: String,
    /// How much of it.
    pub(crate) count: u32,
}

/// What a reader of the news takes.
#[listener]
pub(crate) trait News {
    /// Something has arrived.
    #[on]
    async fn arrived(&self, event: Event<Arrival>);
}

/// Reads the news.
pub(crate) struct Reader {
    /// Where it says what it has read.
    pub(crate) say: mpsc::UnboundedSender<Heard>,
}

impl News for Reader {
    async fn arrived(&self, event: Event<Arrival>) {
        let Event { payload: Arrival { item, count }, publisher_id, message_id, .. } = event;
        let what = format!("read that {publisher_id} has {count} of {item}");
        // Nobody listens any more once the story is told.
        let _ = self.say.send(Heard { by: "reader", what, message_id: Some(message_id) });
    }
}
