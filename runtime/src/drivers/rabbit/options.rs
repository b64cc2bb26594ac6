//! The options of `[oslo_messaging_rabbit]`, with the same names and defaults as in Python. Plain data.

use super::amqp::ConnectionKind;
use crate::transport::option::{boolean, fractional_seconds, integer, seconds};
use crate::transport::{OptionError, OptionOrigin, OptionProblem, TransportUrl};
use crate::wire::Compression;
use std::time::Duration;

/// Options of the RabbitMQ driver; the defaults are oslo.messaging's.
///
/// ```
/// use oslo_messaging::drivers::rabbit::RabbitOptions;
/// use oslo_messaging::transport::TransportUrl;
///
/// let url: TransportUrl = "rabbit://rabbit-1/nova?heartbeat_timeout_threshold=20".parse()?;
/// let mut options = RabbitOptions { durable_queues: true, ..RabbitOptions::default() };
/// options.apply_query(&url)?;
/// assert_eq!(options.heartbeat.as_secs(), 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RabbitOptions {
    /// Whether shared exchanges and queues survive a broker's restart; `amqp_durable_queues`, default false. All peers
    /// of an exchange must agree.
    pub durable_queues: bool,
    /// Whether shared exchanges and queues go with their last user; `amqp_auto_delete`, default false.
    pub auto_delete: bool,
    /// After how long an unused reply or fanout queue expires, rounded up to whole milliseconds, `None` or zero for never;
    /// `rabbit_transient_queues_ttl`, default 1800 s.
    pub transient_queues_ttl: Option<Duration>,
    /// Most unacknowledged deliveries of each consumer, 0 for no limit; `rabbit_qos_prefetch_count`. When absent, each
    /// server's concurrency: the one default that is not Python's, whose 0 lets one server take in a whole queue.
    pub prefetch: Option<u16>,
    /// After how long a silent connection counts as lost, rounded up to whole seconds, zero for never;
    /// `heartbeat_timeout_threshold`, default 60 s.
    pub heartbeat: Duration,
    /// The first pause between rounds of connection attempts, one for each host; `rabbit_retry_interval`, default 1 s. A
    /// random part of each pause, up to half of it, is left out. None counts as less than 10 ms, whatever is set here, so that
    /// an absent broker costs no processor; nor as less than 5 s when a host of the round has refused the login or the virtual
    /// host, since brokers lock out who asks too often.
    pub retry_interval: Duration,
    /// What each further pause adds; `rabbit_retry_backoff`, default 2 s.
    pub retry_backoff: Duration,
    /// The longest pause; `rabbit_interval_max`. Default 2 s, where Python's is 30 s: a broker that is back should not wait
    /// another half minute for its clients.
    pub retry_interval_max: Duration,
    /// The longest pause before the first attempt after a lost connection, a random part of which is waited;
    /// `kombu_reconnect_delay`. Default 0.2 s, where Python always waits 1 s.
    pub reconnect_delay: Duration,
    /// Whether the next node is chosen at random instead of in turn; `kombu_failover_strategy`, default in turn.
    pub shuffle_failover: bool,
    /// How long a reply whose queue is gone is tried again; `kombu_missing_consumer_retry_timeout`. When absent, what
    /// [`TransportOptions`](crate::transport::TransportOptions) says.
    pub reply_retry_timeout: Option<Duration>,
    /// How sent messages are compressed; `kombu_compression`, default not at all. Received ones say so themselves.
    pub compression: Option<Compression>,
    /// Whether replies ask the broker to say that their queue is gone; `direct_mandatory_flag`, default true.
    pub direct_mandatory: bool,
    /// Whether a request or notification fails at once as not sent while the broker blocks publishers (an alarm), instead of
    /// waiting until its own deadline. Answers of servers wait in any case. Default false.
    pub fail_when_blocked: bool,
    /// Whether the broker confirms the requests of calls; no option of Python's, which has them confirmed with
    /// `at_least_once`. Without it a call costs the broker less, and an unroutable one is noticed some milliseconds later.
    /// An error says `confirmed` then of a request that the broker has handed to its queues: a queue that refuses it
    /// (`x-overflow`) goes unnoticed until the deadline. Casts, replies and notifications are confirmed in any case.
    /// Default true; [`ConnectionKind::Lapin`] always has them confirmed.
    pub confirm_requests: bool,
    /// What the broker's tools call the connections of this process; program, process id and a fresh id unless set.
    pub connection_name: Option<String>,
    /// Whether the driver's I/O runs on the runtime that is current when it starts, instead of on a thread of its own.
    /// Saves the thread and makes no difference with few messages under way, when the thread lends its I/O to that runtime
    /// as long as it gives it its turns (one that was built without I/O is asked by each connection, of which tokio prints a panic); costs
    /// more CPU with many. A handler that blocks every worker then also blocks the heartbeats. Default false.
    pub io_in_caller_runtime: bool,
    /// Which implementation of AMQP the connections use; no option of Python's. Default our own.
    pub connection: ConnectionKind,
}

