//! An endpoint made of closures, as the macro's output is made of methods.

use oslo_messaging::contract::BoxFuture;
use oslo_messaging::notify::{
    BatchStarted, Event, FilterDescriptor, HandlerReturn, HandlerStarted, ListenerEndpoint, OnDescriptor,
    Outcome, Priority, Unfit, start_batch, start_one,
};
use serde::de::DeserializeOwned;
use std::fmt;
use tokio::sync::mpsc;

type One = Box<dyn Fn(Event) -> HandlerStarted + Send + Sync>;
type Many = Box<dyn Fn(Vec<Event>) -> BatchStarted + Send + Sync>;

enum Handler {
    One(One),
    Many(Many),
}

/// An endpoint made of closures.
pub(crate) struct Desk {
    methods: Vec<OnDescriptor>,
    handlers: Vec<Handler>,
}

/// Takes `priorities` and nothing else is asked.
pub(crate) fn on(name: &'static str, priorities: &'static [Priority]) -> OnDescriptor {
    OnDescriptor::new(name, priorities, None, FilterDescriptor::NONE, false)
}

pub(crate) fn on_info(name: &'static str) -> OnDescriptor {
    on(name, &[Priority::Info])
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { methods: Vec::new(), handlers: Vec::new() }
    }

    /// A method that takes any payload.
    pub(crate) fn one<F, R>(
        self,
        on: OnDescriptor,
        handler: impl Fn(Event) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = R> + Send + 'static,
        R: HandlerReturn,
    {
        self.raw(on, move |event| {
            let work = handler(event);
            Ok(Box::pin(async move { work.await.outcome() }))
        })
    }

    /// A method with a type.
    pub(crate) fn typed<P, F, R>(
        self,
        on: OnDescriptor,
        handler: impl Fn(Event<P>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        P: DeserializeOwned + 'static,
        F: Future<Output = R> + Send + 'static,
        R: HandlerReturn,
    {
        self.raw(on, move |event| start_one(event, &handler))
    }

    /// A method that starts as it likes.
    pub(crate) fn raw(
        mut self,
        on: OnDescriptor,
        handler: impl Fn(Event) -> HandlerStarted + Send + Sync + 'static,
    ) -> Self {
        self.methods.push(on);
        self.handlers.push(Handler::One(Box::new(handler)));
        self
    }

    /// A method that takes several.
    pub(crate) fn many<P, F, R>(
        mut self,
        mut on: OnDescriptor,
        handler: impl Fn(Vec<Event<P>>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        P: DeserializeOwned + 'static,
        F: Future<Output = R> + Send + 'static,
        R: HandlerReturn,
    {
        on.batch = true;
        self.methods.push(on);
        self.handlers.push(Handler::Many(Box::new(move |events| start_batch(events, &handler))));
        self
    }

    /// A method of every priority that passes events on and is done.
    pub(crate) fn seeing(self, seen: &Seen<Event>) -> Self {
        let seen = seen.sender.clone();
        self.one(on("see", &Priority::ALL), move |event| {
            seen.send(event).unwrap();
            async {}
        })
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("methods", &self.methods).finish_non_exhaustive()
    }
}

impl ListenerEndpoint for Desk {
    fn name(&self) -> &str {
        "Desk"
    }

    fn methods(&self) -> &[OnDescriptor] {
        &self.methods
    }

    fn handle(&self, index: usize, event: Event) -> HandlerStarted {
        match &self.handlers[index] {
            Handler::One(handler) => handler(event),
            Handler::Many(_) => Err(Unfit { cause: "takes several".to_owned() }),
        }
    }

    fn handle_batch(&self, index: usize, events: Vec<Event>) -> BatchStarted {
        match &self.handlers[index] {
            Handler::One(_) => panic!("takes one"),
            Handler::Many(handler) => handler(events),
        }
    }
}

/// What handlers have seen, in order.
pub(crate) struct Seen<T> {
    sender: mpsc::UnboundedSender<T>,
    receiver: mpsc::UnboundedReceiver<T>,
}

impl<T: Send + 'static> Seen<T> {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self { sender, receiver }
    }

    /// Notes something, from within a handler.
    pub(crate) fn note(&self) -> impl Fn(T) + Clone + Send + Sync + use<T> {
        let sender = self.sender.clone();
        move |seen| sender.send(seen).unwrap()
    }

    pub(crate) async fn next(&mut self) -> T {
        self.receiver.recv().await.unwrap()
    }

    pub(crate) async fn take(&mut self, count: usize) -> Vec<T> {
        let mut taken = Vec::new();
        for _ in 0..count {
            taken.push(self.next().await);
        }
        taken
    }

    /// Whether nothing more was seen so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.receiver.is_empty()
    }
}

/// A boxed outcome, for handlers that start by hand.
pub(crate) fn outcome(work: impl Future<Output = Outcome> + Send + 'static) -> HandlerStarted {
    let work: BoxFuture<Outcome> = Box::pin(work);
    Ok(work)
}
