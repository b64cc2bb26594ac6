//! The reply address of this process: one queue in use, a new one after every loss, and the old ones consumed until
//! their last call has ended.

use super::amqp::{AmqpError, Channel, Scope};
use super::in_vain::InVain;
use super::link::{Link, Up};
use super::refusal::advice;
use super::topology::{Profile, Source};
use crate::id::MessageId;
use crate::transport::{AckHandle, Delivery, DriverError, ReplyAddress, Route, Sink};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often old reply queues are looked at, while there are any.
const SWEEP: Duration = Duration::from_secs(1);
/// The consumer tag of a reply queue, as Python's.
const TAG: u32 = 1;

/// The reply half of the driver. Cheap to clone.
#[derive(Clone)]
pub(super) struct Replies {
    link: Link,
    profile: Profile,
    sink: Arc<OnceLock<Arc<dyn Sink>>>,
    state: Arc<watch::Sender<State>>,
}

/// What there is for new calls.
#[derive(Default)]
enum State {
    /// Neither a reply queue nor a reason against it.
    #[default]
    Unknown,
    /// A queue that is consumed.
    Ready(ReplyAddress),
    /// The last one could not be set up.
    Failed(String),
    /// The broker has refused the last one; another is asked for now and then.
    Refused(DriverError),
}

type Ended = Pin<Box<dyn Future<Output = (Arc<str>, Option<AmqpError>)> + Send>>;

/// An address that calls in flight still wait on.
struct Old {
    address: ReplyAddress,
    channel: Channel,
}

impl Replies {
    pub(super) fn new(link: Link, profile: Profile) -> Self {
        Self { link, profile, sink: Arc::default(), state: Arc::default() }
    }

    /// Who takes replies; the first one stays.
    pub(super) fn set_sink(&self, sink: Arc<dyn Sink>) {
        let _ = self.sink.set(sink);
    }

    pub(super) fn current(&self) -> Option<ReplyAddress> {
        match &*self.state.borrow() {
            State::Ready(address) => Some(address.clone()),
            _ => None,
        }
    }

    /// The address for new calls, as soon as there is one or the broker has refused it.
    pub(super) async fn address(&self) -> Result<ReplyAddress, DriverError> {
        let mut state = self.state.subscribe();
        let told = state.wait_for(|state| matches!(state, State::Ready(_) | State::Refused(_))).await;
        match told.as_deref() {
            Ok(State::Ready(address)) => Ok(address.clone()),
            Ok(State::Refused(refusal)) => Err(refusal.clone()),
            _ => Err(DriverError::Closed),
        }
    }

    /// Why there is no address.
    pub(super) fn trouble(&self) -> String {
        match &*self.state.borrow() {
            State::Failed(cause) => cause.clone(),
            _ => self.link.trouble(),
        }
    }

    /// Keeps a reply queue consumed until the link is closed.
    pub(super) async fn run(self) {
        let mut old: Vec<ReplyAddress> = Vec::new();
        let mut in_vain = InVain::default();
        loop {
            in_vain.pause(&self.link).await;
            let Some(up) = self.link.up().await else { break };
            let mut consumers: FuturesUnordered<Ended> = FuturesUnordered::new();
            let fresh = ReplyAddress(format!("reply_{}", MessageId::random()).into());
            if let Err(error) = self.consume(&up.connection, &fresh, &mut consumers).await {
                in_vain.failed(&up, self.note(&up, &fresh, &error));
                continue;
            }
            let since = Instant::now();
            self.state.send_replace(State::Ready(fresh.clone()));
            let mut waiting = Vec::new();
            for address in std::mem::take(&mut old).into_iter().filter(in_use) {
                match self.consume(&up.connection, &address, &mut consumers).await {
                    Ok(channel) => waiting.push(Old { address, channel }),
                    Err(error) => {
                        tracing::warn!(node = %up.node, queue = %address.0, %error, "cannot go on consuming");
                        // Its calls wait on: it is tried again on the next connection.
                        old.push(address);
                    }
                }
            }
            let (queue, error) = drive(&mut consumers, &mut waiting).await;
            self.state.send_replace(State::Unknown);
            if self.link.is_closed() {
                return;
            }
            let lost = self.link.has_lost(&up, error.as_ref());
            in_vain.ended(&up, since.elapsed(), lost);
            tracing::info!(node = %up.node, %queue, error = error.as_ref().map(tracing::field::display), "reply queue lost");
            if let Some(sink) = self.sink.get() {
                if lost {
                    sink.connection_lost();
                }
                sink.interrupted();
            }
            old.extend(waiting.into_iter().map(|old| old.address));
            old.push(fresh);
        }
        self.state.send_replace(State::Unknown);
    }

