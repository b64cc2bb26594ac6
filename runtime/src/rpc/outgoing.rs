//! What must be right about a request's target before anything is sent, and the route it takes.

use crate::error::NotSentReason;
use crate::target::Target;
use crate::transport::{LONGEST_NAME, Route, check_name};
use std::sync::Arc;

/// The same of two names that the wire joins with a separator.
fn check_joined(what: &str, first: &str, second: &str, separator: usize) -> Result<(), NotSentReason> {
    let length = first.len() + separator + second.len();
    if length > LONGEST_NAME {
        let problem = format!("{what} is {length} bytes long, the broker holds {LONGEST_NAME}");
        return Err(NotSentReason::InvalidTarget(problem));
    }
    Ok(())
}

/// The route to `target`, its exchange already resolved.
pub(crate) fn route(target: &Target) -> Result<Route, NotSentReason> {
    let Some(topic) = &target.topic else {
        return Err(NotSentReason::InvalidTarget("it has no topic".to_owned()));
    };
    check_name("the topic", topic)?;
    if target.fanout {
        check_joined("the fanout exchange's name", topic, "_fanout", 0)?;
        return Ok(Route::Fanout { topic: Arc::clone(topic) });
    }
    let Some(exchange) = &target.exchange else {
        return Err(NotSentReason::InvalidTarget("it has no exchange".to_owned()));
    };
    check_name("the exchange", exchange)?;
    let (exchange, topic) = (Arc::clone(exchange), Arc::clone(topic));
    match &target.server {
        None => Ok(Route::Topic { exchange, topic }),
        Some(server) => {
            check_name("the server", server)?;
            check_joined("the server's queue name", &topic, server, 1)?;
            Ok(Route::Server { exchange, topic, server: Arc::clone(server) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(target: Target) -> String {
        route(&target.with_exchange("openstack")).unwrap_err().to_string()
    }

    #[test]
    fn names_that_a_broker_cannot_hold_are_refused() {
        assert!(refusal(Target::default()).contains("no topic"));
        assert!(refusal(Target::topic("")).contains("empty"));
        assert!(refusal(Target::topic("a\nb")).contains("control character"));
        assert!(refusal(Target::topic("a".repeat(256))).contains("256 bytes"));
        assert!(refusal(Target::server("t", "")).contains("the server is empty"));
        assert!(refusal(Target::server("a".repeat(200), "b".repeat(55))).contains("256 bytes"));
        assert!(refusal(Target::fanout("a".repeat(249))).contains("256 bytes"));
        assert!(route(&Target::topic("t").with_exchange("a".repeat(256))).is_err());
    }

    #[test]
    fn names_at_the_limit_pass() {
        let exchange = |target: Target| target.with_exchange("openstack");
        assert!(route(&exchange(Target::topic("a".repeat(255)))).is_ok());
        assert!(route(&exchange(Target::server("a".repeat(200), "b".repeat(54)))).is_ok());
        assert!(route(&exchange(Target::fanout("a".repeat(248)))).is_ok());
    }

    #[test]
    fn a_fanout_ignores_exchange_and_server() {
        let mut target = Target::server("t", "s").with_exchange("x");
        target.fanout = true;
        assert_eq!(route(&target), Ok(Route::Fanout { topic: "t".into() }));
    }
}
