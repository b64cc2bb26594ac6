//! What messages wait for: an exchange, or a queue where the publisher declares a queue too.

use super::state::Waiting;
use crate::transport::Route;
use std::collections::{HashMap, VecDeque};

/// Which destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'a> {
    exchange: &'a str,
    queue: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// Where a message for `route` waits.
    pub(super) fn of(route: &Route, exchange: &'a str, routing_key: &'a str) -> Self {
        let queue = matches!(route, Route::Notification { .. } | Route::DeadLetters { .. });
        Self { exchange, queue: queue.then_some(routing_key) }
    }

    /// The default exchange is always there; a queue that is ours to declare perhaps not.
    pub(super) fn needs_nothing(self) -> bool {
        self.exchange.is_empty() && self.queue.is_none()
    }
}

/// A [`Place`] to come back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    exchange: String,
    queue: Option<String>,
}

impl Key {
    pub(super) fn place(&self) -> Place<'_> {
        Place { exchange: &self.exchange, queue: self.queue.as_deref() }
    }
}

#[derive(Default)]
pub(super) struct Destination {
    pub(super) declared: bool,
    /// While waiting messages are handed over, newer ones queue up behind them.
    pub(super) flushing: bool,
    /// By their turns.
    pub(super) waiting: VecDeque<Waiting>,
}

/// All that there are, by their names: looking one up allocates nothing.
#[derive(Default)]
pub(super) struct Destinations {
    exchanges: HashMap<String, Exchange>,
}

#[derive(Default)]
struct Exchange {
    itself: Option<Destination>,
    queues: HashMap<String, Destination>,
}

impl Exchange {
    fn all(&self) -> impl Iterator<Item = (Option<&str>, &Destination)> {
        let queues = self.queues.iter().map(|(queue, destination)| (Some(queue.as_str()), destination));
        self.itself.iter().map(|itself| (None, itself)).chain(queues)
    }
}

impl Destinations {
    pub(super) fn get(&self, place: Place<'_>) -> Option<&Destination> {
        let exchange = self.exchanges.get(place.exchange)?;
        match place.queue {
            Some(queue) => exchange.queues.get(queue),
            None => exchange.itself.as_ref(),
        }
    }

    pub(super) fn get_mut(&mut self, place: Place<'_>) -> Option<&mut Destination> {
        let exchange = self.exchanges.get_mut(place.exchange)?;
        match place.queue {
            Some(queue) => exchange.queues.get_mut(queue),
            None => exchange.itself.as_mut(),
        }
    }

    /// The destination; a new one where there is none.
    pub(super) fn entry(&mut self, place: Place<'_>) -> &mut Destination {
        let exchange = self.exchanges.entry(place.exchange.to_owned()).or_default();
        match place.queue {
            Some(queue) => exchange.queues.entry(queue.to_owned()).or_default(),
            None => exchange.itself.get_or_insert_default(),
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Destination> {
        self.exchanges.values().flat_map(Exchange::all).map(|(_, destination)| destination)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Destination> {
        self.exchanges
            .values_mut()
            .flat_map(|exchange| exchange.itself.iter_mut().chain(exchange.queues.values_mut()))
    }

    /// One for which something waits, other than those put off.
    pub(super) fn waited_for(&self, put_off: &[Key]) -> Option<(Key, &Destination)> {
        let mut all = self.exchanges.iter().flat_map(|(exchange, destinations)| {
            destinations.all().map(move |(queue, found)| (Place { exchange, queue }, found))
        });
        let (place, found) = all.find(|(place, found)| {
            !found.waiting.is_empty() && !put_off.iter().any(|key| key.place() == *place)
        })?;
        let key = Key { exchange: place.exchange.to_owned(), queue: place.queue.map(str::to_owned) };
        Some((key, found))
    }

    /// Nothing counts as declared any more; what nobody waits for need not be remembered.
    pub(super) fn forget_all(&mut self) {
        self.exchanges.retain(|_, exchange| {
            exchange.itself = exchange.itself.take().filter(|itself| !itself.waiting.is_empty());
            exchange.queues.retain(|_, queue| !queue.waiting.is_empty());
            exchange.itself.is_some() || !exchange.queues.is_empty()
        });
        self.all_mut().for_each(|destination| destination.declared = false);
    }

    /// A queue is gone, if that is what the place is: it is declared again before the next message.
    pub(super) fn forget_queue(&mut self, place: Place<'_>) {
        if let Some(destination) = self.get_mut(place).filter(|_| place.queue.is_some()) {
            destination.declared = false;
        }
    }

    /// An exchange is gone, with all that was declared with it.
    pub(super) fn forget_exchange(&mut self, name: &str) {
        if let Some(Exchange { itself, queues }) = self.exchanges.get_mut(name) {
            itself.iter_mut().chain(queues.values_mut()).for_each(|destination| destination.declared = false);
        }
    }

    /// Takes out all that waits.
    pub(super) fn take_waiting(&mut self) -> Vec<Waiting> {
        self.all_mut().flat_map(|destination| destination.waiting.drain(..)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification(topic: &str) -> Route {
        Route::Notification { exchange: "e".into(), topic: topic.into(), priority: "info".into(), pool: None }
    }

    #[test]
    fn a_queue_is_a_destination_of_its_own_and_goes_with_its_exchange() {
        let topic = Route::Topic { exchange: "e".into(), topic: "t".into() };
        let mut all = Destinations::default();
        let places = [
            Place::of(&topic, "e", "t"),
            Place::of(&notification("a"), "e", "a.info"),
            Place::of(&notification("b"), "e", "b.info"),
            Place::of(&topic, "other", "t"),
        ];
        places.iter().for_each(|place| all.entry(*place).declared = true);
        assert_eq!(all.all().count(), 4);
        assert_eq!(Place::of(&topic, "e", "t"), Place::of(&topic, "e", "another"));
        let declared = |all: &Destinations| places.map(|place| all.get(place).unwrap().declared);
        all.forget_queue(places[0]);
        all.forget_queue(places[1]);
        assert_eq!(declared(&all), [true, false, true, true]);
        all.forget_exchange("e");
        assert_eq!(declared(&all), [false, false, false, true]);
        all.forget_all();
        assert_eq!(all.all().count(), 0);
    }
}
