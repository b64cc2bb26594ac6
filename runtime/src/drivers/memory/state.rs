//! The broker's state under its lock: declarations, publishes, subscriptions. Whatever has to be told to others is noted
//! as news, so that nobody is called while the lock is held.

use super::address::{self, Address, DEFAULT_EXCHANGE, ExchangeKind};
use super::exchange::Exchanges;
use super::faults::{Fate, Faults};
use super::news::Outcome;
use super::queue::Message;
use super::queues::{Queues, now};
use super::subscriber::{LaneState, Subscriber};
use crate::error::NotSentReason;
use crate::id::MessageId;
use crate::transport::{
    Acknowledge, Confirmed, DriverError, Publish, PublishError, Route, Settled, Sink, Subscription,
};
use std::sync::Arc;
use std::time::Instant;

/// What a publisher is told whose confirmation a fault plan withholds.
const WITHHELD: &str = "the fault plan of the memory broker withheld the confirmation";

/// Exchanges and queues of a broker.
#[derive(Debug, Default)]
pub(super) struct State {
    exchanges: Exchanges,
    pub(super) queues: Queues,
    pub(super) faults: Option<Faults>,
}

/// A message as it is published: made before the broker is locked.
pub(super) struct Outgoing {
    route: Route,
    address: Address,
    message: Arc<Message>,
    mandatory: bool,
    now: Instant,
}

impl From<Publish> for Outgoing {
    fn from(publish: Publish) -> Self {
        let Publish { route, body, properties, mandatory, .. } = publish;
        let (address, now) = (Address::of(&route), now());
        let expires = properties.expiration.and_then(|after| now.checked_add(after));
        let message = Arc::new(Message { body, properties, expires });
        Self { route, address, message, mandatory, now }
    }
}

/// A message on its way to its queues.
#[derive(Debug)]
pub(super) struct Arrival {
    queues: Vec<Arc<str>>,
    message: Arc<Message>,
    fate: Fate,
}

impl State {
    /// Publishes to every queue that the route reaches, and settles the publish before any delivery of it.
    pub(super) fn publish(&mut self, outgoing: Outgoing, settled: Settled) {
        let Outgoing { route, address, message, mandatory, now } = outgoing;
        let reached = match self.reached(&route, &address) {
            Ok(reached) => reached,
            Err(conflict) => {
                let refused = PublishError::NotSent(NotSentReason::InvalidTarget(conflict));
                return self.settle(settled, Err(refused));
            }
        };
        if reached.is_empty() && mandatory {
            let Address { exchange, key: routing_key, .. } = address;
            let (code, text) = (312, "NO_ROUTE".to_owned());
            return self.settle(
                settled,
                Err(PublishError::Returned { exchange, routing_key, code, text, node: None }),
            );
        }
        let fate = self.faults.as_mut().map(|faults| faults.fate(&route)).unwrap_or_default();
        let outcome = match fate.unconfirmed {
            false => Ok(Confirmed { node: None }),
            true => Err(PublishError::Unconfirmed { cause: WITHHELD.to_owned(), node: None }),
        };
        self.settle(settled, outcome);
        if fate.lost {
            return;
        }
        let arrival = Arrival { queues: reached, message, fate };
        match fate.delay {
            None => self.arrive(arrival, now),
            Some(after) => self.queues.news.later(after, arrival),
        }
    }

    /// Puts a message into its queues.
    pub(super) fn arrive(&mut self, arrival: Arrival, now: Instant) {
        let Arrival { queues, message, fate } = arrival;
        // Moved into the last queue: whoever holds it alone need not copy it.
        let mut copies = std::iter::repeat_n(message, queues.len() * if fate.twice { 2 } else { 1 });
        for name in &queues {
            for message in copies.by_ref().take(if fate.twice { 2 } else { 1 }) {
                self.queues.enqueue(name, message, now);
            }
            if fate.reorder
                && let (Some(faults), Some(queue)) = (&mut self.faults, self.queues.get(name))
                && queue.swap_tail(|others| faults.random.below(others))
            {
                faults.counts.reordered += 1;
            }
            if fate.kill {
                self.kill(name);
            }
        }
    }

