//! The broker against a model too simple to be wrong: many seeds, many random steps each. The model knows for each queue
//! which messages are ready, in order; every delivery must be the first of them, to somebody with room.

use super::broker::MemoryBroker;
use super::consumer::{MemoryAcks, MemoryConsumer};
use super::random::Random;
use crate::id::MessageId;
use crate::transport::{
    AckHandle, AckMode, Acknowledge, Consumer, Delivery, Publish, PublishError, Route, Sink, Subscription,
};
use crate::wire::Properties;
use futures_util::FutureExt;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Seeds of a plain test run; `OSLO_TEST_SEEDS` asks for more.
const SEEDS: u64 = 200;
const STEPS: usize = 200;
const TOPICS: usize = 3;

/// What the broker told, in the order in which it did.
enum Told {
    Delivered { listener: usize, delivery: Delivery },
    Settled { message: u64, returned: bool },
    Interrupted { listener: usize },
}

type Log = Arc<Mutex<Vec<Told>>>;

struct Tap {
    listener: usize,
    log: Log,
}

impl Sink for Tap {
    fn deliver(&self, delivery: Delivery) {
        self.log.lock().unwrap().push(Told::Delivered { listener: self.listener, delivery });
    }

    fn interrupted(&self) {
        self.log.lock().unwrap().push(Told::Interrupted { listener: self.listener });
    }
}

struct Held {
    queue: String,
    message: u64,
    ack: AckHandle,
}

struct Listener {
    consumer: Option<MemoryConsumer>,
    /// The queue of each route.
    queues: Vec<String>,
    fanout_queue: Option<String>,
    prefetch: usize,
    cancelled: bool,
    held: Vec<Held>,
}

#[derive(Default)]
struct ModelQueue {
    ready: BTreeSet<u64>,
    delivered_before: BTreeSet<u64>,
    unacknowledged: usize,
    done: usize,
    published: usize,
}

struct World {
    broker: MemoryBroker,
    random: Random,
    log: Log,
    queues: BTreeMap<String, ModelQueue>,
    /// Queues of each fanout topic.
    fanouts: BTreeMap<usize, Vec<String>>,
    listeners: Vec<Listener>,
    last_message: u64,
    /// Messages without an outcome, and whether they must be returned.
    unsettled: BTreeMap<u64, bool>,
    /// Handles of deliveries that were given back since.
    stale: Vec<AckHandle>,
}

fn topic(number: usize) -> Route {
    Route::Topic { exchange: "exchange".into(), topic: format!("topic-{number}").into() }
}

