//! The transport URL: which broker, which nodes, which virtual host, who logs in. Opens nothing.

mod error;
mod host;
mod parse;
mod percent;
mod query;
mod scheme;
#[cfg(test)]
mod tests;

pub use error::TransportUrlError;
pub use host::HostSpec;
pub use scheme::{Scheme, SchemeAliases};

use host::TLS_PORT;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A transport URL: `rabbit://user:pass@host1:5672,user:pass@host2:5672/virtual_host?option=value`.
///
/// The grammar is oslo.messaging's (`oslo_messaging.TransportURL`) and its values are those that Python's stack ends up
/// with: defaults are filled in and [`virtual_host`](Self::virtual_host) is the one really opened. `Display` and `Debug`
/// print no password and no query value that looks secret; [`expose`](Self::expose) does.
///
/// ```
/// use oslo_messaging::transport::TransportUrl;
/// let url: TransportUrl = "rabbit://nova:s3cret@rabbit-1,nova:s3cret@[fd00::2]:5673/nova?heartbeat_rate=2".parse()?;
/// assert_eq!(url.hosts()[1].node(), "[fd00::2]:5673");
/// assert_eq!(url.virtual_host(), "nova");
/// assert_eq!(
///     url.to_string(),
///     "rabbit://nova:***@rabbit-1:5672,nova:***@[fd00::2]:5673/nova?heartbeat_rate=2"
/// );
/// # Ok::<(), oslo_messaging::transport::TransportUrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct TransportUrl {
    scheme: Scheme,
    hosts: Vec<HostSpec>,
    virtual_host: String,
    query: BTreeMap<String, String>,
}

impl TransportUrl {
    /// Parses `text`; names in `aliases` stand for schemes.
    pub fn parse_with_aliases(text: &str, aliases: &SchemeAliases) -> Result<Self, TransportUrlError> {
        parse::parse(text, aliases)
    }

    /// A URL of parts, none of them percent-encoded. Without hosts, `rabbit` gets `guest` at `localhost:5672`.
    ///
    /// # Errors
    ///
    /// Port 5671 is refused (TLS), and a host or a virtual host that cannot be one.
    pub fn from_parts(
        scheme: Scheme,
        mut hosts: Vec<HostSpec>,
        virtual_host: impl Into<String>,
    ) -> Result<Self, TransportUrlError> {
        let virtual_host = virtual_host.into();
        if hosts.is_empty() && scheme == Scheme::Rabbit {
            hosts.push(HostSpec::new("localhost"));
        }
        for (index, host) in hosts.iter().enumerate() {
            host::check(&host.host)
                .map_err(|problem| TransportUrlError::BadHost { host: index + 1, problem })?;
            if host.port == TLS_PORT {
                return Err(TransportUrlError::tls("port 5671"));
            }
        }
        if virtual_host.len() > 255 {
            return Err(TransportUrlError::VirtualHostTooLong { length: virtual_host.len() });
        }
        Ok(Self { scheme, hosts, virtual_host, query: BTreeMap::new() })
    }

    fn with_query(mut self, query: BTreeMap<String, String>) -> Result<Self, TransportUrlError> {
        if let Some(value) = query.get("ssl")
            && !matches!(value.to_ascii_lowercase().as_str(), "false" | "0" | "off" | "no")
        {
            return Err(TransportUrlError::tls("`?ssl=` in the transport URL"));
        }
        self.query = query;
        Ok(self)
    }

    /// The driver it selects.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The nodes, in the order written. Never empty for `rabbit`.
    pub fn hosts(&self) -> &[HostSpec] {
        &self.hosts
    }

    /// The virtual host to open, `/` unless another is named.
    pub fn virtual_host(&self) -> &str {
        &self.virtual_host
    }

    /// The options of the query, by name; a repeated name's values are joined by commas.
    pub fn query(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The whole URL with its passwords, such that parsing it gives an equal one. Not for logs.
    pub fn expose(&self) -> String {
        self.print(
            |host| percent::encode(host.password.expose(), b""),
            |_, value| percent::encode(value, b""),
        )
    }

    fn print(
        &self,
        password: impl Fn(&HostSpec) -> String,
        query_value: impl Fn(&str, &str) -> String,
    ) -> String {
        let hosts: Vec<_> = self.hosts.iter().map(|host| host.netloc(&password(host))).collect();
        let mut url = format!("{}://{}/", self.scheme, hosts.join(","));
        if self.virtual_host != "/" {
            // Encoded twice, as it is decoded twice.
            url.push_str(&percent::encode(&percent::encode(&self.virtual_host, b"/"), b"/"));
        }
        for (number, (name, value)) in self.query.iter().enumerate() {
            url.push(if number == 0 { '?' } else { '&' });
            url.push_str(&format!("{}={}", percent::encode(name, b""), query_value(name, value)));
        }
        url
    }
}

/// `guest` at `localhost:5672`, virtual host `/`: what `rabbit://` means.
impl Default for TransportUrl {
    fn default() -> Self {
        let hosts = vec![HostSpec::new("localhost")];
        Self { scheme: Scheme::Rabbit, hosts, virtual_host: "/".to_owned(), query: BTreeMap::new() }
    }
}

impl FromStr for TransportUrl {
    type Err = TransportUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse_with_aliases(text, &SchemeAliases::new())
    }
}

/// Prints the URL without its secrets, everything left out filled in.
impl fmt::Display for TransportUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |name: &str, value: &str| match query::is_secret(name) {
            true => "***".to_owned(),
            false => percent::encode(value, b""),
        };
        f.write_str(&self.print(|_| "***".to_owned(), value))
    }
}

/// As `Display`.
impl fmt::Debug for TransportUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TransportUrl({self})")
    }
}
