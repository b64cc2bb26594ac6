//! The driver `routing`: a file says which notifications go to which of several drivers.

mod error;
mod rules;
#[cfg(test)]
mod tests;
mod yaml;

pub use error::{RoutingError, RulePlace};

use crate::notify::driver::{give, sorted};
use crate::notify::{DriverFailure, NotifyDriver, PreparedNotification, Priority};
use crate::transport::BoxFuture;
use futures_util::future::join_all;
use rules::Rules;
use std::path::Path;
use std::sync::Arc;

/// Gives each notification to those of its drivers that the rules name for it, to each of them once.
///
/// The rules are YAML: groups (whose names are for the reader), in them drivers by name, in them `accepted_events` and
/// `accepted_priorities`, lists of globs. A driver gets what fits all its rules in any group; without rules (`{}`) it gets
/// everything. Event types are compared as they are, patterns of priorities in lower case. A notification that no group
/// has a driver for goes nowhere; [`explain`](Self::explain) tells beforehand.
///
/// Corresponds to oslo.messaging's driver `routing`, which in 18.3.1 can load no driver. A name that nothing knows is an
/// error here; Python ignores it.
///
/// ```
/// # use oslo_messaging::notify::{NoopDriver, Priority, RoutingDriver};
/// # use oslo_messaging::testing::TestDriver;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// let rules = "
/// operators:
///   pager:
///     accepted_events: ['compute.*', 'volume.*']
///     accepted_priorities: [error, critical]
/// everything:
///   archive: {}
/// ";
/// # let (pager, archive) = (Arc::new(TestDriver::new()), Arc::new(NoopDriver));
/// let routing = RoutingDriver::from_yaml(rules, [("pager", pager as _), ("archive", archive as _)])?;
/// assert_eq!(routing.explain("compute.instance.create.error", Priority::Error), ["pager", "archive"]);
/// assert_eq!(routing.explain("image.upload", Priority::Error), ["archive"]);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct RoutingDriver {
    drivers: Vec<(String, Arc<dyn NotifyDriver>)>,
    rules: Vec<Rules>,
}

impl RoutingDriver {
    /// With rules from a text, between `drivers` under the names that the rules know them by.
    ///
    /// # Errors
    /// Rules that are no such YAML, or that name a driver or a rule that is not there: with line, group and driver.
    pub fn from_yaml<N: Into<String>>(
        text: &str,
        drivers: impl IntoIterator<Item = (N, Arc<dyn NotifyDriver>)>,
    ) -> Result<Self, RoutingError> {
        let mut named: Vec<(String, Arc<dyn NotifyDriver>)> = Vec::new();
        for (name, driver) in drivers {
            let name = name.into();
            if named.iter().any(|(known, _)| *known == name) {
                return Err(RoutingError::SameName(name));
            }
            named.push((name, driver));
        }
        let names: Vec<_> = named.iter().map(|(name, _)| name.as_str()).collect();
        let rules = rules::read(text, &names)?;
        Ok(Self { drivers: named, rules })
    }

    /// With rules from a file, Python's `routing_config`. Blocks while it reads.
    ///
    /// # Errors
    /// As [`from_yaml`](Self::from_yaml), and a file that cannot be read; all with the file's name.
    pub fn from_file<N: Into<String>>(
        path: impl AsRef<Path>,
        drivers: impl IntoIterator<Item = (N, Arc<dyn NotifyDriver>)>,
    ) -> Result<Self, RoutingError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|error| RoutingError::Unreadable { path: path.to_owned(), cause: error.to_string() })?;
        Self::from_yaml(&text, drivers)
            .map_err(|error| RoutingError::InFile { path: path.to_owned(), error: Box::new(error) })
    }

    /// The names of the drivers that such a notification goes to, in the order in which the drivers were given.
    ///
    /// Corresponds to what `RoutingDriver._get_drivers_for_message` answers for all groups together.
    pub fn explain(&self, event_type: &str, priority: Priority) -> Vec<&str> {
        self.accepting(event_type, priority).map(|(name, _)| name.as_str()).collect()
    }

    fn accepting(
        &self,
        event_type: &str,
        priority: Priority,
    ) -> impl Iterator<Item = &(String, Arc<dyn NotifyDriver>)> {
        let asked = move |driver| {
            self.rules.iter().any(|rules| rules.driver == driver && rules.accept(event_type, priority))
        };
        self.drivers.iter().enumerate().filter(move |(index, _)| asked(*index)).map(|(_, driver)| driver)
    }
}

impl NotifyDriver for RoutingDriver {
    fn name(&self) -> &str {
        "routing"
    }

    /// Waits for every driver that it goes to; a failure of one does not keep it from the others.
    fn send<'a>(
        &'a self,
        notification: &'a PreparedNotification,
    ) -> BoxFuture<'a, Result<(), DriverFailure>> {
        Box::pin(async move {
            let sends = self
                .accepting(&notification.event_type, notification.priority)
                .map(|(name, driver)| async { (name.as_str(), give(&**driver, notification).await) });
            let (failures, taken_by) = sorted(join_all(sends).await.into_iter());
            match failures.is_empty() {
                true => Ok(()),
                false => Err(DriverFailure::Behind { failures, taken_by }),
            }
        })
    }
}
