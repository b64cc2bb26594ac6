//! Gathers files and environment, then turns text into a [`Config`].

use super::file::DEFAULT;
use super::sources::{Found, Sources};
use super::substitute::{self, Problem};
use super::{Config, ConfigError, legacy, notifications, unknown};
use crate::drivers::rabbit::RabbitOptions;
use crate::transport::{
    OptionError, OptionOrigin, OptionProblem, Scheme, SchemeAliases, TransportOptions, TransportUrl,
};
use std::ffi::OsString;
use std::path::PathBuf;

pub(super) const RABBIT_GROUP: &str = "oslo_messaging_rabbit";
pub(super) const NOTIFICATIONS_GROUP: &str = "oslo_messaging_notifications";
/// The group of some services' rabbit options before there was [`RABBIT_GROUP`].
pub(super) const LEGACY_GROUP: &str = "rabbit";

/// Collects where a [`Config`] comes from. Later files and directories win over earlier ones, the environment over all.
///
/// ```no_run
/// use oslo_messaging::config::Config;
/// let config = Config::builder()
///     .file("/etc/nova/nova.conf")
///     .dir("/etc/nova/nova.conf.d")
///     .process_environment()
///     .load()?;
/// println!("{}", config.transport_url());
/// # Ok::<(), oslo_messaging::config::ConfigError>(())
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "nothing is read before `load`"]
pub struct ConfigBuilder {
    places: Vec<Place>,
    environment: Vec<(OsString, OsString)>,
    aliases: SchemeAliases,
}

#[derive(Debug, Clone)]
enum Place {
    File(PathBuf),
    Dir(PathBuf),
}

impl ConfigBuilder {
    /// A file, as `--config-file`. It must exist.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.places.push(Place::File(path.into()));
        self
    }

    /// The files of a directory that end in `.conf`, by name, as `--config-dir`. It must exist.
    pub fn dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.places.push(Place::Dir(path.into()));
        self
    }

    /// The variables `OS_<GROUP>__<OPTION>` of this process, as they are now.
    pub fn process_environment(self) -> Self {
        self.environment(std::env::vars_os())
    }

    /// Variables in the place of the process's.
    pub fn environment(
        mut self,
        variables: impl IntoIterator<Item = (impl Into<OsString>, impl Into<OsString>)>,
    ) -> Self {
        let ours = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        self.environment.extend(ours.filter(|(name, _)| name.as_encoded_bytes().starts_with(b"OS_")));
        self
    }

    /// Old names of schemes, for `transport_url` and `rpc_backend`.
    pub fn aliases(mut self, aliases: SchemeAliases) -> Self {
        self.aliases = aliases;
        self
    }

    /// Reads it all. Blocks on files.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its file and line.
    pub fn load(self) -> Result<Config, ConfigError> {
        let mut sources = Sources::default();
        for (name, value) in self.environment {
            let Ok(name) = name.into_string() else { continue };
            let value = value.into_string().map_err(|_| OptionError {
                name: name.clone(),
                origin: OptionOrigin::Environment(name.clone()),
                problem: OptionProblem::expected("UTF-8 text"),
            })?;
            sources.environment.insert(name, value);
        }
        for place in self.places {
            match place {
                Place::File(path) => sources.read_file(&path)?,
                Place::Dir(path) => sources.read_dir(&path)?,
            }
        }
        resolve(&sources, &self.aliases)
    }
}

fn resolve(sources: &Sources, aliases: &SchemeAliases) -> Result<Config, ConfigError> {
    let lookup = Lookup { sources };
    legacy::refuse_tls(&lookup)?;
    let transport_url = match lookup.get(&[(DEFAULT, "transport_url")])? {
        Some((text, origin)) => url(&text, origin, aliases)?,
        None => legacy::transport_url(&lookup, aliases)?.unwrap_or_default(),
    };
    let mut transport = TransportOptions::default();
    for name in TransportOptions::NAMES {
        let mut names = vec![(DEFAULT, *name)];
        names.extend(old_name(name).map(|old| (DEFAULT, old)));
        lookup.apply(&names, |value| transport.set(name, value))?;
    }
    let rabbit = rabbit(&lookup, &transport_url)?;
    let notifications = notifications::read(&lookup, aliases)?;
    let unknown = unknown::find(sources);
    for option in &unknown {
        tracing::warn!("{option}");
    }
    Ok(Config { transport_url, transport, rabbit, notifications, unknown })
}

