//! The receiving side: what a listener can call, by index, and what its methods answer.

use super::event::Event;
use super::priority::Priority;
use super::unfit;
use crate::context::RpcContext;
use crate::contract::BoxFuture;
use crate::json::RawJson;
use serde::Deserialize;
use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// What a handler says of a notification.
///
/// Corresponds to `oslo_messaging.NotificationResult`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotificationResult {
    /// It is done with.
    Handled,
    /// It shall come again. Where the listener does not allow that, it is done with all the same, as in Python.
    Requeue,
}

/// What a handler ended with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done with.
    Handled,
    /// To come again.
    Requeue,
    /// Failed, with the error and its sources as text. Treated as [`Requeue`](Self::Requeue), and logged.
    Failed(String),
}

/// What a handler may return: nothing, a [`NotificationResult`], or a `Result` of either with any error.
#[diagnostic::on_unimplemented(
    message = "a handler of notifications cannot return `{Self}`",
    label = "return nothing, a `NotificationResult`, or a `Result` of either with any error"
)]
pub trait HandlerReturn {
    /// What it means.
    fn outcome(self) -> Outcome;
}

impl HandlerReturn for () {
    fn outcome(self) -> Outcome {
        Outcome::Handled
    }
}

impl HandlerReturn for NotificationResult {
    fn outcome(self) -> Outcome {
        match self {
            Self::Handled => Outcome::Handled,
            Self::Requeue => Outcome::Requeue,
        }
    }
}

impl<T: HandlerReturn, E: Into<Box<dyn Error + Send + Sync>>> HandlerReturn for Result<T, E> {
    fn outcome(self) -> Outcome {
        match self {
            Ok(value) => value.outcome(),
            Err(error) => Outcome::Failed(crate::error::source_chain(&*error.into())),
        }
    }
}

/// A method of a listener's endpoint: which notifications it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OnDescriptor {
    /// Name in Rust.
    pub name: Cow<'static, str>,
    /// Priorities that it takes.
    pub priorities: Cow<'static, [Priority]>,
    /// A glob (`*`, `?`, `[seq]`, `[!seq]`) that the whole event type must match; `None` takes any.
    pub event_type: Option<Cow<'static, str>>,
    /// Regular expressions that must match too.
    pub filter: FilterDescriptor,
    /// Whether it takes several at a time.
    pub batch: bool,
}

impl OnDescriptor {
    /// For generated code.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str,
        priorities: &'static [Priority],
        event_type: Option<&'static str>,
        filter: FilterDescriptor,
        batch: bool,
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            priorities: Cow::Borrowed(priorities),
            event_type: match event_type {
                Some(glob) => Some(Cow::Borrowed(glob)),
                None => None,
            },
            filter,
            batch,
        }
    }
}

/// Python's regular expressions on the parts of a notification. Each must match at the part's start; one that is missing
/// or no text does not match.
///
/// Corresponds to `oslo_messaging.NotificationFilter`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilterDescriptor {
    /// On the event type.
    pub event_type: Option<Cow<'static, str>>,
    /// On the publisher id.
    pub publisher_id: Option<Cow<'static, str>>,
    /// On entries of the context.
    pub context: Cow<'static, [(&'static str, &'static str)]>,
    /// On entries of the metadata: `message_id`, `timestamp`.
    pub metadata: Cow<'static, [(&'static str, &'static str)]>,
    /// On members of the payload.
    pub payload: Cow<'static, [(&'static str, &'static str)]>,
}

impl FilterDescriptor {
    /// Lets everything pass.
    pub const NONE: Self = Self {
        event_type: None,
        publisher_id: None,
        context: Cow::Borrowed(&[]),
        metadata: Cow::Borrowed(&[]),
        payload: Cow::Borrowed(&[]),
    };

    /// Whether it lets everything pass.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// For generated code.
    #[doc(hidden)]
    pub const fn new(
        event_type: Option<&'static str>,
        publisher_id: Option<&'static str>,
        context: &'static [(&'static str, &'static str)],
        metadata: &'static [(&'static str, &'static str)],
        payload: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            event_type: match event_type {
                Some(text) => Some(Cow::Borrowed(text)),
                None => None,
            },
            publisher_id: match publisher_id {
                Some(text) => Some(Cow::Borrowed(text)),
                None => None,
            },
            context: Cow::Borrowed(context),
            metadata: Cow::Borrowed(metadata),
            payload: Cow::Borrowed(payload),
        }
    }
}

/// A notification that does not fit its handler: its payload is not of the type, or its context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the notification does not fit its handler: {cause}")]
pub struct Unfit {
    /// What does not fit, and where. May quote the value, so it is nothing for a log.
    pub cause: String,
}

/// A handler's work on one notification, or why it cannot begin.
pub type HandlerStarted = Result<BoxFuture<Outcome>, Unfit>;

/// A handler's work on several notifications, without those whose payload does not fit.
pub struct BatchStarted {
    /// The work on the rest; none when nothing is left.
    pub work: Option<BoxFuture<Outcome>>,
    /// The positions of those that do not fit, in rising order.
    pub unfit: Vec<(usize, Unfit)>,
}

/// Something that takes notifications: the generated `<Trait>Endpoint` of a trait marked
/// [`#[listener]`](macro@crate::listener), or [`handler_fn`].
pub trait ListenerEndpoint: fmt::Debug + Send + Sync + 'static {
    /// Name for log lines and errors: the trait's.
    fn name(&self) -> &str;

    /// Its methods; the index counts from here.
    fn methods(&self) -> &[OnDescriptor];

    /// Starts the method at `index` on one notification.
    ///
    /// # Errors
    /// When the payload does not fit the method's type; nothing has run.
    fn handle(&self, index: usize, event: Event) -> HandlerStarted;

    /// Starts the method at `index` on several notifications.
    fn handle_batch(&self, index: usize, events: Vec<Event>) -> BatchStarted;
}

