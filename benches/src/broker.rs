//! The broker beside the peers: its URL in AMQP's grammar, and taking away what a run leaves on it.

use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use lapin::{Connection, ConnectionProperties};

use crate::error::{Error, Result};

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

/// Deletes what the peers declared for `topic`; most of it they leave behind, as oslo.messaging does.
pub(crate) async fn clean_up(url: &str, topic: &str, server: &str) -> Result<()> {
    let connection = Connection::connect(&amqp_url(url)?, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    for queue in [topic.to_owned(), format!("{topic}.{server}")] {
        channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await?;
    }
    channel.exchange_delete(format!("{topic}_fanout").into(), ExchangeDeleteOptions::default()).await?;
    connection.close(200, "done".into()).await?;
    Ok(())
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
    fn another_scheme_is_refused_with_its_name() {
        assert!(amqp_url("http://host/").unwrap_err().to_string().contains("http://host/"));
    }
}
