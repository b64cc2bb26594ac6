//! What every transport can be told, whichever broker it talks to. Plain data.

use super::option::{OptionProblem, boolean, integer, seconds};
use crate::wire::Limits;
use std::time::Duration;

/// Options of a transport that do not depend on its broker; the defaults are oslo.messaging's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportOptions {
    /// Exchange of targets that name none; `control_exchange`, default `openstack`.
    pub control_exchange: String,
    /// Timeout of calls that set none; `rpc_response_timeout`, default 60 s.
    pub rpc_response_timeout: Duration,
    /// How many requests a server runs at a time unless told otherwise; `executor_thread_pool_size`, default 64.
    pub executor_thread_pool_size: usize,
    /// Whether servers answer `oslo_rpc_server_ping`; `rpc_ping_enabled`, default false.
    pub rpc_ping_enabled: bool,
    /// How long a server sends a reply again whose queue is missing, default 60 s. An option of the broker's driver in
    /// files and URLs: `kombu_missing_consumer_retry_timeout`.
    pub reply_retry_timeout: Duration,
    /// Whether replies ask the broker to say that their queue is missing, default true; `direct_mandatory_flag`.
    pub mandatory_replies: bool,
    /// Bounds on messages read and written.
    pub limits: Limits,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            control_exchange: "openstack".to_owned(),
            rpc_response_timeout: Duration::from_secs(60),
            executor_thread_pool_size: 64,
            rpc_ping_enabled: false,
            reply_retry_timeout: Duration::from_secs(60),
            mandatory_replies: true,
            limits: Limits::default(),
        }
    }
}

impl TransportOptions {
    /// Names of the options that [`set`](Self::set) takes, as `[DEFAULT]` of a configuration file has them.
    pub const NAMES: &'static [&'static str] =
        &["control_exchange", "rpc_response_timeout", "executor_thread_pool_size", "rpc_ping_enabled"];

    /// Sets the option `name` from text.
    ///
    /// # Errors
    ///
    /// An unknown name, or a value that the option cannot have.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), OptionProblem> {
        match name {
            "control_exchange" if value.is_empty() => {
                return Err(OptionProblem::expected("the name of an exchange"));
            }
            "control_exchange" => self.control_exchange = value.to_owned(),
            "rpc_response_timeout" => self.rpc_response_timeout = seconds(value, 0, u32::MAX.into())?,
            "executor_thread_pool_size" => self.executor_thread_pool_size = integer(value, 1, 65_535)?,
            "rpc_ping_enabled" => self.rpc_ping_enabled = boolean(value)?,
            _ => return Err(OptionProblem::unknown(name, Self::NAMES.iter().copied())),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_sets_something() {
        for (name, value) in TransportOptions::NAMES.iter().zip(["nova", "5", "7", "yes"]) {
            let mut options = TransportOptions::default();
            assert_eq!(options.set(name, value), Ok(()));
            assert_ne!(options, TransportOptions::default(), "{name}");
        }
        let problem = TransportOptions::default().set("rpc_response_timout", "5").unwrap_err();
        assert_eq!(problem, OptionProblem::Unknown { like: Some("rpc_response_timeout") });
        for (name, value) in
            [("control_exchange", ""), ("executor_thread_pool_size", "0"), ("rpc_ping_enabled", "?")]
        {
            assert!(TransportOptions::default().set(name, value).is_err(), "{name}");
        }
    }
}
