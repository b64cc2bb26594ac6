//! The options before `transport_url`: `rpc_backend` and a host, port, user, password and virtual host of their own.
//!
//! oslo.messaging dropped them in 9.0.0; files that still have them mean what they say.

use super::ConfigError;
use super::file::DEFAULT;
use super::loader::{LEGACY_GROUP, Lookup, RABBIT_GROUP};
use crate::transport::option::{boolean, integer};
use crate::transport::{
    HostSpec, OptionError, OptionOrigin, OptionProblem, Scheme, SchemeAliases, TransportUrl,
    TransportUrlError,
};

/// Names with and without prefix. Without, they are looked up in the two groups only: `[DEFAULT] host` is many a
/// service's own.
const NAMES: &[(&str, Option<&str>)] = &[
    ("rabbit_host", Some("host")),
    ("rabbit_hosts", Some("hosts")),
    ("rabbit_password", Some("password")),
    ("rabbit_port", Some("port")),
    ("rabbit_use_ssl", None),
    ("rabbit_userid", Some("userid")),
    ("rabbit_virtual_host", Some("virtual_host")),
];

pub(super) fn is_known(group: &str, name: &str) -> bool {
    let short = group != DEFAULT;
    NAMES.iter().any(|(long, alias)| name == *long || (short && *alias == Some(name)))
}

/// All places of the option with this prefixed name.
fn places(long: &str) -> Vec<(&'static str, &str)> {
    let short = NAMES.iter().find(|(name, _)| *name == long).and_then(|(_, short)| *short);
    let mut places = Vec::new();
    for group in [RABBIT_GROUP, LEGACY_GROUP] {
        places.push((group, long));
        places.extend(short.map(|short| (group, short)));
    }
    places.push((DEFAULT, long));
    places
}

/// TLS is refused under its old name too, whichever way the broker is named.
pub(super) fn refuse_tls(lookup: &Lookup<'_>) -> Result<(), ConfigError> {
    let Some((value, origin)) = lookup.get(&places("rabbit_use_ssl"))? else { return Ok(()) };
    let error = |problem| OptionError { name: "rabbit_use_ssl".to_owned(), origin, problem };
    match boolean(&value) {
        Ok(false) => Ok(()),
        Ok(true) => Err(error(OptionProblem::NotYet { what: "TLS" }).into()),
        Err(problem) => Err(error(problem).into()),
    }
}

/// The URL that the old options stand for; `None` when there are none.
pub(super) fn transport_url(
    lookup: &Lookup<'_>,
    aliases: &SchemeAliases,
) -> Result<Option<TransportUrl>, ConfigError> {
    let backend = lookup.get(&[(DEFAULT, "rpc_backend")])?;
    let host = lookup.get(&places("rabbit_host"))?;
    let hosts = lookup.get(&places("rabbit_hosts"))?;
    let port = lookup.get(&places("rabbit_port"))?;
    let user = lookup.get(&places("rabbit_userid"))?;
    let password = lookup.get(&places("rabbit_password"))?;
    let virtual_host = lookup.get(&places("rabbit_virtual_host"))?;
    let found = [&backend, &hosts, &host, &port, &user, &password, &virtual_host];
    let Some(origin) = found.into_iter().flatten().map(|(_, origin)| origin.clone()).next() else {
        return Ok(None);
    };
    tracing::warn!(
        "{origin}: options of before `transport_url` are used; write `transport_url = rabbit://...`"
    );
    let scheme = match &backend {
        Some((name, origin)) => scheme(name, aliases).map_err(at(origin))?,
        None => Scheme::Rabbit,
    };
    let port = match port {
        Some((text, origin)) => integer(&text, 1, u16::MAX).map_err(|problem| OptionError {
            name: "rabbit_port".to_owned(),
            origin,
            problem,
        })?,
        None => HostSpec::new("").port,
    };
    let mut specs = Vec::new();
    if scheme == Scheme::Rabbit {
        let origin = hosts.as_ref().or(host.as_ref()).map_or(&origin, |(_, origin)| origin);
        let names = match (&hosts, &host) {
            (Some((hosts, _)), _) => {
                hosts.split(',').map(str::trim).filter(|host| !host.is_empty()).collect()
            }
            (None, Some((host, _))) => vec![host.as_str()],
            (None, None) => vec![""],
        };
        for (index, name) in names.into_iter().enumerate() {
            let mut spec = HostSpec::from_address(name, port, index + 1).map_err(at(origin))?;
            if let Some((user, _)) = user.as_ref().filter(|(user, _)| !user.is_empty()) {
                spec.username.clone_from(user);
            }
            if let Some((password, _)) = password.as_ref().filter(|(password, _)| !password.is_empty()) {
                spec.password = password.as_str().into();
            }
            specs.push(spec);
        }
    }
    let virtual_host = virtual_host.map(|(name, _)| name).filter(|name| !name.is_empty());
    let url = TransportUrl::from_parts(scheme, specs, virtual_host.unwrap_or_else(|| "/".to_owned()));
    Ok(Some(url.map_err(at(&origin))?))
}

/// `rpc_backend` held a scheme or the path of a Python module such as `nova.rpc.impl_kombu`.
fn scheme(name: &str, aliases: &SchemeAliases) -> Result<Scheme, TransportUrlError> {
    if let Some(scheme) = aliases.get(name) {
        return Scheme::resolve(scheme);
    }
    match name.rsplit_once('.') {
        Some((_, "impl_kombu" | "impl_rabbit")) => Ok(Scheme::Rabbit),
        _ => Scheme::resolve(&name.to_ascii_lowercase()),
    }
}

fn at(origin: &OptionOrigin) -> impl Fn(TransportUrlError) -> ConfigError {
    |source| ConfigError::TransportUrl { origin: origin.clone(), source }
}
