//! What the driver needs to know, resolved from URL and options.

use super::amqp::{ConnectionKind, Node};
use super::options::RabbitOptions;
use super::topology::Profile;
use crate::transport::TransportUrl;
use std::time::Duration;

#[derive(Debug, Clone)]
pub(super) struct Settings {
    /// In the order of the URL.
    pub(super) nodes: Vec<Node>,
    pub(super) profile: Profile,
    /// Seconds; 0 turns heartbeats off.
    pub(super) heartbeat: u16,
    /// Overrides what a subscription asks for.
    pub(super) prefetch: Option<u16>,
    /// Whether requests and notifications do not wait for the end of an alarm.
    pub(super) fail_when_blocked: bool,
    pub(super) confirm_requests: bool,
    /// Shown by the broker's tools.
    pub(super) connection_name: String,
    pub(super) retry: RetrySchedule,
    /// Whether the next node is chosen at random instead of in turn.
    pub(super) shuffle: bool,
    pub(super) io_in_caller_runtime: bool,
    pub(super) connection: ConnectionKind,
}

impl Settings {
    pub(super) fn resolve(url: &TransportUrl, options: &RabbitOptions) -> Self {
        let virtual_host = url.virtual_host();
        let node = |host: &crate::transport::HostSpec| Node {
            host: host.clone(),
            virtual_host: virtual_host.to_owned(),
        };
        let expires =
            options.transient_queues_ttl.map(|ttl| i32::try_from(ttl.as_millis()).unwrap_or(i32::MAX));
        Self {
            nodes: url.hosts().iter().map(node).collect(),
            profile: Profile {
                durable: options.durable_queues,
                auto_delete: options.auto_delete,
                transient_expires: expires,
            },
            heartbeat: u16::try_from(options.heartbeat.as_secs()).unwrap_or(u16::MAX),
            prefetch: options.prefetch,
            fail_when_blocked: options.fail_when_blocked,
            confirm_requests: options.confirm_requests,
            connection_name: options.connection_name.clone().unwrap_or_else(own_name),
            retry: RetrySchedule {
                reconnect: options.reconnect_delay,
                first: options.retry_interval,
                step: options.retry_backoff,
                longest: options.retry_interval_max,
            },
            shuffle: options.shuffle_failover,
            io_in_caller_runtime: options.io_in_caller_runtime,
            connection: options.connection,
        }
    }
}

/// Program, process id and a fresh id, as Python names its connections.
fn own_name() -> String {
    let program = std::env::args_os().next().unwrap_or_default();
    let program = std::path::Path::new(&program).file_name().unwrap_or_default().to_string_lossy();
    format!("{program}:{}:{}", std::process::id(), uuid::Uuid::new_v4())
}

/// When a failed connection attempt is repeated: at once for the next host of the list, then after growing pauses.
#[derive(Debug, Clone, Copy)]
pub(super) struct RetrySchedule {
    /// The longest pause before the first attempt after a loss; any part of it, so that not all clients of a broker come
    /// back at once.
    pub(super) reconnect: Duration,
    /// The first pause.
    pub(super) first: Duration,
    /// What each further pause adds.
    pub(super) step: Duration,
    /// The longest pause.
    pub(super) longest: Duration,
}

/// Wrong credentials do not get better by asking often, and brokers lock out who does.
const REFUSED_PAUSE: Duration = Duration::from_secs(5);

impl RetrySchedule {
    /// The pause before round `round` (0 is the first repetition), between half and all of its length.
    pub(super) fn pause(&self, round: u32, refused: bool) -> Duration {
        let full = (self.first + self.step.saturating_mul(round)).min(self.longest);
        let full = if refused { full.max(REFUSED_PAUSE) } else { full };
        full.mul_f64(0.5 + random() / 2.0)
    }

    /// The pause before the first attempt after a loss.
    pub(super) fn pause_after_loss(&self) -> Duration {
        self.reconnect.mul_f64(random())
    }
}

/// Between 0 and 1.
fn random() -> f64 {
    f64::from(u16::try_from(uuid::Uuid::new_v4().as_u128() % 1024).unwrap_or_default()) / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_are_longer_when_refused() {
        let schedule = RetrySchedule {
            reconnect: Duration::from_millis(100),
            first: Duration::from_millis(200),
            step: Duration::from_secs(2),
            longest: Duration::from_secs(10),
        };
        for (round, refused, least, most) in
            [(0, false, 100, 200), (1, false, 1100, 2200), (50, false, 5000, 10_000), (0, true, 2500, 5000)]
        {
            let pause = schedule.pause(round, refused);
            assert!(
                pause >= Duration::from_millis(least) && pause <= Duration::from_millis(most),
                "{round}: {pause:?}"
            );
        }
    }
}
