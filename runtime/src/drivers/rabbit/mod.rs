//! RabbitMQ over AMQP 0-9-1.
//!
//! Two supervised connections, one to publish and one to consume; channels by role, so that a channel error hurts one
//! role; everything declared here is declared again after a loss. Knows routes and bytes, nothing of calls.

mod amqp;
mod attempts;
mod giving_way;
mod host;
mod in_vain;
mod link;
mod options;
mod patience;
mod publisher;
mod refusal;
mod replies;
mod settings;
mod subscription;
mod topology;
mod traffic;
mod tries;

pub use amqp::ConnectionKind;
#[cfg(feature = "connection-suite")]
#[doc(hidden)]
pub use amqp::suite as connection_suite;
pub use options::RabbitOptions;

use crate::transport::{
    AckMode, BoxFuture, Capabilities, Consumer, Driver, DriverError, Health, Publish, QueueState,
    ReplyAddress, Route, Settled, Sink, Subscription, TransportUrl,
};
use crate::wire::WireFormat;
use host::Host;
use link::{Link, LinkState};
use patience::Patience;
use publisher::Publisher;
use replies::Replies;
use settings::Settings;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use subscription::{Plan, SharedChannel};
use tokio::sync::{Semaphore, oneshot, watch};

/// The driver for RabbitMQ. Made by `Transport::connect`; connects in the background from then on.
pub struct RabbitDriver {
    settings: Arc<Settings>,
    host: Arc<Host>,
    publishing: Link,
    consuming: Link,
    publisher: Publisher,
    shared_channel: SharedChannel,
    replies: Replies,
    replies_started: std::sync::atomic::AtomicBool,
    /// Turns to look at a queue: each takes a channel, and calls time out by the hundred when a broker is in trouble.
    inspections: Arc<Semaphore>,
    health: watch::Receiver<Health>,
    format: Arc<dyn WireFormat>,
}

impl fmt::Debug for RabbitDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitDriver").field("nodes", &self.settings.nodes).finish_non_exhaustive()
    }
}

impl RabbitDriver {
    /// Starts to connect to the nodes of `url`; returns at once.
    ///
    /// # Errors
    /// When the driver's thread cannot be started, or there is no current runtime where one is asked for.
    pub fn connect(url: &TransportUrl, options: &RabbitOptions) -> std::io::Result<Self> {
        let format = crate::wire::Oslo2::new().with_compression(options.compression);
        Self::start(Settings::resolve(url, options), Arc::new(format))
    }

    fn start(settings: Settings, format: Arc<dyn WireFormat>) -> std::io::Result<Self> {
        let settings = Arc::new(settings);
        let (host, surroundings) = match settings.io_in_caller_runtime {
            true => Host::current()?,
            false => Host::thread()?,
        };
        let host = Arc::new(host);
        let publishing = Link::new("publish", Arc::clone(&settings), surroundings.clone());
        let consuming = Link::new("consume", Arc::clone(&settings), surroundings);
        let publisher = Publisher::new(publishing.clone(), &settings, Arc::clone(&format));
        let replies = Replies::new(consuming.clone(), settings.profile.clone());
        let (health_sender, health) = watch::channel(Health::Connecting { attempts: 0, last: None });
        publishing.claim_start();
        host.spawn(publishing.clone().supervise());
        host.spawn(publisher.clone().run());
        host.spawn(follow_health(publishing.watch(), consuming.watch(), health_sender));
        let replies_started = false.into();
        Ok(Self {
            settings,
            host,
            publishing,
            consuming,
            publisher,
            shared_channel: SharedChannel::default(),
            replies,
            replies_started,
            inspections: Arc::new(Semaphore::new(INSPECTIONS)),
            health,
            format,
        })
    }

    /// The consuming connection is opened when something first consumes.
    fn need_consuming(&self) {
        if self.consuming.claim_start() {
            self.host.spawn(self.consuming.clone().supervise());
        }
    }
}

impl Driver for RabbitDriver {
    fn name(&self) -> &'static str {
        "rabbit"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    fn format(&self) -> &dyn WireFormat {
        &*self.format
    }

    fn prefetch(&self) -> Option<u16> {
        self.settings.prefetch
    }

    fn publish(&self, message: Publish, settled: Settled) {
        self.publisher.publish(message, settled);
    }