impl Default for RabbitOptions {
    fn default() -> Self {
        Self {
            durable_queues: false,
            auto_delete: false,
            transient_queues_ttl: Some(Duration::from_secs(1800)),
            prefetch: None,
            heartbeat: Duration::from_secs(60),
            retry_interval: Duration::from_secs(1),
            retry_backoff: Duration::from_secs(2),
            retry_interval_max: Duration::from_secs(2),
            reconnect_delay: Duration::from_millis(200),
            shuffle_failover: false,
            reply_retry_timeout: None,
            compression: None,
            direct_mandatory: true,
            fail_when_blocked: false,
            confirm_requests: true,
            connection_name: None,
            io_in_caller_runtime: false,
            connection: ConnectionKind::default(),
        }
    }
}

/// Longest TTL: `x-expires` is in milliseconds and signed 32 bits, as Python sends it.
const LONGEST_TTL: u64 = i32::MAX as u64 / 1000;
/// Longest of the other times; no longer than a day is meant by anybody, but Python has no limit.
const LONGEST: u64 = u32::MAX as u64;

/// Options that switch on what is not there yet, and what that is. Off, they change nothing.
const NOT_YET: &[(&str, &str)] = &[
    ("enable_cancel_on_failover", "the consumer argument x-cancel-on-ha-failover"),
    ("rabbit_ha_queues", "mirrored queues"),
    ("rabbit_quorum_queue", "quorum queues"),
    ("rabbit_stream_fanout", "stream queues for fanout"),
    ("rabbit_transient_quorum_queue", "quorum queues for replies and fanout"),
    ("ssl", "TLS"),
    ("ssl_enforce_fips_mode", "TLS in FIPS mode"),
    ("use_queue_manager", "the queue manager's fixed queue names"),
];

/// Options that mean nothing to this driver, or nothing without one of [`NOT_YET`].
const MEANINGLESS: &[&str] = &[
    "conn_pool_min_size",
    "conn_pool_ttl",
    "heartbeat_in_pthread",
    "heartbeat_rate",
    "hostname",
    "kombu_reconnect_splay",
    "processname",
    "rabbit_quorum_delivery_limit",
    "rabbit_quorum_max_memory_bytes",
    "rabbit_quorum_max_memory_length",
    "rpc_conn_pool_size",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_enforce_hostname_verification",
    "ssl_key_file",
    "ssl_version",
];

/// Options that set a field.
const EFFECTIVE: &[&str] = &[
    "amqp_auto_delete",
    "amqp_durable_queues",
    "direct_mandatory_flag",
    "heartbeat_timeout_threshold",
    "kombu_compression",
    "kombu_failover_strategy",
    "kombu_missing_consumer_retry_timeout",
    "kombu_reconnect_delay",
    "rabbit_interval_max",
    "rabbit_login_method",
    "rabbit_qos_prefetch_count",
    "rabbit_retry_backoff",
    "rabbit_retry_interval",
    "rabbit_transient_queues_ttl",
];

