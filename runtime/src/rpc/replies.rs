//! Takes the replies of a transport where its I/O runs and gives each to its call.

use super::correlation::{Correlation, Placed};
use crate::serving::LogLimit;
use crate::transport::{Delivery, Driver, Sink, TransportCounters};
use crate::wire::{Limits, Malformed, short};
use std::sync::{Arc, Weak};

/// The receiver of all replies of a transport.
pub(crate) struct ReplySink {
    /// Knows how replies look. Weak, because the driver holds this sink.
    driver: Weak<dyn Driver>,
    limits: Limits,
    correlation: Arc<Correlation>,
    counters: Arc<TransportCounters>,
    log: LogLimit,
}

impl ReplySink {
    pub(crate) fn new(
        driver: Weak<dyn Driver>,
        limits: Limits,
        correlation: Arc<Correlation>,
        counters: Arc<TransportCounters>,
    ) -> Self {
        Self { driver, limits, correlation, counters, log: LogLimit::default() }
    }
}

impl ReplySink {
    /// Ends the call of a reply that cannot be read, if it says whose it is.
    fn unreadable(&self, malformed: Malformed) {
        let Malformed { cause, answers, .. } = malformed;
        self.counters.malformed_replies.add();
        if let Some(unlogged) = self.log.pass() {
            let message_id = answers.as_deref().map(short);
            tracing::warn!(message_id, %cause, unlogged, "a reply could not be read; thrown away");
        }
        if let Some(message_id) = answers {
            self.correlation
                .unreadable(&message_id, format!("the reply is over a limit of this side: {cause}"));
        }
    }
}

impl Sink for ReplySink {
    fn deliver(&self, delivery: Delivery) {
        let Delivery { body, properties, ack, .. } = delivery;
        // A driver that is going takes its calls along.
        let Some(driver) = self.driver.upgrade() else { return };
        let reply = match driver.format().decode_reply(&body, &properties, &self.limits) {
            Ok(reply) => reply,
            Err(malformed) => {
                ack.reject(false);
                return self.unreadable(malformed);
            }
        };
        ack.ack();
        match self.correlation.place(reply) {
            Placed::Final => self.counters.replies.add(),
            // Its end is what counts.
            Placed::FirstPart => {}
            Placed::Alive => self.counters.heartbeats.add(),
            Placed::Unknown(message_id) => {
                self.counters.late_replies.add();
                tracing::debug!(message_id = short(&message_id), "nobody waits for this reply (any more)");
            }
        }
    }

    fn interrupted(&self) {
        self.correlation.interrupted();
    }

    fn connection_lost(&self) {
        self.counters.connections_lost.add();
    }
}
