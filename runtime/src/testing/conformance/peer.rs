//! Who publishes and subscribes in a script, through one driver.

use super::history::Failure;
use super::letter::Letter;
use super::listener::{Listener, channel};
use super::stage::Stage;
use super::suite::Cut;
use crate::id::MessageId;
use crate::transport::{
    Confirmed, Consumer, Driver, DriverError, Publish, PublishError, ReplyAddress, Route, Sink, Subscription,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Pause between two looks at a queue while waiting for it to have a certain state.
const LOOK: Duration = Duration::from_millis(5);

/// The outcome of a publish, to be waited for.
pub(super) struct Pending<'a> {
    stage: &'a Stage<'a>,
    outcome: oneshot::Receiver<Result<Confirmed, PublishError>>,
}

impl Pending<'_> {
    /// The outcome; a failure if there is none, or never will be one.
    pub(super) async fn outcome(self) -> Result<Result<Confirmed, PublishError>, Failure> {
        let outcome = self.stage.wait("the outcome of a publish", self.outcome).await?;
        outcome.map_err(|_| self.stage.failure("a publish's `settled` was dropped without being called"))
    }

    /// Fails unless the broker took responsibility.
    pub(super) async fn confirmed(self) -> Result<(), Failure> {
        let stage = self.stage;
        match self.outcome().await? {
            Ok(_) => Ok(()),
            Err(error) => Err(stage.failure(format!("a publish must be confirmed, but: {error}"))),
        }
    }
}

/// Who publishes and subscribes, with connections of its own.
pub(super) struct Peer<'a> {
    stage: &'a Stage<'a>,
    pub(super) driver: Arc<dyn Driver>,
    cut: Option<Cut>,
}

impl Stage<'_> {
    /// A peer with connections of its own.
    pub(super) async fn peer(&self) -> Result<Peer<'_>, Failure> {
        let (driver, cut) = self.driver().await?;
        Ok(Peer { stage: self, driver, cut })
    }

    /// Waits until `messages` messages are ready in the queue of `route`.
    pub(super) async fn until_ready(
        &self,
        peer: &Peer<'_>,
        route: &Route,
        messages: u32,
    ) -> Result<(), Failure> {
        let mut last = None;
        let reached = tokio::time::timeout(self.limit(), async {
            loop {
                last = peer.driver.inspect(route).await;
                if last.is_some_and(|state| state.messages == messages) {
                    return;
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        match reached.await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure(format!(
                "waited {:?} in vain for {messages} messages in the queue of {route:?}; it has {last:?}",
                self.limit()
            ))),
        }
    }
}

impl<'a> Peer<'a> {
    /// Cuts its connections.
    pub(super) async fn cut(&self) -> Result<(), Failure> {
        match &self.cut {
            Some(cut) => self.stage.wait("connections to be cut", cut()).await,
            None => Err(self.stage.failure("this suite cannot cut connections; see `Suite::with_cut`")),
        }
    }

    /// Publishes without waiting for the outcome.
    pub(super) fn publish(&self, route: &Route, letter: &Letter<'_>) -> Pending<'a> {
        self.publish_as(route, letter, MessageId::random())
    }

    /// Publishes with this unique id without waiting for the outcome.
    pub(super) fn publish_as(&self, route: &Route, letter: &Letter<'_>, unique_id: MessageId) -> Pending<'a> {
        let (body, properties) = letter.encode(self.driver.format(), unique_id);
        let message = Publish {
            route: route.clone(),
            body,
            properties,
            unique_id,
            mandatory: letter.mandatory,
            answered: false,
            deadline: Instant::now().checked_add(self.stage.limit()),
            retry: None,
        };
        let (settled, outcome) = oneshot::channel();
        // The receiver is gone when the script has failed already.
        self.driver.publish(message, Box::new(move |result| drop(settled.send(result))));
        Pending { stage: self.stage, outcome }
    }

    /// Publishes each text and waits until the broker has all of them.
    pub(super) async fn send<T: AsRef<str>>(
        &self,
        route: &Route,
        texts: impl IntoIterator<Item = T>,
    ) -> Result<(), Failure> {
        let pending: Vec<Pending<'_>> =
            texts.into_iter().map(|text| self.publish(route, &Letter::new(text.as_ref()))).collect();
        for publish in pending {
            publish.confirmed().await?;
        }
        Ok(())
    }

    /// Subscribes as `name`, the name in the history.
    pub(super) async fn listen(
        &self,
        name: &'static str,
        routes: &[Route],
        prefetch: u16,
    ) -> Result<Listener<'a>, Failure> {
        let (sink, events) = channel();
        let consumer = self.subscribe(name, routes, prefetch, sink).await?;
        let driver = self.driver.clone();
        Ok(Listener::new(self.stage, name, driver, Some(consumer), events))
    }

    /// Subscribes with the script's own sink.
    pub(super) async fn subscribe(
        &self,
        name: &str,
        routes: &[Route],
        prefetch: u16,
        sink: Arc<dyn Sink>,
    ) -> Result<Box<dyn Consumer>, Failure> {
        let subscription = Subscription {
            routes: routes.to_vec(),
            prefetch,
            ack_mode: self.stage.ack_mode(),
            label: format!("{name} of {}", self.stage.name("conformance")),
        };
        let deadline = Instant::now().checked_add(self.stage.limit());
        let subscribed = self.driver.subscribe(subscription, sink, deadline);
        self.stage
            .wait("a subscription", subscribed)
            .await?
            .map_err(|error| self.stage.failure(format!("{name} cannot subscribe: {error}")))
    }

    /// The error of a subscription that must be refused; `None` if it is not.
    pub(super) async fn refused(&self, name: &str, route: &Route) -> Result<Option<DriverError>, Failure> {
        let (sink, _events) = channel();
        let (routes, ack_mode) = (vec![route.clone()], self.stage.ack_mode());
        let subscription = Subscription { routes, prefetch: 1, ack_mode, label: name.to_owned() };
        let deadline = Instant::now().checked_add(self.stage.limit());
        let subscribed = self.driver.subscribe(subscription, sink, deadline);
        Ok(self.stage.wait("the refusal of a subscription", subscribed).await?.err())
    }

    /// Makes the queue of `route`, as a server does that has been there and has gone.
    pub(super) async fn leave_queue(&self, route: &Route) -> Result<(), Failure> {
        self.listen("somebody", std::slice::from_ref(route), 1).await?.close().await
    }

    /// Takes replies as `name`; gives the address too.
    pub(super) async fn take_replies(
        &self,
        name: &'static str,
    ) -> Result<(ReplyAddress, Listener<'a>), Failure> {
        let (sink, events) = channel();
        self.driver.on_reply(sink);
        let address = self.reply_address().await?;
        let driver = self.driver.clone();
        Ok((address, Listener::new(self.stage, name, driver, None, events)))
    }

    /// The address for replies to new calls.
    pub(super) async fn reply_address(&self) -> Result<ReplyAddress, Failure> {
        let deadline = Instant::now().checked_add(self.stage.limit());
        let address =
            self.stage.wait("a reply address", self.driver.reply_address_by(deadline, None)).await?;
        address.map_err(|error| self.stage.failure(format!("no reply address: {error}")))
    }
}
