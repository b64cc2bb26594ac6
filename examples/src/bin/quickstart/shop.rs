//! The contract, and a server that implements it.

use oslo_messaging::{Context, RpcError, endpoint};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::mpsc;

/// What the shop can refuse.
#[derive(Debug, thiserror::Error, RpcError)]
pub enum ShopError {
    /// There is not enough of it.
    #[error("{wanted} of {item} wanted, {left} left")]
    SoldOut {
        /// What was asked for.
        item: String,
        /// How much was asked for.
        wanted: u32,
        /// How much there is.
        left: u32,
    },
}

/// A sale.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sale {
    /// Price of all of it.
    pub cents: u32,
    /// The server that sold it.
    pub by: String,
    /// Id of the call's message, for who wants to find it in a log.
    pub message_id: String,
}

/// A shop with several counters.
#[endpoint(namespace = "shop", version = "1.0")]
pub trait Shop {
    /// Sells `count` of `item`.
    async fn sell(&self, ctx: &Context, item: &str, count: u32) -> Result<Sale, ShopError>;

    /// Counts everything there is, which takes a while.
    async fn count(&self, ctx: &Context) -> Result<u32, ShopError>;

    /// Fills a shelf.
    #[cast]
    async fn restock(&self, ctx: &Context, item: &str, count: u32);

    /// Sends everybody home.
    #[cast(fanout)]
    async fn close_early(&self, ctx: &Context);
}

/// Something that a server has done and nobody was answered about.
pub struct Heard {
    /// Name of the server.
    pub by: &'static str,
    /// What it has done.
    pub what: String,
}

/// One server of the shop.
pub struct Counter {
    /// Its name.
    pub name: &'static str,
    /// Where it says what it has done.
    pub say: mpsc::UnboundedSender<Heard>,
}

impl Counter {
    fn done(&self, what: String) {
        // Nobody listens any more once the story is told.
        let _ = self.say.send(Heard { by: self.name, what });
    }
}

impl Shop for Counter {
    async fn sell(&self, ctx: &Context, item: &str, count: u32) -> Result<Sale, ShopError> {
        if item == "gold" {
            return Err(ShopError::SoldOut { item: item.to_owned(), wanted: count, left: 0 });
        }
        let cents = 25 * count * u32::try_from(item.len()).unwrap_or(1);
        let id = ctx.delivery().and_then(|delivery| delivery.message_id);
        let message_id = id.map(|id| id.to_string()).unwrap_or_default();
        Ok(Sale { cents, by: self.name.to_owned(), message_id })
    }

    async fn count(&self, _ctx: &Context) -> Result<u32, ShopError> {
        // Longer than its caller waits, and over soon after: the server's stop lets it finish.
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(4)
    }

    async fn restock(&self, _ctx: &Context, item: &str, count: u32) {
        self.done(format!("put {count} of {item} on the shelf"));
    }

    async fn close_early(&self, _ctx: &Context) {
        self.done("closed".to_owned());
    }
}