    /// Cuts off the consumers of a queue; says how many.
    pub(super) fn kill(&mut self, queue: &str) -> usize {
        let subscribers = self.queues.consumers_of(queue);
        self.queues.cut_off(&subscribers);
        subscribers.len()
    }

    /// Declares what the routes need and consumes; all or nothing.
    pub(super) fn subscribe(
        &mut self,
        driver: u64,
        subscription: &Subscription,
        sink: Arc<dyn Sink>,
        acks: impl FnOnce(u64) -> Arc<dyn Acknowledge>,
    ) -> Result<u64, DriverError> {
        for route in &subscription.routes {
            let address = Address::of(route);
            self.exchanges.check(&address.exchange, address.kind).map_err(|_| DriverError::Refused {
                what: format!("consumer of {} on `{}`", subscription.label, address.exchange),
                cause: conflict(&address),
            })?;
        }
        let label = subscription.label.clone();
        let key = self.queues.subscribe(|key| Subscriber::new(driver, label, sink, acks(key)));
        for route in &subscription.routes {
            let own_queue = matches!(route, Route::Fanout { .. });
            let name = address::queue(route).unwrap_or_else(|| own_queue_name(&Address::of(route)));
            let queue = self.declare(&Address::of(route), &name);
            self.queues.consume(key, LaneState::new(queue, own_queue, subscription.prefetch));
        }
        Ok(key)
    }

    /// Consumes a queue of the driver's own for replies; gives its name and the subscription.
    pub(super) fn subscribe_replies(
        &mut self,
        driver: u64,
        sink: Arc<dyn Sink>,
        acks: impl FnOnce(u64) -> Arc<dyn Acknowledge>,
    ) -> (Arc<str>, u64) {
        let queue = self.queues.declare(&format!("reply_{}", MessageId::random()));
        let key = self.queues.subscribe(|key| Subscriber::new(driver, "replies".to_owned(), sink, acks(key)));
        self.queues.consume(key, LaneState::of_replies(queue.clone()));
        (queue, key)
    }

    /// Ends subscriptions: what they hold goes back, the queues of their own go.
    pub(super) fn close(&mut self, subscribers: &[u64]) {
        for queue in self.queues.close(subscribers) {
            self.queues.delete(&queue);
            self.exchanges.unbind(&queue);
        }
    }

    /// The queues that a publish to `route` reaches, or why it cannot be published.
    fn reached(&mut self, route: &Route, address: &Address) -> Result<Vec<Arc<str>>, String> {
        self.exchanges.check(&address.exchange, address.kind).map_err(|_| conflict(address))?;
        if matches!(route, Route::Notification { .. } | Route::DeadLetters { .. })
            && let Some(queue) = address::queue(route)
        {
            // A notifier makes the queue, so that notifications wait for their first listener.
            self.declare(address, &queue);
        }
        let mut reached = Vec::with_capacity(1);
        if address.exchange == DEFAULT_EXCHANGE {
            reached.extend(self.queues.name(&address.key));
        } else {
            self.exchanges.route(&address.exchange, &address.key, |queue| reached.push(queue.clone()));
        }
        Ok(reached)
    }

    /// Makes exchange, queue and binding where they are missing. The exchange's kind has been checked.
    fn declare(&mut self, address: &Address, queue: &str) -> Arc<str> {
        let queue = self.queues.declare(queue);
        // The default exchange is there and routes to every queue.
        if address.exchange != DEFAULT_EXCHANGE
            && self.exchanges.declare(&address.exchange, address.kind).is_ok()
        {
            self.exchanges.bind(&address.exchange, &address.key, &queue);
        }
        queue
    }

    fn settle(&mut self, settled: Settled, outcome: Outcome) {
        self.queues.news.settle(settled, outcome);
    }
}

fn own_queue_name(address: &Address) -> String {
    format!("{}_{}", address.exchange, MessageId::random())
}

fn conflict(address: &Address) -> String {
    let (there, wanted) = match address.kind {
        ExchangeKind::Topic => ("fanout", "topic"),
        ExchangeKind::Fanout => ("topic", "fanout"),
    };
    format!(
        "exchange `{}` is of type {there} and cannot serve as {wanted}; use other names",
        address.exchange
    )
}