pub(super) fn url(
    text: &str,
    origin: OptionOrigin,
    aliases: &SchemeAliases,
) -> Result<TransportUrl, ConfigError> {
    TransportUrl::parse_with_aliases(text, aliases)
        .map_err(|source| ConfigError::TransportUrl { origin, source })
}

/// RabbitMQ's options for a transport to `url`, whose query is over the files.
pub(super) fn rabbit(lookup: &Lookup<'_>, url: &TransportUrl) -> Result<RabbitOptions, ConfigError> {
    let mut rabbit = RabbitOptions::default();
    if url.scheme() == Scheme::Rabbit {
        for name in RabbitOptions::names() {
            let mut names = vec![(RABBIT_GROUP, name)];
            names.extend(old_name(name).map(|old| (RABBIT_GROUP, old)));
            lookup.apply(&names, |value| rabbit.set(name, value))?;
        }
        rabbit.apply_query(url)?;
    }
    Ok(rabbit)
}

/// The name that an option had before and that is still taken.
pub(super) fn old_name(name: &str) -> Option<&'static str> {
    match name {
        "executor_thread_pool_size" => Some("rpc_thread_pool_size"),
        "kombu_missing_consumer_retry_timeout" => Some("kombu_reconnect_timeout"),
        _ => None,
    }
}

/// Looks options up and replaces the references in them.
pub(super) struct Lookup<'a> {
    sources: &'a Sources,
}

impl Lookup<'_> {
    /// The value of an option and where it was set, by its names, the present one first.
    pub(super) fn get(&self, names: &[(&str, &str)]) -> Result<Option<(String, OptionOrigin)>, ConfigError> {
        self.sources.find(names).map(|found| self.replaced(found, names)).transpose()
    }

    /// Every value of an option that may be set several times.
    pub(super) fn get_all(&self, names: &[(&str, &str)]) -> Result<Vec<(String, OptionOrigin)>, ConfigError> {
        self.sources.find_all(names).into_iter().map(|found| self.replaced(found, names)).collect()
    }

    /// The value with what its references stand for.
    fn replaced(
        &self,
        found: Found<'_>,
        names: &[(&str, &str)],
    ) -> Result<(String, OptionOrigin), ConfigError> {
        let (group, name) = names.first().copied().unwrap_or((DEFAULT, ""));
        match substitute::substitute(found.text, group, self.sources, &default_text) {
            Ok(value) => Ok((value, found.origin)),
            Err(problem) => {
                let problem = match problem {
                    // What follows the `$` may be the rest of a password.
                    Problem::Unset(_) if holds_secret(name) => "before the name of no option".to_owned(),
                    Problem::Unset(reference) => format!("before `{reference}`, which no option is called"),
                    Problem::Circular => "that leads back to itself".to_owned(),
                };
                Err(ConfigError::Reference { name: name.to_owned(), origin: found.origin, problem })
            }
        }
    }

    pub(super) fn apply(
        &self,
        names: &[(&str, &str)],
        set: impl FnOnce(&str) -> Result<(), OptionProblem>,
    ) -> Result<(), ConfigError> {
        if let (Some((value, origin)), Some((_, name))) = (self.get(names)?, names.first()) {
            set(&value).map_err(|problem| OptionError { name: (*name).to_owned(), origin, problem })?;
        }
        Ok(())
    }
}

fn holds_secret(name: &str) -> bool {
    name == "transport_url" || name.contains("password")
}

/// The defaults that references may mean.
fn default_text(group: &str, name: &str) -> Option<String> {
    let options = TransportOptions::default();
    match name {
        _ if group != DEFAULT => None,
        "control_exchange" => Some(options.control_exchange),
        "executor_thread_pool_size" => Some(options.executor_thread_pool_size.to_string()),
        "rpc_response_timeout" => Some(options.rpc_response_timeout.as_secs().to_string()),
        "transport_url" => Some("rabbit://".to_owned()),
        _ => None,
    }
}
