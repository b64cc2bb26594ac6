//! Where a message goes, and what a server listens to.

use crate::version::Version;
use std::fmt;
use std::sync::Arc;

/// Where a message goes (client side) or what a server listens to (server side).
///
/// Corresponds to `oslo_messaging.Target`. Cheap to clone. All parts are optional here; sending without a topic,
/// or serving without a topic and a server, is refused where it happens.
///
/// ```
/// use oslo_messaging::{Target, Version};
///
/// let any_server = Target::topic("compute").with_namespace("compute").with_version(Version::new(5, 1));
/// assert_eq!(any_server.to_string(), "<Target topic=compute, namespace=compute, version=5.1>");
/// let one_server = Target::server("compute", "host-1").with_exchange("nova");
/// assert_eq!(one_server.to_string(), "<Target exchange=nova, topic=compute, server=host-1>");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Target {
    /// Scope of topics; the transport's `control_exchange` when absent. Queue names do not contain it.
    pub exchange: Option<Arc<str>>,
    /// Name of the interface's queue, shared by all its servers.
    pub topic: Option<Arc<str>>,
    /// Interface within a topic; absent is the null namespace.
    pub namespace: Option<Arc<str>>,
    /// Version of the interface.
    pub version: Option<Version>,
    /// One server of the topic.
    pub server: Option<Arc<str>>,
    /// Every server of the topic; casts only.
    pub fanout: bool,
}

impl Target {
    /// Any one server of `topic`.
    pub fn topic(topic: impl AsRef<str>) -> Self {
        Self { topic: Some(topic.as_ref().into()), ..Self::default() }
    }

    /// The server `server` of `topic`; what an `RpcServer` is built with.
    pub fn server(topic: impl AsRef<str>, server: impl AsRef<str>) -> Self {
        Self { server: Some(server.as_ref().into()), ..Self::topic(topic) }
    }

    /// Every server of `topic`.
    pub fn fanout(topic: impl AsRef<str>) -> Self {
        Self { fanout: true, ..Self::topic(topic) }
    }

    /// The same target in `exchange`.
    #[must_use]
    pub fn with_exchange(mut self, exchange: impl AsRef<str>) -> Self {
        self.exchange = Some(exchange.as_ref().into());
        self
    }

    /// The same target with an interface namespace.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl AsRef<str>) -> Self {
        self.namespace = Some(namespace.as_ref().into());
        self
    }

    /// The same target with an interface version.
    #[must_use]
    pub fn with_version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }
}

/// Prints only the parts that are set, as Python's `repr` does: `<Target topic=compute, server=host-1>`.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "<Target ";
        let mut part = |f: &mut fmt::Formatter<'_>, name: &str, value: &dyn fmt::Display| {
            let result = write!(f, "{separator}{name}={value}");
            separator = ", ";
            result
        };
        for (name, value) in [
            ("exchange", &self.exchange),
            ("topic", &self.topic),
            ("namespace", &self.namespace),
            ("server", &self.server),
        ] {
            if let Some(value) = value {
                part(f, name, value)?;
            }
        }
        if let Some(version) = &self.version {
            part(f, "version", version)?;
        }
        if self.fanout {
            part(f, "fanout", &true)?;
        }
        if separator == "<Target " { f.write_str("<Target>") } else { f.write_str(">") }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_is_set() {
        assert_eq!(Target::default().to_string(), "<Target>");
        assert_eq!(
            Target::server("compute", "host-1").with_exchange("nova").to_string(),
            "<Target exchange=nova, topic=compute, server=host-1>"
        );
        assert_eq!(Target::fanout("t").to_string(), "<Target topic=t, fanout=true>");
    }
}
