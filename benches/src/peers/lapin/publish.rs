//! One publish in either mode.

use futures_util::FutureExt;
use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;
use lapin::{BasicProperties, Channel, Confirmation};

use crate::load::Failure;

impl From<lapin::Error> for Failure {
    fn from(error: lapin::Error) -> Self {
        Self::Other(error.to_string())
    }
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
        Wait::Confirm => match sending.await?.await? {
            Confirmation::Ack(returned) => Ok(returned.map(|message| message.delivery.properties)),
            refused => Err(Failure::Other(format!("the broker answered a publish with {refused:?}"))),
        },
        Wait::Write => {
            sending.await?;
            Ok(None)
        }
        // The first poll queues the frames and wakes lapin's thread; what remains would only wait for the write.
        Wait::No => match sending.now_or_never() {
            Some(Err(error)) => Err(error.into()),
            _ => Ok(None),
        },
    }
}