impl RabbitOptions {
    /// Names of the options that [`set`](Self::set) takes: those of `[oslo_messaging_rabbit]`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let not_yet = NOT_YET.iter().map(|(name, _)| *name);
        EFFECTIVE.iter().chain(MEANINGLESS).copied().chain(not_yet)
    }

    /// Sets the option `name` of `[oslo_messaging_rabbit]` from text. An option without meaning here changes nothing.
    ///
    /// # Errors
    ///
    /// An unknown name, a value that the option cannot have, or one that asks for what is not there yet.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), OptionProblem> {
        match name {
            "amqp_durable_queues" => self.durable_queues = boolean(value)?,
            "amqp_auto_delete" => self.auto_delete = boolean(value)?,
            "rabbit_transient_queues_ttl" => {
                self.transient_queues_ttl =
                    Some(seconds(value, 0, LONGEST_TTL)?).filter(|ttl| !ttl.is_zero());
            }
            "rabbit_qos_prefetch_count" => self.prefetch = Some(up_to_u16(value)?),
            "heartbeat_timeout_threshold" => self.heartbeat = Duration::from_secs(up_to_u16(value)?.into()),
            "rabbit_retry_interval" => self.retry_interval = seconds(value, 1, LONGEST)?,
            "rabbit_retry_backoff" => self.retry_backoff = seconds(value, 0, LONGEST)?,
            "rabbit_interval_max" => self.retry_interval_max = seconds(value, 1, LONGEST)?,
            "kombu_reconnect_delay" => self.reconnect_delay = fractional_seconds(value, 4.5)?,
            "kombu_missing_consumer_retry_timeout" => {
                self.reply_retry_timeout = Some(seconds(value, 0, LONGEST)?);
            }
            "direct_mandatory_flag" => self.direct_mandatory = boolean(value)?,
            "kombu_failover_strategy" => {
                self.shuffle_failover = match value {
                    "round-robin" => false,
                    "shuffle" => true,
                    _ => return Err(OptionProblem::expected("round-robin or shuffle")),
                }
            }
            "rabbit_login_method" => return login_method(value),
            "kombu_compression" => self.compression = compression(value)?,
            _ => return set_without_effect(name, value),
        }
        Ok(())
    }

    /// Sets what the query of `url` says, over what was set before, as in Python.
    ///
    /// # Errors
    ///
    /// Those of [`set`](Self::set), with the option's name.
    pub fn apply_query(&mut self, url: &TransportUrl) -> Result<(), OptionError> {
        for (name, value) in url.query() {
            self.set(name, value).map_err(|problem| OptionError {
                name: name.to_owned(),
                origin: OptionOrigin::UrlQuery,
                problem,
            })?;
        }
        Ok(())
    }
}

/// A number that AMQP carries in 16 bits; in Python, what is below zero is as good as zero.
fn up_to_u16(text: &str) -> Result<u16, OptionProblem> {
    let value: i64 = integer(text, i32::MIN.into(), u16::MAX.into())
        .map_err(|_| OptionProblem::expected(format!("a whole number from 0 to {}", u16::MAX)))?;
    Ok(u16::try_from(value).unwrap_or(0))
}

/// kombu's names; `bz2` is in oslo.messaging's documentation, but kombu does not know it.
fn compression(value: &str) -> Result<Option<Compression>, OptionProblem> {
    match value {
        "" => Ok(None),
        "gzip" | "zlib" | "application/x-gzip" => Ok(Some(Compression::Gzip)),
        "bzip2" | "bzip" | "bz2" | "application/x-bz2" => Ok(Some(Compression::Bzip2)),
        _ => Err(OptionProblem::expected("gzip or bzip2")),
    }
}

/// Both of the usual methods send the same user and password in another form.
fn login_method(value: &str) -> Result<(), OptionProblem> {
    match value {
        "PLAIN" | "AMQPLAIN" => Ok(()),
        "EXTERNAL" => Err(OptionProblem::NotYet { what: "logging in by a TLS certificate" }),
        "RABBIT-CR-DEMO" => Err(OptionProblem::NotYet { what: "the login method RABBIT-CR-DEMO" }),
        _ => Err(OptionProblem::expected("PLAIN, AMQPLAIN, EXTERNAL or RABBIT-CR-DEMO")),
    }
}

