//! Confirmations of publishes that nobody waits for, as the driver of ours takes them: in one task, apart from the calls.

use std::future::Future;
use std::pin::Pin;

use bench_load::Failure;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use lapin::{BasicProperties, Channel};
use tokio::sync::mpsc;

use super::publish::{Place, Wait, publish};

/// What became of a publish: the message that lapin handed out with its confirmation, if any.
type Outcome = Result<Option<BasicProperties>, Failure>;
type Publishing = Pin<Box<dyn Future<Output = (u64, Outcome)> + Send>>;

/// Publishes on one channel in confirm mode.
pub(super) struct Confirms {
    channel: Channel,
    unsettled: mpsc::UnboundedSender<Publishing>,
}

impl Confirms {
    /// Settles on the runtime that is current; tells `settled` by the number that a publish was given.
    pub(super) fn start(channel: Channel, settled: impl Fn(u64, Outcome) + Send + 'static) -> Self {
        let (unsettled, publishes) = mpsc::unbounded_channel();
        tokio::spawn(settle(publishes, settled));
        Self { channel, unsettled }
    }

    /// Publishes, mandatory, and returns at once: the first poll queues the frames and wakes lapin's thread.
    pub(super) fn push(
        &self,
        to: Place,
        body: Vec<u8>,
        properties: BasicProperties,
        number: u64,
    ) -> Result<(), Failure> {
        let channel = self.channel.clone();
        let mut publishing: Publishing =
            Box::pin(async move { (number, publish(&channel, to, &body, properties, Wait::Confirm).await) });
        // A confirmation cannot be there already, so what is ready is a failure.
        if let Some((_, outcome)) = publishing.as_mut().now_or_never() {
            return outcome.map(drop);
        }
        let gone = |_| Failure::Other("nobody takes confirmations any more".to_owned());
        self.unsettled.send(publishing).map_err(gone)
    }
}

async fn settle(mut publishes: mpsc::UnboundedReceiver<Publishing>, settled: impl Fn(u64, Outcome)) {
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            next = publishes.recv() => match next {
                Some(publishing) => under_way.push(publishing),
                None => return,
            },
            Some((number, outcome)) = under_way.next() => settled(number, outcome),
        }
    }
}
