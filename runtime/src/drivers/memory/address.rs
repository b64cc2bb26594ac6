//! The names that a route has on the broker: exchange, routing key, queue. The same as Python's on RabbitMQ, so
//! that a test on this broker meets the same surprises: a queue's name holds no exchange.

use crate::transport::Route;

/// The default exchange: routes to the queue named by the key.
pub(super) const DEFAULT_EXCHANGE: &str = "";

/// How an exchange routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExchangeKind {
    /// By key.
    Topic,
    /// To every bound queue.
    Fanout,
}

/// Where a message is published.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) exchange: String,
    pub(super) kind: ExchangeKind,
    pub(super) key: String,
}

impl Address {
    /// Where `route` publishes.
    pub(super) fn of(route: &Route) -> Self {
        match route {
            Route::Topic { exchange, topic } => Self::topic(exchange, topic.to_string()),
            Route::Server { exchange, topic, server } => Self::topic(exchange, format!("{topic}.{server}")),
            Route::Fanout { topic } => {
                Self { exchange: format!("{topic}_fanout"), kind: ExchangeKind::Fanout, key: String::new() }
            }
            Route::Reply { address } => Self::topic(DEFAULT_EXCHANGE, address.to_string()),
            Route::Notification { exchange, topic, priority, .. } => {
                Self::topic(exchange, format!("{topic}.{priority}"))
            }
            Route::Again { of } => Self::topic(DEFAULT_EXCHANGE, queue(of).unwrap_or_default()),
            Route::DeadLetters { .. } => Self::topic(DEFAULT_EXCHANGE, queue(route).unwrap_or_default()),
        }
    }

    fn topic(exchange: &str, key: String) -> Self {
        Self { exchange: exchange.to_owned(), kind: ExchangeKind::Topic, key }
    }
}

/// The queue that is consumed or asked about for `route`; `None` where each consumer has its own.
pub(super) fn queue(route: &Route) -> Option<String> {
    match route {
        Route::Topic { topic, .. } => Some(topic.to_string()),
        Route::Server { topic, server, .. } => Some(format!("{topic}.{server}")),
        Route::Fanout { .. } => None,
        Route::Reply { address } => Some(address.to_string()),
        Route::Notification { pool: Some(pool), .. } => Some(pool.to_string()),
        Route::Notification { topic, priority, .. } => Some(format!("{topic}.{priority}")),
        Route::Again { of } => queue(of),
        Route::DeadLetters { of } => queue(of).map(|queue| format!("{queue}.dead")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification(pool: Option<&str>) -> Route {
        Route::Notification {
            exchange: "nova".into(),
            topic: "notifications".into(),
            priority: "info".into(),
            pool: pool.map(Into::into),
        }
    }

    #[test]
    fn names_are_those_of_oslo() {
        let server =
            Route::Server { exchange: "nova".into(), topic: "compute".into(), server: "host-1".into() };
        assert_eq!(Address::of(&server).key, "compute.host-1");
        assert_eq!(queue(&server).as_deref(), Some("compute.host-1"));
        let fanout = Address::of(&Route::Fanout { topic: "compute".into() });
        assert_eq!((fanout.exchange.as_str(), fanout.key.as_str()), ("compute_fanout", ""));
        let reply = Address::of(&Route::Reply { address: "reply_1".into() });
        assert_eq!((reply.exchange.as_str(), reply.key.as_str()), (DEFAULT_EXCHANGE, "reply_1"));
        assert_eq!(queue(&notification(None)).as_deref(), Some("notifications.info"));
        assert_eq!(queue(&notification(Some("audit"))).as_deref(), Some("audit"));
        assert_eq!(Address::of(&notification(Some("audit"))).key, "notifications.info");
    }
}
