//! Which driver a URL's scheme selects, old names and refused ones. Knows nothing of the rest of a URL.

use super::error::TransportUrlError;
use std::collections::BTreeMap;
use std::fmt;

/// The driver that a transport URL selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// RabbitMQ over AMQP 0-9-1: `rabbit://`, and `kombu://` with a warning.
    Rabbit,
    /// The broker in the process: `memory://` and `kombu+memory://`.
    Memory,
}

impl Scheme {
    /// The scheme as it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rabbit => "rabbit",
            Self::Memory => "memory",
        }
    }

    /// The scheme called `name`, in lower case and after aliases.
    pub(crate) fn resolve(name: &str) -> Result<Self, TransportUrlError> {
        match name {
            "rabbit" => Ok(Self::Rabbit),
            "memory" | "kombu+memory" => Ok(Self::Memory),
            "kombu" | "kombu+rabbit" | "kombu+amqp" => {
                tracing::warn!("transport URL scheme `{name}` is taken as `rabbit`: write `rabbit://`");
                Ok(Self::Rabbit)
            }
            "rabbits" => Err(TransportUrlError::tls("the scheme `rabbits`")),
            "amqp" | "amqps" => Err(TransportUrlError::ReservedScheme { scheme: name.to_owned() }),
            _ => Err(TransportUrlError::UnknownScheme { scheme: name.to_owned() }),
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Old names of schemes, as services used to carry them: `nova.rpc.impl_kombu` for `rabbit`.
///
/// Corresponds to the `aliases` of oslo.messaging's former `get_transport`. Empty unless filled.
///
/// ```
/// use oslo_messaging::transport::{Scheme, SchemeAliases, TransportUrl};
/// let aliases = SchemeAliases::new().with("nova.rpc.impl_kombu", "rabbit");
/// let url = TransportUrl::parse_with_aliases("nova.rpc.impl_kombu://rabbit-1/nova", &aliases).unwrap();
/// assert_eq!(url.scheme(), Scheme::Rabbit);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchemeAliases(BTreeMap<String, String>);

impl SchemeAliases {
    /// No aliases.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same aliases, and `old` for `scheme`. Case does not matter.
    #[must_use]
    pub fn with(mut self, old: &str, scheme: &str) -> Self {
        self.0.insert(old.to_ascii_lowercase(), scheme.to_ascii_lowercase());
        self
    }

    /// What `name` stands for, if it is an old name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(&name.to_ascii_lowercase()).map(String::as_str)
    }
}
