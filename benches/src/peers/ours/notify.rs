//! A notifier and a listener with typed payloads.

use bench_load::{Client, Failure, Probes, Queue};
use futures_util::{StreamExt, TryStreamExt, stream};
use oslo_messaging::notify::{Event, Listener, Notifier, NotifyError};
use oslo_messaging::{Context, Target, Transport, listener};
use serde::{Deserialize, Serialize};

use super::{Serving, connect, unable};
use crate::broker::{Admin, Site, is_in_process, missing, notification_queue};
use crate::cli::OursMode;
use crate::error::{Error, Result};
use crate::listen::Handled;
use crate::notification::{EVENT_TYPE, PUBLISHER_ID};

#[derive(Serialize)]
struct Sent<'a> {
    data: &'a str,
}

#[derive(Deserialize)]
struct Payload {
    data: String,
}

#[listener]
trait Bench {
    #[on(info)]
    async fn happened(&self, event: Event<Payload>);
}

struct Counting {
    handled: Handled,
}

impl Bench for Counting {
    async fn happened(&self, event: Event<Payload>) {
        std::hint::black_box(event.payload.data);
        self.handled.add();
    }
}

/// Listens to the topic's notifications, `inflight` of them at a time.
pub(crate) async fn listen(site: &Site, mode: OursMode, inflight: u16, handled: &Handled) -> Result<Serving> {
    let transport = connect(site, mode).await?;
    start(&transport, &site.topic, inflight, handled).await?;
    Ok(Serving { transport })
}

/// The same where the listener has to fill its queue itself: nobody else reaches the memory of this process.
pub(crate) async fn fill_and_listen(
    site: &Site,
    inflight: u16,
    handled: &Handled,
    (count, size): (usize, usize),
) -> Result<Serving> {
    let (topic, transport) = (&site.topic, connect(site, OursMode::Thread).await?);
    let (notifier, data) = (notifier(&transport, topic)?, "x".repeat(size));
    let sends = stream::iter(0..count).map(|_| send(&notifier, &data)).buffer_unordered(UNDER_WAY);
    sends.try_for_each(|()| async { Ok(()) }).await.map_err(unable("fill the queue"))?;
    start(&transport, topic, inflight, handled).await?;
    Ok(Serving { transport })
}

async fn start(transport: &Transport, topic: &str, inflight: u16, handled: &Handled) -> Result<()> {
    let listener = Listener::builder(transport)
        .target(Target::topic(topic))
        .endpoint(BenchEndpoint::new(Counting { handled: handled.clone() }))
        .concurrency(inflight.into())
        .prefetch(inflight)
        .build()
        .map_err(unable("build the listener"))?;
    // The handle only stops what it started; the transport's close does that too.
    listener.start().await.map(drop).map_err(unable("start the listener"))
}

fn notifier(transport: &Transport, topic: &str) -> Result<Notifier> {
    let builder = Notifier::builder(transport).publisher_id(PUBLISHER_ID).topic(topic);
    builder.build().map_err(unable("build the notifier"))
}

async fn send(notifier: &Notifier, data: &str) -> Result<(), NotifyError> {
    notifier.info(&Context::new(), EVENT_TYPE, &Sent { data }).await
}

/// Sends under way at a time while a queue is filled.
const UNDER_WAY: usize = 64;

pub(crate) struct OursNotifier {
    served: Notifier,
    missing: Notifier,
    url: String,
    missing_queue: String,
    /// What the listener beside it has handled, where it has one.
    handled: Option<Handled>,
}

impl OursNotifier {
    /// A notifier; over `memory://` its listener lives beside it, as nobody else could reach it.
    pub(crate) async fn connect(site: Site, mode: OursMode, prefetch: u16) -> Result<Self> {
        let (topic, transport) = (&site.topic, connect(&site, mode).await?);
        let mut handled = None;
        if is_in_process(&site.url) {
            start(&transport, topic, prefetch, handled.insert(Handled::default())).await?;
        }
        Ok(Self {
            served: notifier(&transport, topic)?,
            missing: notifier(&transport, &missing(topic))?,
            missing_queue: notification_queue(&missing(topic)),
            handled,
            url: site.url,
        })
    }
}

impl OursNotifier {
    /// How many notifications are in the missing queue, once it was made, deleted and sent to again.
    async fn probe(&self) -> Result<u64> {
        let send = || async {
            self.send(Queue::Missing, "").await.map_err(|failure| Error::Peer(failure.to_string()))
        };
        let admin = Admin::connect(&self.url).await?;
        send().await?;
        admin.delete_queue(&self.missing_queue).await?;
        send().await?;
        let waiting = admin.waiting(&self.missing_queue).await?;
        admin.close().await?;
        Ok(waiting.into())
    }
}

impl Client for OursNotifier {
    async fn send(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        let notifier = match queue {
            Queue::Served => &self.served,
            Queue::Missing => &self.missing,
        };
        send(notifier, data).await.map_err(|error| Failure::Other(error.to_string()))
    }

    async fn handled(&self) -> Result<Option<u64>, Failure> {
        Ok(self.handled.as_ref().map(Handled::get))
    }

    /// A queue that was deleted behind the notifier's back is made again, and has the notification.
    async fn probe_afterwards(&self) -> bench_load::Result<Option<Probes>> {
        if is_in_process(&self.url) {
            return Ok(None);
        }
        let returned =
            self.probe().await.map_err(|error| bench_load::Error::Peer(format!("the check: {error}")))?;
        Ok(Some(Probes { sent: 1, returned }))
    }
}