/// The entry of a method in a generated endpoint's table.
#[doc(hidden)]
pub enum On<S> {
    /// One at a time.
    One(fn(Arc<S>, Event) -> HandlerStarted),
    /// Several.
    Batch(fn(Arc<S>, Vec<Event>) -> BatchStarted),
}

/// Starts the method at `index` of a generated endpoint's table.
#[doc(hidden)]
pub fn on_one<S>(table: &[On<S>], index: usize, service: &Arc<S>, event: Event) -> HandlerStarted {
    match table.get(index) {
        Some(On::One(handler)) => handler(Arc::clone(service), event),
        _ => Err(Unfit { cause: format!("no method {index} that takes one notification") }),
    }
}

/// Starts the method at `index` of a generated endpoint's table.
#[doc(hidden)]
pub fn on_batch<S>(table: &[On<S>], index: usize, service: &Arc<S>, events: Vec<Event>) -> BatchStarted {
    match table.get(index) {
        Some(On::Batch(handler)) => handler(Arc::clone(service), events),
        _ => {
            let unfit = Unfit { cause: format!("no method {index} that takes several notifications") };
            BatchStarted { work: None, unfit: (0..events.len()).map(|at| (at, unfit.clone())).collect() }
        }
    }
}

/// Makes a handler's own context type of what came.
#[doc(hidden)]
pub fn own_context<C: RpcContext>(event: &Event) -> Result<C, Unfit> {
    C::from_context(&event.context).map_err(|cause| Unfit { cause: format!("context: {cause}") })
}

/// Decodes one notification for a generated method and starts it.
#[doc(hidden)]
pub fn start_one<P, F, R>(event: Event, start: impl FnOnce(Event<P>) -> F) -> HandlerStarted
where
    P: for<'de> Deserialize<'de>,
    F: Future<Output = R> + Send + 'static,
    R: HandlerReturn,
{
    let event = event.decode().map_err(|error| Unfit { cause: unfit::cause(&error) })?;
    let work = start(event);
    Ok(Box::pin(async move { work.await.outcome() }))
}

/// Decodes several notifications for a generated method and starts it on those that fit.
#[doc(hidden)]
pub fn start_batch<P, F, R>(events: Vec<Event>, start: impl FnOnce(Vec<Event<P>>) -> F) -> BatchStarted
where
    P: for<'de> Deserialize<'de>,
    F: Future<Output = R> + Send + 'static,
    R: HandlerReturn,
{
    let mut left_out = Vec::new();
    let mut fitting = Vec::with_capacity(events.len());
    for (at, event) in events.into_iter().enumerate() {
        match event.decode() {
            Ok(event) => fitting.push(event),
            Err(error) => left_out.push((at, Unfit { cause: unfit::cause(&error) })),
        }
    }
    let work = (!fitting.is_empty()).then(|| {
        let work = start(fitting);
        let work: BoxFuture<Outcome> = Box::pin(async move { work.await.outcome() });
        work
    });
    BatchStarted { work, unfit: left_out }
}

/// An endpoint made of one function that takes every notification of `priorities` with its payload as JSON text: for
/// bridges, recorders and tools.
///
/// ```
/// use oslo_messaging::notify::{Event, Priority, handler_fn};
/// let printing = handler_fn(&Priority::ALL, |event: Event| async move { println!("{}", event.event_type) });
/// # let _ = printing;
/// ```
pub fn handler_fn<H, F, R>(priorities: &[Priority], handler: H) -> HandlerFn<H>
where
    H: Fn(Event<RawJson>) -> F + Send + Sync + 'static,
    F: Future<Output = R> + Send + 'static,
    R: HandlerReturn + 'static,
{
    let mut method = OnDescriptor::new("handler_fn", &[], None, FilterDescriptor::NONE, false);
    method.priorities = Cow::Owned(priorities.to_vec());
    HandlerFn { method: [method], handler }
}

/// An endpoint made of one function; made by [`handler_fn`].
pub struct HandlerFn<H> {
    method: [OnDescriptor; 1],
    handler: H,
}

impl<H> HandlerFn<H> {
    /// Takes only notifications whose event type matches a glob: `*`, `?`, `[seq]`, `[!seq]`.
    #[must_use]
    pub fn event_type(mut self, glob: impl Into<String>) -> Self {
        let [method] = &mut self.method;
        method.event_type = Some(Cow::Owned(glob.into()));
        self
    }
}

impl<H> fmt::Debug for HandlerFn<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerFn").field("method", &self.method).finish_non_exhaustive()
    }
}

impl<H, F, R> ListenerEndpoint for HandlerFn<H>
where
    H: Fn(Event<RawJson>) -> F + Send + Sync + 'static,
    F: Future<Output = R> + Send + 'static,
    R: HandlerReturn + 'static,
{
    fn name(&self) -> &str {
        "handler_fn"
    }

    fn methods(&self) -> &[OnDescriptor] {
        &self.method
    }

    fn handle(&self, _: usize, event: Event) -> HandlerStarted {
        let work = (self.handler)(event);
        Ok(Box::pin(async move { work.await.outcome() }))
    }

    fn handle_batch(&self, _: usize, events: Vec<Event>) -> BatchStarted {
        let unfit = Unfit { cause: "a function takes one notification at a time".to_owned() };
        BatchStarted { work: None, unfit: (0..events.len()).map(|at| (at, unfit.clone())).collect() }
    }
}
