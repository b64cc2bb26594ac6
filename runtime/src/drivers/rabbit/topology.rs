//! What every peer declares for a route, with exactly the arguments that Python uses for the same options.
//!
//! Pure: names and specifications, no I/O.

use super::amqp::{ExchangeSpec, Name, QueueSpec};
use crate::transport::Route;

/// The options that shape exchanges and queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Profile {
    /// `amqp_durable_queues`.
    pub(super) durable: bool,
    /// `amqp_auto_delete`.
    pub(super) auto_delete: bool,
    /// `rabbit_transient_queues_ttl` in milliseconds; `None` for 0, which means no expiry.
    pub(super) transient_expires: Option<i32>,
}

/// Where a message is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) exchange: Name,
    pub(super) routing_key: Name,
}

/// A queue to consume, with what must be declared for it, in Python's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) queue: QueueSpec,
    /// The exchange to declare and bind to, with the binding's key; none for the default exchange.
    pub(super) bound_to: Option<(ExchangeSpec, String)>,
    /// Whether the queue is this consumer's alone and is deleted with it.
    pub(super) owned: bool,
}

impl Profile {
    /// Where a message for `route` is published.
    pub(super) fn address(&self, route: &Route) -> Address {
        let none = || Name::Own(String::new());
        let (exchange, routing_key) = match route {
            Route::Topic { exchange, topic } => (exchange.into(), topic.into()),
            Route::Server { exchange, topic, server } => {
                (exchange.into(), format!("{topic}.{server}").into())
            }
            Route::Fanout { topic } => (fanout_exchange(topic).into(), none()),
            Route::Reply { address } => (none(), address.into()),
            Route::Notification { exchange, topic, priority, .. } => {
                (exchange.into(), format!("{topic}.{priority}").into())
            }
            Route::Again { of } => (none(), self.source(of, "").queue.name.into()),
            Route::DeadLetters { .. } => (none(), self.source(route, "").queue.name.into()),
        };
        Address { exchange, routing_key }
    }

    /// What a publisher declares before the first message to `route` on a connection.
    pub(super) fn publisher_declares(&self, route: &Route) -> (Option<ExchangeSpec>, Option<Source>) {
        match route {
            Route::Topic { exchange, .. } | Route::Server { exchange, .. } => {
                (Some(self.exchange(exchange)), None)
            }
            Route::Fanout { topic } => (Some(self.fanout(topic)), None),
            Route::Reply { .. } | Route::Again { .. } => (None, None),
            Route::Notification { .. } | Route::DeadLetters { .. } => (None, Some(self.source(route, ""))),
        }
    }

    /// What a consumer of `route` declares; `own_name` ends the name of a queue that is its alone.
    pub(super) fn source(&self, route: &Route, own_name: &str) -> Source {
        match route {
            Route::Topic { exchange, topic } => self.shared(exchange, topic.to_string()),
            Route::Server { exchange, topic, server } => self.shared(exchange, format!("{topic}.{server}")),
            Route::Fanout { topic } => Source {
                queue: self.transient(format!("{topic}_fanout_{own_name}")),
                bound_to: Some((self.fanout(topic), topic.to_string())),
                owned: true,
            },
            Route::Reply { address } => {
                Source { queue: self.transient(address.to_string()), bound_to: None, owned: false }
            }
            Route::Notification { exchange, topic, priority, pool } => {
                let key = format!("{topic}.{priority}");
                let name = pool.as_ref().map_or_else(|| key.clone(), |pool| pool.to_string());
                Source {
                    queue: self.queue(name),
                    bound_to: Some((self.exchange(exchange), key)),
                    owned: false,
                }
            }
            Route::Again { of } => self.source(of, own_name),
            // Ours alone, so it need not look like anybody's; what nobody could handle is to outlive the broker.
            Route::DeadLetters { of } => Source {
                queue: QueueSpec {
                    name: format!("{}.dead", self.source(of, own_name).queue.name),
                    durable: true,
                    auto_delete: false,
                    expires: None,
                },
                bound_to: None,
                owned: false,
            },
        }
    }

    /// Name of the queue behind `route`, if it has one.
    pub(super) fn queue_of(&self, route: &Route) -> Option<String> {
        match route {
            Route::Fanout { .. } => None,
            route => Some(self.source(route, "").queue.name),
        }
    }

    fn shared(&self, exchange: &str, name: String) -> Source {
        Source {
            bound_to: Some((self.exchange(exchange), name.clone())),
            queue: self.queue(name),
            owned: false,
        }
    }

    fn exchange(&self, name: &str) -> ExchangeSpec {
        let name = name.to_owned();
        ExchangeSpec { name, fanout: false, durable: self.durable, auto_delete: self.auto_delete }
    }

    fn fanout(&self, topic: &str) -> ExchangeSpec {
        ExchangeSpec { name: fanout_exchange(topic), fanout: true, durable: false, auto_delete: true }
    }

    fn queue(&self, name: String) -> QueueSpec {
        QueueSpec { name, durable: self.durable, auto_delete: self.auto_delete, expires: None }
    }

    fn transient(&self, name: String) -> QueueSpec {
        let auto_delete = false;
        QueueSpec { name, durable: false, auto_delete, expires: self.transient_expires }
    }
}

fn fanout_exchange(topic: &str) -> String {
    format!("{topic}_fanout")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Profile =
        Profile { durable: false, auto_delete: false, transient_expires: Some(1_800_000) };

    #[test]
    fn names_are_pythons() {
        let topic = Route::Topic { exchange: "openstack".into(), topic: "compute".into() };
        let server =
            Route::Server { exchange: "nova".into(), topic: "compute".into(), server: "host-1".into() };
        let fanout = Route::Fanout { topic: "compute".into() };
        let reply = Route::Reply { address: "reply_1".into() };
        for (route, exchange, key) in [
            (&topic, "openstack", "compute"),
            (&server, "nova", "compute.host-1"),
            (&fanout, "compute_fanout", ""),
            (&reply, "", "reply_1"),
        ] {
            assert_eq!(
                DEFAULT.address(route),
                Address { exchange: exchange.into(), routing_key: key.into() }
            );
        }
        assert_eq!(DEFAULT.source(&server, "").queue.name, "compute.host-1");
        assert_eq!(DEFAULT.source(&fanout, "ab").queue.name, "compute_fanout_ab");
        assert_eq!(DEFAULT.queue_of(&fanout), None);
    }

    #[test]
    fn only_fanout_and_reply_queues_expire_and_only_shared_ones_follow_durability() {
        let durable = Profile { durable: true, ..DEFAULT };
        let topic = Route::Topic { exchange: "openstack".into(), topic: "t".into() };
        let fanout = Route::Fanout { topic: "t".into() };
        let shared = durable.source(&topic, "");
        assert!(shared.queue.durable && shared.queue.expires.is_none() && !shared.owned);
        let own = durable.source(&fanout, "x");
        assert!(!own.queue.durable && own.queue.expires == Some(1_800_000) && own.owned);
        let (exchange, _) = own.bound_to.unwrap();
        assert!(exchange.fanout && exchange.auto_delete && !exchange.durable);
    }
}