fn set_without_effect(name: &str, value: &str) -> Result<(), OptionProblem> {
    if let Some((_, what)) = NOT_YET.iter().find(|(known, _)| *known == name) {
        return if boolean(value)? { Err(OptionProblem::NotYet { what }) } else { Ok(()) };
    }
    if MEANINGLESS.contains(&name) {
        tracing::debug!("option `{name}` of [oslo_messaging_rabbit] means nothing to this driver");
        return Ok(());
    }
    Err(OptionProblem::unknown(name, RabbitOptions::names()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_effective_option_sets_its_field() {
        let changes = [
            ("amqp_auto_delete", "true"),
            ("amqp_durable_queues", "1"),
            ("direct_mandatory_flag", "no"),
            ("heartbeat_timeout_threshold", "0"),
            ("kombu_compression", "gzip"),
            ("kombu_failover_strategy", "shuffle"),
            ("kombu_missing_consumer_retry_timeout", "5"),
            ("kombu_reconnect_delay", "0.5"),
            ("rabbit_interval_max", "10"),
            ("rabbit_qos_prefetch_count", "0"),
            ("rabbit_retry_backoff", "0"),
            ("rabbit_retry_interval", "2"),
            ("rabbit_transient_queues_ttl", "0"),
        ];
        for (name, value) in changes {
            let mut options = RabbitOptions::default();
            assert_eq!(options.set(name, value), Ok(()), "{name}");
            assert_ne!(options, RabbitOptions::default(), "{name}");
        }
        for name in EFFECTIVE.iter().filter(|name| **name != "rabbit_login_method") {
            assert!(changes.iter().any(|(changed, _)| changed == name), "{name} is not tried");
        }
    }

    #[test]
    fn below_zero_is_zero_where_python_takes_it_so() {
        let mut options = RabbitOptions::default();
        assert_eq!(options.set("heartbeat_timeout_threshold", "-1"), Ok(()));
        assert_eq!(options.set("rabbit_qos_prefetch_count", "-1"), Ok(()));
        assert_eq!((options.heartbeat, options.prefetch), (Duration::ZERO, Some(0)));
        assert!(options.set("rabbit_qos_prefetch_count", "65536").is_err());
    }

    #[test]
    fn what_is_not_there_yet_is_refused_by_name_and_accepted_when_off() {
        for (name, what) in NOT_YET {
            let mut options = RabbitOptions::default();
            assert_eq!(options.set(name, "true"), Err(OptionProblem::NotYet { what }));
            assert_eq!(options.set(name, "false"), Ok(()));
            assert_eq!(options, RabbitOptions::default());
        }
        let mut options = RabbitOptions::default();
        assert!(matches!(options.set("rabbit_login_method", "EXTERNAL"), Err(OptionProblem::NotYet { .. })));
        assert!(options.set("kombu_compression", "lzma").is_err());
    }

    #[test]
    fn what_means_nothing_here_changes_nothing() {
        for name in MEANINGLESS {
            let mut options = RabbitOptions::default();
            assert_eq!(options.set(name, "3"), Ok(()), "{name}");
            assert_eq!(options, RabbitOptions::default());
        }
    }

    #[test]
    fn a_bad_option_of_the_query_is_named() {
        for (url, words) in [
            (
                "rabbit://h?hearbeat_rate=1",
                "option `hearbeat_rate` is unknown; did you mean `heartbeat_rate`?",
            ),
            ("rabbit://h?zzz=1", "query of the transport URL: option `zzz` is unknown"),
            (
                "rabbit://h?rabbit_retry_interval=x",
                "option `rabbit_retry_interval` takes a whole number from 1 to",
            ),
            ("rabbit://h?rabbit_quorum_queue=true", "asks for quorum queues, which is not there yet"),
            ("rabbit://h?rabbit_login_method=plain", "takes PLAIN, AMQPLAIN"),
        ] {
            let error = RabbitOptions::default().apply_query(&url.parse().unwrap()).unwrap_err().to_string();
            assert!(error.contains(words), "{url}: {error}");
        }
    }
}
