//! A crate that holds a contract and nothing else: no tokio, no lapin, no TLS in its graph.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod no_prelude;

use oslo_messaging::notify::Event;
use oslo_messaging::{Context, Notification, RpcError, endpoint, listener};
use serde::{Deserialize, Serialize};

/// What the inventory can refuse.
#[derive(Debug, Clone, PartialEq, thiserror::Error, RpcError)]
#[rpc_error(module = "inventory.exception")]
pub enum InventoryError {
    /// There is no such item.
    #[error("Item {name} could not be found.")]
    ItemNotFound {
        /// Name of the item.
        name: String,
    },
    /// Not enough of it is left.
    #[error("Only {left} left")]
    SoldOut {
        /// What is left.
        left: u32,
    },
}

/// An item and how many there are of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Name of the item.
    pub name: String,
    /// How many there are.
    pub count: u32,
}

/// What is in stock.
#[endpoint(namespace = "inventory", version = "1.1")]
pub trait Inventory {
    /// Finds an item.
    async fn find(&self, ctx: &Context, name: &str) -> Result<Item, InventoryError>;

    /// Takes `count` of an item; gives what is left.
    #[call(since = "1.1")]
    async fn take(
        &self,
        ctx: &Context,
        name: &str,
        #[arg(default = 1)] count: u32,
    ) -> Result<u32, InventoryError>;

    /// Puts something on the shelf.
    #[cast]
    async fn put(&self, item: &Item);
}

/// Something has run out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Notification)]
#[notification(event_type = "inventory.item.gone", priority = "warn", version = "1.1")]
pub struct Gone {
    /// What was taken last.
    pub item: Item,
}

/// What an inventory tells.
#[listener]
pub trait InventoryEvents {
    /// Something has run out.
    #[on]
    async fn gone(&self, ctx: &Context, event: Event<Gone>) -> Result<(), InventoryError>;

    /// Everything that goes wrong, several at a time.
    #[on(error, critical, event_type = "inventory.*")]
    async fn failed(&self, events: Vec<Event>);
}