    /// Says why there is no reply queue; whether the broker has refused it.
    fn note(&self, up: &Up, queue: &ReplyAddress, error: &AmqpError) -> bool {
        tracing::warn!(node = %up.node, queue = %queue.0, %error, "cannot set up a reply queue");
        let refused = error.scope == Scope::Channel && matches!(error.code, Some(403 | 405 | 406));
        self.state.send_replace(if refused {
            let advice = match error.code {
                Some(403) => "; calls need the permissions to configure and read `reply_.*`",
                _ => advice(error),
            };
            let what = format!("the reply queue `{}` on {}", queue.0, up.node);
            State::Refused(DriverError::Refused { what, cause: format!("{error}{advice}") })
        } else {
            State::Failed(format!("{}: {error}", up.node))
        });
        refused
    }

    async fn consume(
        &self,
        connection: &super::amqp::Connection,
        address: &ReplyAddress,
        consumers: &mut FuturesUnordered<Ended>,
    ) -> Result<Channel, AmqpError> {
        let channel = connection.channel().await?;
        let Source { queue, .. } = self.profile.source(&Route::Reply { address: Arc::clone(&address.0) }, "");
        channel.declare_queue(&queue).await?;
        let acks = channel.acks();
        let sink = Arc::clone(&self.sink);
        let ended = channel
            .consume(&queue.name, TAG, move |message| {
                let ack = AckHandle::new(message.tag, Arc::clone(&acks));
                match sink.get() {
                    Some(sink) => sink.deliver(Delivery {
                        route: 0,
                        body: message.body,
                        properties: message.properties,
                        redelivered: message.redelivered,
                        redeliveries: None,
                        ack,
                    }),
                    None => {
                        ack.ack();
                    }
                }
            })
            .await?;
        // A name of its own: a clone of the address would count as a call that waits on it.
        let name = Arc::from(&*address.0);
        consumers.push(Box::pin(async move { (name, ended.await) }));
        Ok(channel)
    }
}

/// Whether a call still holds it.
fn in_use(address: &ReplyAddress) -> bool {
    Arc::strong_count(&address.0) > 1
}

/// Runs the consumers until one ends that has not been cancelled here.
async fn drive(consumers: &mut FuturesUnordered<Ended>, old: &mut Vec<Old>) -> (Arc<str>, Option<AmqpError>) {
    let mut given_up: Vec<Arc<str>> = Vec::new();
    loop {
        let sweep = async {
            if old.is_empty() { std::future::pending().await } else { tokio::time::sleep(SWEEP).await }
        };
        let ended = tokio::select! {
            ended = consumers.next() => ended,
            () = sweep => None,
        };
        match ended {
            Some((queue, error)) => match given_up.iter().position(|name| *name == queue) {
                Some(expected) => drop(given_up.swap_remove(expected)),
                None => return (queue, error),
            },
            None => {
                for Old { address, channel } in old.extract_if(.., |old| !in_use(&old.address)) {
                    tracing::debug!(queue = %address.0, "no call waits on the old reply queue any more");
                    given_up.push(Arc::clone(&address.0));
                    channel.close().await;
                }
            }
        }
    }
}
