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
        let ttl = options.transient_queues_ttl.filter(|ttl| !ttl.is_zero());
        let millisecond = Duration::from_millis(1);
        Self {
            nodes: url.hosts().iter().map(node).collect(),
            profile: Profile {
                durable: options.durable_queues,
                auto_delete: options.auto_delete,
                transient_expires: ttl
                    .map(|ttl| i32::try_from(rounded_up(ttl, millisecond)).unwrap_or(i32::MAX)),
            },
            heartbeat: u16::try_from(rounded_up(options.heartbeat, Duration::from_secs(1)))
                .unwrap_or(u16::MAX),
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

/// So many units of time. A part of one counts as one: zero means something else than little.
fn rounded_up(time: Duration, unit: Duration) -> u128 {
    time.as_nanos().div_ceil(unit.as_nanos())
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

/// Hosts that are down fail at once: without a pause they would be asked as fast as the processor can.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);

impl RetrySchedule {
    /// The pause before round `round` (0 is the first repetition), between half and all of its length; `refused` if a host
    /// will not have us.
    pub(super) fn pause(&self, round: u32, refused: bool) -> Duration {
        let full = self.first.saturating_add(self.step.saturating_mul(round)).min(self.longest);
        let least = if refused { REFUSED_PAUSE } else { SHORTEST_PAUSE };
        full.max(least).mul_f64(0.5 + random() / 2.0)
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

    #[test]
    fn no_options_make_pauses_of_no_time_or_more_time_than_there_is() {
        let never = RetrySchedule {
            reconnect: Duration::ZERO,
            first: Duration::ZERO,
            step: Duration::ZERO,
            longest: Duration::ZERO,
        };
        assert!(never.pause(0, false) >= SHORTEST_PAUSE / 2);
        let (first, step, longest) = (Duration::MAX, Duration::MAX, Duration::MAX);
        let endless = RetrySchedule { reconnect: Duration::MAX, first, step, longest };
        assert!(endless.pause(u32::MAX, true) >= Duration::MAX / 2);
        let _ = endless.pause_after_loss();
    }

    #[test]
    fn little_time_does_not_become_the_zero_that_means_none() {
        let url = "rabbit://host".parse().unwrap();
        let nanosecond = Duration::from_nanos(1);
        for (ttl, expires) in [
            (None, None),
            (Some(Duration::ZERO), None),
            (Some(nanosecond), Some(1)),
            (Some(Duration::from_millis(1)), Some(1)),
            (Some(Duration::from_millis(1) + nanosecond), Some(2)),
            (Some(Duration::MAX), Some(i32::MAX)),
        ] {
            let options = RabbitOptions { transient_queues_ttl: ttl, ..RabbitOptions::default() };
            assert_eq!(Settings::resolve(&url, &options).profile.transient_expires, expires, "{ttl:?}");
        }
        for (heartbeat, seconds) in [
            (Duration::ZERO, 0),
            (nanosecond, 1),
            (Duration::from_secs(1), 1),
            (Duration::from_millis(1500), 2),
            (Duration::MAX, u16::MAX),
        ] {
            let options = RabbitOptions { heartbeat, ..RabbitOptions::default() };
            assert_eq!(Settings::resolve(&url, &options).heartbeat, seconds, "{heartbeat:?}");
        }
    }
}
