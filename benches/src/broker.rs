//! The broker beside the peers: its URL in AMQP's grammar, its queues seen from outside, and taking away what a run leaves.

use lapin::options::{ExchangeDeleteOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use tokio::time::timeout;

use crate::error::{Error, Result};
use crate::measure::PATIENCE;

/// The exchange of durable queues: one that exists with another durability is an error. Python's processes have it too. It is
/// never deleted: other runs on the same broker may be using it, and an exchange without queues costs nothing.
pub(crate) const DURABLE_EXCHANGE: &str = "bench-durable";

/// Where one measurement happens.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) url: String,
    /// The measurement's own.
    pub(crate) topic: String,
    /// Whether queues and exchanges survive the broker's restart.
    pub(crate) durable: bool,
}

/// `memory://` lives in one process.
pub(crate) fn is_in_process(url: &str) -> bool {
    url.starts_with("memory:") || url.starts_with("kombu+memory:")
}

/// A `rabbit://` URL with one host as lapin reads URLs: there the empty path is the *empty* virtual host, here it is `/`.
pub(crate) fn amqp_url(url: &str) -> Result<String> {
    let rest = ["rabbit://", "kombu://", "amqp://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme))
        .ok_or_else(|| {
            Error::Usage(format!("--url must begin with rabbit:// (or memory:// for ours), it is {url:?}"))
        })?;
    let rest = rest.split_once('?').map_or(rest, |(before, _)| before);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let virtual_host = match path {
        "" | "/" => "%2f",
        name => name,
    };
    Ok(format!("amqp://{authority}/{virtual_host}"))
}

/// A topic that notifications are sent to when they are to find no queue.
pub(crate) fn missing(topic: &str) -> String {
    format!("{topic}-missing")
}

/// The queue of a topic's notifications; all of them have one priority.
pub(crate) fn notification_queue(topic: &str) -> String {
    format!("{topic}.info")
}

/// The exchange of a topic's fanout.
pub(crate) fn fanout_exchange(topic: &str) -> String {
    format!("{topic}_fanout")
}

/// A connection to look after queues with, apart from those that are measured.
pub(crate) struct Admin {
    connection: Connection,
    channel: Channel,
}

impl Admin {
    pub(crate) async fn connect(url: &str) -> Result<Self> {
        let connection = Connection::connect(&amqp_url(url)?, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        Ok(Self { connection, channel })
    }

    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// How many messages wait in a queue that is there, without those that a consumer has.
    pub(crate) async fn waiting(&self, queue: &str) -> Result<u32> {
        let look = QueueDeclareOptions { passive: true, ..Default::default() };
        Ok(self.channel.queue_declare(queue.into(), look, FieldTable::default()).await?.message_count())
    }

    pub(crate) async fn delete_queue(&self, queue: &str) -> Result<()> {
        self.channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await?;
        Ok(())
    }

    pub(crate) async fn close(self) -> Result<()> {
        Ok(self.connection.close(200, "done".into()).await?)
    }
}

/// The exchanges that nobody but the measurement of `topic` has.
fn exchanges(topic: &str) -> [String; 2] {
    [topic.to_owned(), fanout_exchange(topic)]
}

/// Deletes what the peers declared for `topic`; most of it they leave behind, as oslo.messaging does.
pub(crate) async fn clean_up(site: &Site, servers: impl Iterator<Item = String>) -> Result<()> {
    // A measurement may have failed because the broker does not answer.
    let late = |_| Error::Peer(format!("it did not delete them within {PATIENCE:?}"));
    timeout(PATIENCE, delete(site, servers)).await.map_err(late)?
}

async fn delete(site: &Site, servers: impl Iterator<Item = String>) -> Result<()> {
    let (topic, admin) = (&site.topic, Admin::connect(&site.url).await?);
    let notifications = [notification_queue(topic), notification_queue(&missing(topic))];
    let served = servers.map(|server| format!("{topic}.{server}"));
    for queue in served.chain([topic.clone()]).chain(notifications) {
        admin.delete_queue(&queue).await?;
    }
    for exchange in exchanges(topic) {
        admin.channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default()).await?;
    }
    admin.close().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_its_credentials_and_its_virtual_host() {
        let same = |url: &str| amqp_url(url).unwrap();
        assert_eq!(same("rabbit://guest:guest@127.0.0.1:5672/"), "amqp://guest:guest@127.0.0.1:5672/%2f");
        assert_eq!(same("rabbit://a:b@host"), "amqp://a:b@host/%2f");
        assert_eq!(same("rabbit://a:b@host//"), "amqp://a:b@host/%2f");
        assert_eq!(same("rabbit://a:b@host/cloud?ssl=0"), "amqp://a:b@host/cloud");
    }

    #[test]
    fn only_exchanges_of_the_topic_are_deleted() {
        assert!(exchanges("bench-1-2").iter().all(|exchange| exchange.starts_with("bench-1-2")));
    }

    #[test]
    fn another_scheme_is_refused_with_its_name() {
        assert!(amqp_url("http://host/").unwrap_err().to_string().contains("http://host/"));
    }
}
