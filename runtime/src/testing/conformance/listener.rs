//! Who takes deliveries in a script, step by step, as the script says.

use super::history::Failure;
use super::letter::{read, read_reply};
use super::stage::Stage;
use crate::transport::{Consumer, Delivery, Driver, Sink};
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a sink was told.
pub(super) enum Event {
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

pub(super) fn channel() -> (Arc<dyn Sink>, mpsc::UnboundedReceiver<Event>) {
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

impl<'a> Listener<'a> {
    /// Without a consumer it takes replies.
    pub(super) fn new(
        stage: &'a Stage<'a>,
        name: &'static str,
        driver: Arc<dyn Driver>,
        consumer: Option<Box<dyn Consumer>>,
        events: mpsc::UnboundedReceiver<Event>,
    ) -> Self {
        Self { stage, name, driver, consumer, events }
    }

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
            Some(_) => read(self.driver.format(), &body, &delivery.properties),
            None => read_reply(self.driver.format(), &body, &delivery.properties),
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
