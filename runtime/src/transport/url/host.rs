//! One host of a transport URL with its credentials. Knows nothing of the URL around it.

use super::error::TransportUrlError;
use super::percent;
use crate::transport::secret::Secret;
use std::fmt;
use std::net::Ipv6Addr;

/// Port of RabbitMQ without TLS.
pub(super) const DEFAULT_PORT: u16 = 5672;
/// Port of RabbitMQ with TLS.
pub(super) const TLS_PORT: u16 = 5671;
const DEFAULT_HOST: &str = "localhost";
const DEFAULT_USER: &str = "guest";

/// A broker node and who logs in there, with everything left out filled in as Python's stack does.
///
/// Corresponds to `oslo_messaging.TransportHost`, after the defaults of kombu and py-amqp.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostSpec {
    /// Name or address, in lower case; an IPv6 address without its brackets.
    pub host: String,
    /// Port; 5672 unless given.
    pub port: u16,
    /// User; `guest` unless given.
    pub username: String,
    /// Password; `guest` unless given.
    pub password: Secret,
}

impl HostSpec {
    /// `guest` at port 5672 of `host`.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: DEFAULT_PORT,
            username: DEFAULT_USER.to_owned(),
            password: Secret::from(DEFAULT_USER),
        }
    }

    /// `guest` at `address`, a host with or without port and percent encoding; the `index`th of its list, from 1.
    pub(crate) fn from_address(
        address: &str,
        default_port: u16,
        index: usize,
    ) -> Result<Self, TransportUrlError> {
        let (host, port) = split_port(address, index)?;
        let mut spec = Self::new(checked_host(host, index)?);
        spec.port = port.unwrap_or(default_port);
        Ok(spec)
    }

    /// `host:port`, an IPv6 address in brackets: what log lines and errors call this node.
    pub fn node(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// The host as a URL writes it, with `password` in the place of the password.
    pub(super) fn netloc(&self, password: &str) -> String {
        format!("{}:{password}@{}", percent::encode(&self.username, b""), self.node().replace('%', "%25"))
    }
}

/// Prints `user@host:port`.
impl fmt::Display for HostSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.username, self.node())
    }
}

/// A host as parsed, and whether both user and password were written.
pub(super) struct ParsedHost {
    pub(super) spec: HostSpec,
    pub(super) has_credentials: bool,
}

/// Reads `[user[:password]@][host][:port]`, the `index`th of its URL, counted from 1.
pub(super) fn parse(text: &str, index: usize) -> Result<ParsedHost, TransportUrlError> {
    let (credentials, address) = match text.rsplit_once('@') {
        Some((credentials, address)) => (Some(credentials), address),
        None => (None, text),
    };
    let mut spec = HostSpec::from_address(address, DEFAULT_PORT, index)?;
    let mut has_credentials = false;
    if let Some(credentials) = credentials {
        let (username, password) = match credentials.split_once(':') {
            Some((username, password)) => (username, Some(password)),
            None => (credentials, None),
        };
        has_credentials = password.is_some();
        // An empty user or password counts as absent, as in kombu.
        if !username.is_empty() {
            spec.username = percent::decode(username)
                .map_err(|percent::NotUtf8| TransportUrlError::NotUtf8 { part: "the user" })?;
        }
        if let Some(password) = password.filter(|password| !password.is_empty()) {
            spec.password = percent::decode(password)
                .map_err(|percent::NotUtf8| TransportUrlError::NotUtf8 { part: "the password" })?
                .into();
        }
    }
    Ok(ParsedHost { spec, has_credentials })
}

/// Splits the port off; an IPv6 address without brackets has none.
fn split_port(address: &str, index: usize) -> Result<(&str, Option<u16>), TransportUrlError> {
    if let Some(bracketed) = address.strip_prefix('[') {
        let bad = |problem| TransportUrlError::BadHost { host: index, problem };
        let (host, rest) = bracketed.split_once(']').ok_or_else(|| bad("has no `]` after its `[`"))?;
        if !host.contains(':') {
            return Err(bad("has something else than an IPv6 address in its brackets"));
        }
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(parse_port(port, index)?))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(bad("has text between its `]` and its port")),
        };
    }
    match address.split_once(':') {
        Some((host, port)) if !port.contains(':') => Ok((host, Some(parse_port(port, index)?))),
        _ => Ok((address, None)),
    }
}

/// A port in decimal digits; 0 stands for the default, as in Python.
fn parse_port(text: &str, index: usize) -> Result<u16, TransportUrlError> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TransportUrlError::BadPort { host: index });
    }
    match text.parse() {
        Ok(0) => Ok(DEFAULT_PORT),
        Ok(port) => Ok(port),
        Err(_) => Err(TransportUrlError::BadPort { host: index }),
    }
}

/// The host as kombu connects to it: decoded, in lower case up to an IPv6 zone.
fn checked_host(host: &str, index: usize) -> Result<String, TransportUrlError> {
    if host.is_empty() {
        return Ok(DEFAULT_HOST.to_owned());
    }
    let bad = |problem| TransportUrlError::BadHost { host: index, problem };
    let mut host =
        percent::decode(host).map_err(|percent::NotUtf8| bad("is not UTF-8 after percent decoding"))?;
    let name = host.find('%').unwrap_or(host.len());
    let zone = host.split_off(name);
    host = host.to_lowercase() + &zone;
    check(&host).map_err(bad)?;
    Ok(host)
}

/// Says what is wrong with a host that is neither a name nor an address.
pub(super) fn check(host: &str) -> Result<(), &'static str> {
    if host.is_empty() {
        return Err("is empty");
    }
    if is_ipv6(host) {
        return Ok(());
    }
    if host.contains(':') {
        return Err("has more than one `:` and is no IPv6 address");
    }
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "/?#@[]\\,;%\"'<>{}|^`".contains(c);
    if host.contains(forbidden) {
        return Err("has a character that no host name or address has");
    }
    Ok(())
}

fn is_ipv6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').unwrap_or((text, "0"));
    let is_zone = (1..=15).contains(&zone.len())
        && zone.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    is_zone && address.parse::<Ipv6Addr>().is_ok()
}
