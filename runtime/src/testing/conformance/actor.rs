//! Who acts in a script: a peer publishes and subscribes through one driver; a listener takes what its subscription
//! delivers, step by step, as the script says.

use super::history::Failure;
use super::letter::{Letter, read, read_reply};
use super::stage::Stage;
use super::suite::Cut;
use crate::id::MessageId;
use crate::transport::{
    Confirmed, Consumer, Delivery, Driver, DriverError, Publish, PublishError, ReplyAddress, Route, Sink,
    Subscription,
};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};

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

impl<'a> Peer<'a> {
    pub(super) fn new(stage: &'a Stage<'a>, driver: Arc<dyn Driver>, cut: Option<Cut>) -> Self {
        Self { stage, driver, cut }
    }

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
        Ok(Listener { stage: self.stage, name, driver, consumer: Some(consumer), events })
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
        let subscription = Subscription { routes: vec![route.clone()], prefetch: 1, label: name.to_owned() };
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
        Ok((address, Listener { stage: self.stage, name, driver, consumer: None, events }))
    }

    /// The address for replies to new calls.
    pub(super) async fn reply_address(&self) -> Result<ReplyAddress, Failure> {
        let deadline = Instant::now().checked_add(self.stage.limit());
        let address = self.stage.wait("a reply address", self.driver.reply_address_by(deadline)).await?;
        address.map_err(|error| self.stage.failure(format!("no reply address: {error}")))
    }
}

/// What a sink was told.
enum Event {
    Delivery(Delivery),
    Interrupted,
}

/// Passes what it is told to the script.
struct Tap(mpsc::UnboundedSender<Event>);

impl Sink for Tap {
    fn deliver(&self, delivery: Delivery) {
        // The receiver is gone when the script has ended; the message goes back when the consumer closes.
        drop(self.0.send(Event::Delivery(delivery)));
    }

    fn interrupted(&self) {
        drop(self.0.send(Event::Interrupted));
    }
}

fn channel() -> (Arc<dyn Sink>, mpsc::UnboundedReceiver<Event>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Arc::new(Tap(sender)), receiver)
}

/// Who takes deliveries.
pub(super) struct Listener<'a> {
    stage: &'a Stage<'a>,
    name: &'static str,
    driver: Arc<dyn Driver>,
    consumer: Option<Box<dyn Consumer>>,
    events: mpsc::UnboundedReceiver<Event>,
}

impl Listener<'_> {
    /// Waits for the next delivery; interruptions before it are passed over.
    pub(super) async fn delivery(&mut self) -> Result<Delivery, Failure> {
        let what = format!("a delivery to {}", self.name);
        loop {
            match self.event(&what).await? {
                Event::Delivery(delivery) => return Ok(delivery),
                Event::Interrupted => {}
            }
        }
    }

    /// Waits until it is told of an interruption, and notes it; deliveries before it are forgotten.
    pub(super) async fn is_interrupted(&mut self) -> Result<(), Failure> {
        let what = format!("{} to be interrupted", self.name);
        while !matches!(self.event(&what).await?, Event::Interrupted) {}
        self.stage.note(format!("{} is interrupted", self.name));
        Ok(())
    }

    async fn event(&mut self, what: &str) -> Result<Event, Failure> {
        let event = self.stage.wait(what, self.events.recv()).await?;
        event.ok_or_else(|| self.stage.failure(format!("{} lost its sink", self.name)))
    }

    /// Waits for the next delivery and notes what it says.
    pub(super) async fn takes(&mut self) -> Result<Delivery, Failure> {
        let mut delivery = self.delivery().await?;
        let text = self.text(&mut delivery)?;
        let again = if delivery.redelivered { " again" } else { "" };
        self.stage.note(format!("{} gets {text}{again}", self.name));
        Ok(delivery)
    }

    /// The same where it cannot be foreseen whether the broker has tried before.
    pub(super) async fn takes_at_last(&mut self) -> Result<Delivery, Failure> {
        let mut delivery = self.delivery().await?;
        let text = self.text(&mut delivery)?;
        self.stage.note(format!("{} gets {text}", self.name));
        Ok(delivery)
    }

    /// Waits for this many deliveries and notes them in the order of their routes: between routes there is none.
    pub(super) async fn takes_by_route(&mut self, count: usize) -> Result<Vec<Delivery>, Failure> {
        let mut taken = Vec::new();
        for _ in 0..count {
            taken.push(self.delivery().await?);
        }
        taken.sort_by_key(|delivery| delivery.route);
        for delivery in &mut taken {
            let text = self.text(delivery)?;
            self.stage.note(format!("{} gets {text} on route {}", self.name, delivery.route));
        }
        Ok(taken)
    }

    /// What a delivery says; its body is taken out.
    pub(super) fn text(&self, delivery: &mut Delivery) -> Result<String, Failure> {
        let body = std::mem::take(&mut delivery.body);
        let read = match self.consumer {
            Some(_) => read(self.driver.format(), body, &delivery.properties),
            None => read_reply(self.driver.format(), body, &delivery.properties),
        };
        read.map_err(|cause| {
            self.stage.failure(format!("{} got a message that cannot be read: {cause}", self.name))
        })
    }

    /// What has been delivered already and was not taken yet.
    pub(super) fn arrived(&mut self) -> Option<Delivery> {
        loop {
            match self.events.try_recv().ok()? {
                Event::Delivery(delivery) => return Some(delivery),
                Event::Interrupted => {}
            }
        }
    }

    /// Notes that nothing has been delivered since the last one taken.
    pub(super) fn has_nothing_more(&mut self) {
        let more = if self.arrived().is_some() { "a delivery" } else { "nothing" };
        self.stage.note(format!("{} has {more} more", self.name));
    }

    /// Cancels and waits for it.
    pub(super) async fn cancel(&self) -> Result<(), Failure> {
        match &self.consumer {
            Some(consumer) => self.stage.wait("a consumer to be cancelled", consumer.cancel()).await,
            None => Ok(()),
        }
    }

    /// Closes and waits for it.
    pub(super) async fn close(&self) -> Result<(), Failure> {
        match &self.consumer {
            Some(consumer) => self.stage.wait("a consumer to close", consumer.close()).await,
            None => Ok(()),
        }
    }

    /// Drops the consumer without closing it.
    pub(super) fn vanish(self) {}
}