fn fanout(number: usize) -> Route {
    Route::Fanout { topic: format!("topic-{number}").into() }
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            broker: MemoryBroker::new(),
            random: Random::seeded(seed),
            log: Log::default(),
            queues: BTreeMap::new(),
            fanouts: BTreeMap::new(),
            listeners: Vec::new(),
            last_message: 0,
            unsettled: BTreeMap::new(),
            stale: Vec::new(),
        }
    }

    fn step(&mut self) {
        match self.random.below(21) {
            0..=6 => self.publish(),
            7 => self.publish_to_all(),
            8 | 9 => self.listen(),
            10..=13 => self.answer(|ack| assert!(ack.ack(), "a delivery that is held"), false),
            14 | 15 => self.answer(|ack| ack.reject(true), true),
            16 => self.answer(|ack| ack.reject(false), false),
            17 => self.cancel(),
            18 => self.leave(),
            19 => self.answer_late(),
            _ => self.cut_off(),
        }
        self.hear();
        self.check();
    }

    fn publish(&mut self) {
        let number = self.random.below(TOPICS);
        let name = format!("topic-{number}");
        let mandatory = self.random.below(2) == 0;
        self.last_message += 1;
        let exists = match self.queues.get_mut(&name) {
            Some(queue) => {
                queue.ready.insert(self.last_message);
                queue.published += 1;
                true
            }
            None => false,
        };
        self.send(&topic(number), mandatory, mandatory && !exists);
    }

    fn publish_to_all(&mut self) {
        let number = self.random.below(TOPICS);
        self.last_message += 1;
        for name in self.fanouts.get(&number).into_iter().flatten() {
            let queue = self.queues.get_mut(name).unwrap();
            queue.ready.insert(self.last_message);
            queue.published += 1;
        }
        self.send(&fanout(number), false, false);
    }

    fn send(&mut self, route: &Route, mandatory: bool, returned: bool) {
        let message = self.last_message;
        self.unsettled.insert(message, returned);
        let publish = Publish {
            route: route.clone(),
            body: message.to_string().into_bytes(),
            properties: Properties::default(),
            unique_id: MessageId::random(),
            mandatory,
            answered: false,
            deadline: None,
            retry: None,
        };
        let log = self.log.clone();
        let settled = move |outcome: Result<_, PublishError>| {
            let returned = matches!(outcome, Err(PublishError::Returned { .. }));
            log.lock().unwrap().push(Told::Settled { message, returned });
        };
        self.broker.operate(|state| state.publish(publish.into(), Box::new(settled)));
    }

    fn listen(&mut self) {
        let number = self.random.below(TOPICS);
        let prefetch = self.random.below(4);
        let with_fanout = self.random.below(2) == 0;
        let mut routes = vec![topic(number)];
        let mut queues = vec![format!("topic-{number}")];
        self.queues.entry(format!("topic-{number}")).or_default();
        if with_fanout {
            routes.push(fanout(number));
        }
        let listener = self.listeners.len();
        let before: BTreeSet<String> = self.broker.queues().into_iter().collect();
        let sink = Arc::new(Tap { listener, log: self.log.clone() });
        let subscription = Subscription {
            routes,
            prefetch: prefetch.try_into().unwrap(),
            ack_mode: AckMode::AfterHandling,
            label: format!("{listener}"),
        };
        let broker = self.broker.clone();
        let acks = |subscriber| Arc::new(MemoryAcks { broker, subscriber }) as Arc<dyn Acknowledge>;
        let subscriber = self.broker.operate(|state| state.subscribe(0, &subscription, sink, acks)).unwrap();
        let outlet = self.broker.operate(|state| state.queues.outlet(subscriber));
        let mut fanout_queue = None;
        if with_fanout {
            let made: Vec<String> =
                self.broker.queues().into_iter().filter(|name| !before.contains(name)).collect();
            let name = made.into_iter().find(|name| name.contains("_fanout_")).unwrap();
            self.queues.insert(name.clone(), ModelQueue::default());
            self.fanouts.entry(number).or_default().push(name.clone());
            queues.push(name.clone());
            fanout_queue = Some(name);
        }
        let consumer = Some(MemoryConsumer::new(self.broker.clone(), subscriber, outlet));
        self.listeners.push(Listener {
            consumer,
            queues,
            fanout_queue,
            prefetch,
            cancelled: false,
            held: Vec::new(),
        });
    }

    /// Answers a random delivery.
    fn answer(&mut self, answer: fn(AckHandle), back: bool) {
        let holders: Vec<usize> =
            (0..self.listeners.len()).filter(|at| !self.listeners[*at].held.is_empty()).collect();
        let Some(&holder) = holders.get(self.random.below(holders.len())) else { return };
        let listener = &mut self.listeners[holder];
        let held = listener.held.remove(self.random.below(listener.held.len()));
        let queue = self.queues.get_mut(&held.queue).unwrap();
        queue.unacknowledged -= 1;
        if back {
            queue.ready.insert(held.message);
        } else {
            queue.done += 1;
        }
        answer(held.ack);
    }

    fn cancel(&mut self) {
        let Some(at) = self.some_listener() else { return };
        let consumer = self.listeners[at].consumer.as_ref().unwrap();
        assert!(consumer.cancel().now_or_never().is_some(), "a cancel waits for nobody here");
        self.listeners[at].cancelled = true;
    }

    fn leave(&mut self) {
        let Some(at) = self.some_listener() else { return };
        let close = self.random.below(2) == 0;
        self.give_back(at);
        let listener = &mut self.listeners[at];
        listener.cancelled = true;
        let consumer = listener.consumer.take().unwrap();
        if let Some(name) = listener.fanout_queue.take() {
            self.queues.remove(&name);
            self.fanouts.values_mut().for_each(|queues| queues.retain(|queue| *queue != name));
        }
        if close {
            assert!(consumer.close().now_or_never().is_some(), "a close waits for nobody here");
        }
        drop(consumer);
    }

    fn cut_off(&mut self) {
        let Some(at) = self.some_listener() else { return };
        let queue = self.listeners[at].queues[0].clone();
        for at in 0..self.listeners.len() {
            let listener = &self.listeners[at];
            if listener.consumer.is_some() && !listener.cancelled && listener.queues.contains(&queue) {
                self.give_back(at);
            }
        }
        self.broker.kill_consumers(&queue);
    }

    /// What a listener holds is ready again; its handles mean nothing from now on.
    fn give_back(&mut self, at: usize) {
        for held in std::mem::take(&mut self.listeners[at].held) {
            let queue = self.queues.get_mut(&held.queue).unwrap();
            queue.unacknowledged -= 1;
            queue.ready.insert(held.message);
            self.stale.push(held.ack);
        }
    }

    /// Answers deliveries that were given back, as a handler does that knows nothing of it; that must not count.
    fn answer_late(&mut self) {
        for (at, ack) in std::mem::take(&mut self.stale).into_iter().enumerate() {
            match at % 2 {
                0 => assert!(!ack.ack(), "a delivery that is held no more"),
                _ => ack.reject(true),
            }
        }
    }

    fn some_listener(&mut self) -> Option<usize> {
        let present: Vec<usize> =
            (0..self.listeners.len()).filter(|at| self.listeners[*at].consumer.is_some()).collect();
        present.get(self.random.below(present.len())).copied()
    }

    /// Takes note of what the broker told, against the model.
    fn hear(&mut self) {
        let mut told = std::mem::take(&mut *self.log.lock().unwrap());
        self.order(&mut told);
        for told in told {
            match told {
                Told::Settled { message, returned } => {
                    assert_eq!(self.unsettled.remove(&message), Some(returned), "message {message}");
                }
                Told::Interrupted { listener } => assert!(self.listeners[listener].consumer.is_some()),
                Told::Delivered { listener: at, delivery } => self.delivered(at, delivery),
            }
        }
        assert!(self.unsettled.is_empty(), "not settled: {:?}", self.unsettled);
    }

    /// Each listener is told in order; what two of them are told at one step comes in the order of their queue's messages only
    /// together.
    fn order(&self, told: &mut [Told]) {
        let mut last: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for told in told.iter() {
            if let Told::Delivered { listener, delivery } = told {
                let before = last.insert((*listener, delivery.route), number(delivery));
                assert!(before < Some(number(delivery)), "{listener} gets {before:?} before a later one");
            }
        }
        told.sort_by_key(|told| match told {
            Told::Delivered { delivery, .. } => number(delivery),
            _ => 0,
        });
    }

    fn delivered(&mut self, at: usize, delivery: Delivery) {
        let listener = &mut self.listeners[at];
        let name = listener.queues[delivery.route].clone();
        let queue = self.queues.get_mut(&name).unwrap();
        let message = number(&delivery);
        assert_eq!(queue.ready.pop_first(), Some(message), "not the head of {name}");
        let again = !queue.delivered_before.insert(message);
        assert_eq!(delivery.redelivered, again, "message {message} of {name}");
        queue.unacknowledged += 1;
        assert!(!listener.cancelled, "{at} has cancelled");
        listener.held.push(Held { queue: name.clone(), message, ack: delivery.ack });
        let holds = listener.held.iter().filter(|held| held.queue == name).count();
        assert!(listener.prefetch == 0 || holds <= listener.prefetch, "{at} has no room");
    }

    fn check(&self) {
        assert_eq!(self.broker.queues(), self.queues.keys().cloned().collect::<Vec<_>>());
        for (name, model) in &self.queues {
            let real = self.broker.queue(name).unwrap();
            assert_eq!(real.messages as usize, model.ready.len(), "ready in {name}");
            assert_eq!(self.broker.unacknowledged(name), Some(model.unacknowledged), "held of {name}");
            assert_eq!(
                model.published,
                model.ready.len() + model.unacknowledged + model.done,
                "{name} leaks"
            );
            let consumers = self.listeners.iter().filter(|l| !l.cancelled && l.queues.contains(name));
            assert_eq!(real.consumers as usize, consumers.clone().count(), "consumers of {name}");
            let idle = consumers.filter(|listener| {
                let holds = listener.held.iter().filter(|held| held.queue == *name).count();
                listener.prefetch == 0 || holds < listener.prefetch
            });
            assert!(model.ready.is_empty() || idle.count() == 0, "{name} has messages and somebody has room");
        }
    }
}

fn number(delivery: &Delivery) -> u64 {
    std::str::from_utf8(&delivery.body).unwrap().parse().unwrap()
}

#[test]
fn the_broker_does_what_the_model_does() {
    let seeds = std::env::var("OSLO_TEST_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    for seed in 0..seeds {
        let run = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            (0..STEPS).for_each(|_| world.step());
        });
        assert!(run.is_ok(), "seed {seed} fails; see the panic above");
    }
}
