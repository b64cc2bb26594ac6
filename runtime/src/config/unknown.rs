//! Finds options that were meant for messaging and that nothing knows.
//!
//! A service's file holds many options of its own: outside messaging's groups only what looks like a slip is named.

use super::file::DEFAULT;
use super::loader::{LEGACY_GROUP, NOTIFICATIONS_GROUP, RABBIT_GROUP};
use super::sources::{self, Sources};
use super::{is_known_default, legacy, notifications};
use crate::drivers::rabbit::RabbitOptions;
use crate::notify::NotificationOptions;
use crate::transport::option::{distance, nearest};
use crate::transport::{OptionOrigin, TransportOptions};
use std::fmt;

/// An option of a messaging group that nothing knows.
///
/// oslo.messaging ignores such options without a word.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownOption {
    /// Its group.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Where it was set.
    pub origin: OptionOrigin,
    /// What was probably meant, as `[group] name`.
    pub like: Option<String>,
}

impl fmt::Display for UnknownOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: [{}] {} is unknown", self.origin, self.group, self.name)?;
        match &self.like {
            Some(like) => write!(f, "; did you mean {like}?"),
            None => Ok(()),
        }
    }
}

/// Groups whose options belong to other parts of oslo.messaging.
const OTHER_GROUPS: &[&str] = &[
    "oslo_messaging_amqp",
    "oslo_messaging_kafka",
    "oslo_messaging_metrics",
    "oslo_messaging_tracing",
    "oslo_messaging_zmq",
];

pub(super) fn find(sources: &Sources) -> Vec<UnknownOption> {
    let mut unknown = Vec::new();
    let mut look = |group: &str, name: &str, origin: OptionOrigin| {
        if let Some(like) = judge(group, name) {
            unknown.push(UnknownOption { group: group.to_owned(), name: name.to_owned(), origin, like });
        }
    };
    for file in &sources.files {
        for assignment in &file.assignments {
            look(&assignment.group, &assignment.key, file.origin(assignment));
        }
    }
    for variable in sources.environment.keys() {
        for group in [RABBIT_GROUP, NOTIFICATIONS_GROUP] {
            if let Some(name) = variable.strip_prefix(&sources::variable(group, "")) {
                look(group, &name.to_ascii_lowercase(), OptionOrigin::Environment(variable.clone()));
            }
        }
    }
    unknown
}

/// `None` for an option that is known or none of ours; otherwise what was probably meant.
fn judge(group: &str, name: &str) -> Option<Option<String>> {
    match group {
        RABBIT_GROUP => {
            let known = legacy::is_known(group, name) || is_known_rabbit(name);
            (!known)
                .then(|| nearest(name, RabbitOptions::names()).map(|like| format!("[{RABBIT_GROUP}] {like}")))
        }
        NOTIFICATIONS_GROUP => {
            let like = || nearest(name, NotificationOptions::NAMES.iter().copied());
            (!notifications::is_known(group, name))
                .then(|| like().map(|like| format!("[{NOTIFICATIONS_GROUP}] {like}")))
        }
        LEGACY_GROUP => None,
        DEFAULT if is_known_default(name) || legacy::is_known(group, name) => None,
        DEFAULT if is_known_rabbit(name) && is_rabbits_own(name) => {
            Some(Some(format!("[{RABBIT_GROUP}] {name}")))
        }
        DEFAULT => slip(name).map(|like| Some(format!("[{DEFAULT}] {like}"))),
        "default" if is_known_default(name) => Some(Some(format!("[{DEFAULT}] {name}"))),
        _ if OTHER_GROUPS.contains(&group) => None,
        // `[oslo_messaging_rabit]`: the whole group is lost.
        _ if group.starts_with("oslo_mes") => {
            let like = nearest(group, [RABBIT_GROUP, NOTIFICATIONS_GROUP]).unwrap_or(RABBIT_GROUP);
            Some(Some(format!("[{like}] {name}")))
        }
        _ => None,
    }
}

pub(super) fn is_known_rabbit(name: &str) -> bool {
    name == "kombu_reconnect_timeout" || RabbitOptions::names().any(|known| known == name)
}

/// Names such as `hostname` are many a service's own; those with a prefix are not.
fn is_rabbits_own(name: &str) -> bool {
    ["rabbit_", "kombu_", "amqp_", "heartbeat_"].iter().any(|prefix| name.starts_with(prefix))
}

/// A name of `[DEFAULT]` with one or two wrong letters.
fn slip(name: &str) -> Option<&'static str> {
    let names = TransportOptions::NAMES.iter().copied().chain(["transport_url", "rpc_backend"]);
    names.into_iter().find(|known| distance(name, known) <= 2)
}
