//! What a server was built with; the same for all its runs.

use super::error::BuildError;
use crate::contract::Dispatcher;
use crate::target::Target;
use crate::transport::{AckMode, Route, Subscription, Transport, check_name};
use std::sync::Arc;
use std::time::Duration;

/// The settings of a server, checked.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) transport: Transport,
    /// Topic and server are set, the exchange is resolved.
    pub(crate) target: Target,
    pub(crate) dispatcher: Dispatcher,
    pub(crate) concurrency: usize,
    pub(crate) prefetch: u16,
    pub(crate) stop_limit: Duration,
    pub(crate) start_timeout: Duration,
    pub(crate) reply_retry: Duration,
    /// In the order in which Python declares and consumes them.
    pub(crate) routes: Vec<Route>,
}

impl Config {
    pub(crate) fn subscription(&self) -> Subscription {
        let target = &self.target;
        let label = format!(
            "server {} of {}",
            target.server.as_deref().unwrap_or_default(),
            target.topic.as_deref().unwrap_or_default()
        );
        let ack_mode = AckMode::BeforeHandling;
        Subscription { routes: self.routes.clone(), prefetch: self.prefetch, ack_mode, label }
    }

    pub(crate) fn is_fanout(&self, route: usize) -> bool {
        matches!(self.routes.get(route), Some(Route::Fanout { .. }))
    }
}

/// The routes of a server's target, whose exchange is resolved.
pub(super) fn listen(target: &Target) -> Result<Vec<Route>, BuildError> {
    let invalid = |reason: crate::error::NotSentReason| BuildError::InvalidTarget(reason.to_string());
    let missing = |what: &str| BuildError::InvalidTarget(format!("a server needs a {what}"));
    if target.fanout {
        return Err(BuildError::InvalidTarget("a server listens to fanouts in any case".to_owned()));
    }
    let topic = target.topic.as_ref().ok_or_else(|| missing("topic"))?;
    let server = target.server.as_ref().ok_or_else(|| missing("server name"))?;
    let exchange = target.exchange.as_ref().ok_or_else(|| missing("exchange"))?;
    for (what, name) in [("the topic", &**topic), ("the server", server), ("the exchange", exchange)] {
        check_name(what, name).map_err(invalid)?;
    }
    check_name("the server's queue name", &format!("{topic}.{server}")).map_err(invalid)?;
    // `<topic>_fanout_<32 hex digits>` is the longest name that Python makes of a topic.
    check_name("the fanout queue's name", &format!("{topic}_fanout_{:032}", 0)).map_err(invalid)?;
    Ok(vec![
        Route::Topic { exchange: Arc::clone(exchange), topic: Arc::clone(topic) },
        Route::Server {
            exchange: Arc::clone(exchange),
            topic: Arc::clone(topic),
            server: Arc::clone(server),
        },
        Route::Fanout { topic: Arc::clone(topic) },
    ])
}
