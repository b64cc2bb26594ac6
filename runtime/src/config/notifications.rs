//! `[oslo_messaging_notifications]`, under present and older names.

use super::ConfigError;
use super::file::DEFAULT;
use super::loader::{self, Lookup, NOTIFICATIONS_GROUP};
use crate::drivers::rabbit::RabbitOptions;
use crate::notify::NotificationOptions;
use crate::transport::{OptionError, SchemeAliases, TransportUrl};

/// What the files say about notifications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notifications {
    pub(super) options: NotificationOptions,
    /// Their own broker, if they have one, with the options for it.
    pub(super) transport: Option<(TransportUrl, RabbitOptions)>,
}

/// Options and what they were called before, which oslo.messaging dropped in 16.0.0; files that still have these names mean
/// what they say.
const NAMES: &[(&str, &[(&str, &str)])] = &[
    ("driver", &[(DEFAULT, "notification_driver")]),
    ("topics", &[("rpc_notifier2", "topics"), (DEFAULT, "notification_topics")]),
    ("retry", &[]),
    ("routing_config", &[(DEFAULT, "routing_config"), (DEFAULT, "routing_notifier_config")]),
    ("transport_url", &[(DEFAULT, "notification_transport_url")]),
];

/// All places of an option, the present one first.
fn places(name: &str) -> Vec<(&str, &str)> {
    let old = NAMES.iter().filter(|(known, _)| *known == name).flat_map(|(_, old)| *old).copied();
    [(NOTIFICATIONS_GROUP, name)].into_iter().chain(old).collect()
}

pub(super) fn is_known(group: &str, name: &str) -> bool {
    let present = group == NOTIFICATIONS_GROUP && NotificationOptions::NAMES.contains(&name);
    present || NAMES.iter().any(|(_, old)| old.contains(&(group, name)))
}

pub(super) fn read(lookup: &Lookup<'_>, aliases: &SchemeAliases) -> Result<Notifications, ConfigError> {
    let mut options = NotificationOptions::default();
    for (value, origin) in lookup.get_all(&places("driver"))? {
        options.add_driver(&value).map_err(|problem| OptionError {
            name: "driver".to_owned(),
            origin,
            problem,
        })?;
    }
    lookup.apply(&places("topics"), |value| options.set_topics(value))?;
    lookup.apply(&places("retry"), |value| options.set_retry(value))?;
    let routing = lookup.get(&places("routing_config"))?.map(|(path, _)| path);
    options.routing_config = routing.filter(|path| !path.is_empty()).map(Into::into);
    // Python takes an empty one for none too.
    let url = lookup.get(&places("transport_url"))?.filter(|(text, _)| !text.is_empty());
    let url = url.map(|(text, origin)| loader::url(&text, origin, aliases)).transpose()?;
    let transport = url.map(|url| loader::rabbit(lookup, &url).map(|rabbit| (url, rabbit))).transpose()?;
    Ok(Notifications { options, transport })
}
