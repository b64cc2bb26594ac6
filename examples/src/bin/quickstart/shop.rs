//! The contract, and a server that implements it.

use oslo_messaging::{Context, RpcError, endpoint};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::mpsc;

/// What the shop can refuse.
#[derive(Debug, thiserror::Error, RpcError)]
pub(crate) enum ShopError {
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
pub(crate) struct Sale {
    /// Price of all of it.
    pub(crate) cents: u32,
    /// The server that sold it.
    pub(crate) by: String,
    /// Id of the call's message, for who wants to find it in a log.
    pub(crate) message_id: String,
}

/// A shop with several counters.
#[endpoint(namespace = "shop", version = "1.0")]
pub(crate) trait Shop {
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

/// Something that a server has done, told past the answer to its caller.
pub(crate) struct Heard {
    /// Name of the server.
    pub(crate) by: &'static str,
    /// What it has done.
    pub(crate) what: String,
    /// Id of the message that asked for it. Casts have none.
    pub(crate) message_id: Option<String>,
}

/// One server of the shop.
pub(crate) struct Counter {
    /// Its name.
    pub(crate) name: &'static str,
    /// Where it says what it has done.
    pub(crate) say: mpsc::UnboundedSender<Heard>,
}

impl Counter {
    fn done(&self, ctx: &Context, what: String) {
        // Nobody listens any more once the story is told.
        let _ = self.say.send(Heard { by: self.name, what, message_id: message_id(ctx) });
    }
}

fn message_id(ctx: &Context) -> Option<String> {
    Some(ctx.delivery()?.message_id?.to_string())
}

impl Shop for Counter {
    async fn sell(&self, ctx: &Context, item: &str, count: u32) -> Result<Sale, ShopError> {
        if item == "gold" {
            self.done(ctx, "had no gold to sell".to_owned());
            return Err(ShopError::SoldOut { item: item.to_owned(), wanted: count, left: 0 });
        }
        let cents = 25 * count * u32::try_from(item.len()).unwrap_or(1);
        Ok(Sale { cents, by: self.name.to_owned(), message_id: message_id(ctx).unwrap_or_default() })
    }

    async fn count(&self, _ctx: &Context) -> Result<u32, ShopError> {
        // Longer than its caller waits, and over soon after: the server's stop lets it finish.
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(4)
    }

    async fn restock(&self, ctx: &Context, item: &str, count: u32) {
        self.done(ctx, format!("put {count} of {item} on the shelf"));
    }

    async fn close_early(&self, ctx: &Context) {
        self.done(ctx, "closed".to_owned());
    }
}
