//! One publish in either mode.

use bench_load::Failure;
use futures_util::FutureExt;
use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation};

use crate::broker::fanout_exchange;

pub(super) fn failure(error: lapin::Error) -> Failure {
    Failure::Other(error.to_string())
}

/// How a publish is ended.
#[derive(Clone, Copy)]
pub(super) enum Wait {
    /// Until the broker confirms it.
    Confirm,
    /// Until the frames are in the socket; the only bound on what a sender can pile up when nothing answers.
    Write,
    /// Not at all.
    No,
}

/// Where a message is published.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) exchange: ShortString,
    pub(super) key: ShortString,
}

impl Place {
    /// A queue by its name, through the default exchange.
    pub(super) fn queue(name: ShortString) -> Self {
        Self { exchange: "".into(), key: name }
    }

    /// The fanout of a topic.
    pub(super) fn fanout(topic: &str) -> Self {
        Self { exchange: fanout_exchange(topic).into(), key: "".into() }
    }
}

/// Publishes, mandatory. The returned message, if lapin handed one out with this confirm, is not
/// always the one that was published: see [`super::returns`].
pub(super) async fn publish(
    channel: &Channel,
    to: Place,
    body: &[u8],
    properties: BasicProperties,
    wait: Wait,
) -> Result<Option<BasicProperties>, Failure> {
    let options = BasicPublishOptions { mandatory: true, ..Default::default() };
    let sending = channel.basic_publish(to.exchange, to.key, options, body, properties);
    match wait {
        Wait::Confirm => match sending.await.map_err(failure)?.await.map_err(failure)? {
            Confirmation::Ack(returned) => Ok(returned.map(|message| message.delivery.properties)),
            refused => Err(Failure::Other(format!("the broker answered a publish with {refused:?}"))),
        },
        Wait::Write => {
            sending.await.map_err(failure)?;
            Ok(None)
        }
        // The first poll queues the frames and wakes lapin's thread; what remains would only wait for the write.
        Wait::No => match sending.now_or_never() {
            Some(Err(error)) => Err(failure(error)),
            _ => Ok(None),
        },
    }
}