    fn subscribe(
        &self,
        subscription: Subscription,
        sink: Arc<dyn Sink>,
        deadline: Option<Instant>,
    ) -> BoxFuture<'static, Result<Box<dyn Consumer>, DriverError>> {
        self.need_consuming();
        let own_name = crate::id::MessageId::random();
        let profile = &self.settings.profile;
        let plan = Plan {
            sources: subscription
                .routes
                .iter()
                .map(|route| profile.source(route, own_name.as_str()))
                .collect(),
            prefetch: self.prefetch().unwrap_or(subscription.prefetch),
            label: subscription.label,
            sink,
            // The broker ends a channel on which a delivery is held for too long (`consumer_timeout`).
            shared: (subscription.ack_mode == AckMode::BeforeHandling).then(|| self.shared_channel.clone()),
        };
        let (accepted, wait) = oneshot::channel();
        self.host.spawn(plan.start(self.consuming.clone(), accepted));
        let patience = Patience::from_now(&self.consuming, deadline, None);
        Box::pin(async move {
            let accepted = async { wait.await.unwrap_or(Err(DriverError::Closed)) };
            patience.with("its consumers", Link::trouble, accepted).await
        })
    }

    fn on_reply(&self, sink: Arc<dyn Sink>) {
        self.replies.set_sink(sink);
    }

    fn reply_address(&self) -> Option<ReplyAddress> {
        self.replies.current()
    }

    fn reply_address_by(
        &self,
        deadline: Option<Instant>,
        retry: Option<u32>,
    ) -> BoxFuture<'static, Result<ReplyAddress, DriverError>> {
        let patience = Patience::from_now(&self.consuming, deadline, retry);
        self.need_consuming();
        if !self.replies_started.swap(true, std::sync::atomic::Ordering::SeqCst) {
            self.host.spawn(self.replies.clone().run());
        }
        let replies = self.replies.clone();
        let mut link_state = self.consuming.watch();
        Box::pin(async move {
            let address = async {
                tokio::select! {
                    address = replies.address() => address,
                    _ = link_state.wait_for(|state| matches!(state, LinkState::Closed)) => Err(DriverError::Closed),
                }
            };
            patience.with("the reply queue", |_| replies.trouble(), address).await
        })
    }

    fn inspect(&self, route: &Route) -> BoxFuture<'static, Option<QueueState>> {
        let queue = self.settings.profile.queue_of(route);
        let state = self.publishing.watch();
        let task = async move {
            let LinkState::Up(up) = state.borrow().clone() else { return None };
            let channel = up.connection.channel().await.ok()?;
            let found = channel.inspect(&queue?).await;
            channel.close().await;
            found.ok()
        };
        let (host, inspections) = (Arc::clone(&self.host), Arc::clone(&self.inspections));
        Box::pin(async move {
            let turn = inspections.acquire_owned().await.ok()?;
            // On the driver's own runtime: a caller that gives up must not leave half a channel behind.
            let task = host.spawn(async move {
                let found = task.await;
                drop(turn);
                found
            });
            task.await.ok().flatten()
        })
    }

    fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    fn close(&self, limit: Duration) -> BoxFuture<'static, ()> {
        let (publisher, publishing, consuming) =
            (self.publisher.clone(), self.publishing.clone(), self.consuming.clone());
        // The host must live until the good-byes are said.
        let host = Arc::clone(&self.host);
        Box::pin(async move {
            let task = host.spawn(async move {
                let settled = tokio::time::timeout(limit, publisher.settled()).await;
                if settled.is_err() {
                    tracing::warn!(unsettled = publisher.in_flight(), "closing with unconfirmed messages");
                }
                publisher.close();
                let good_byes = async { tokio::join!(publishing.close(), consuming.close()) };
                let _ = tokio::time::timeout(GOOD_BYE, good_byes).await;
            });
            let _ = task.await;
        })
    }
}

impl Drop for RabbitDriver {
    /// Says good-bye in the background, on a runtime that lives until it is said.
    fn drop(&mut self) {
        self.publisher.close();
        let (publishing, consuming, host) =
            (self.publishing.clone(), self.consuming.clone(), Arc::clone(&self.host));
        self.host.spawn(async move {
            let good_byes = async { tokio::join!(publishing.close(), consuming.close()) };
            let _ = tokio::time::timeout(GOOD_BYE, good_byes).await;
            drop(host);
        });
    }
}

/// How many queues are looked at at a time.
const INSPECTIONS: usize = 8;

/// How long a broker may take to answer a good-bye.
const GOOD_BYE: Duration = Duration::from_secs(1);

/// One state out of two connections: the worse one speaks.
async fn follow_health(
    mut publishing: watch::Receiver<LinkState>,
    mut consuming: watch::Receiver<LinkState>,
    health: watch::Sender<Health>,
) {
    loop {
        let publish = publishing.borrow_and_update().clone();
        let consume = consuming.borrow_and_update().clone();
        let new = match (publish, consume) {
            (LinkState::Closed, _) | (_, LinkState::Closed) => Health::Closed,
            (down @ LinkState::Down { .. }, _) | (_, down @ LinkState::Down { .. }) => down_health(down),
            (LinkState::Up(up), _) => match up.blocked {
                Some(reason) => Health::Blocked { node: up.node, reason },
                None => Health::Ready { node: up.node },
            },
            (LinkState::Idle, _) => Health::Connecting { attempts: 0, last: None },
        };
        let closed = new == Health::Closed;
        health.send_replace(new);
        if closed {
            return;
        }
        tokio::select! {
            changed = publishing.changed() => if changed.is_err() { return },
            changed = consuming.changed() => if changed.is_err() { return },
        }
    }
}

fn down_health(state: LinkState) -> Health {
    match state {
        LinkState::Down { since, attempts, last, was_up: true } => {
            Health::Reconnecting { since, attempts, last }
        }
        LinkState::Down { attempts, last, .. } => Health::Connecting { attempts, last },
        _ => Health::Connecting { attempts: 0, last: None },
    }
}
