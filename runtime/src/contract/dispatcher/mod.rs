//! Python's dispatch rules over a set of endpoints. Knows no broker, no timer and no tokio.

mod collision;
#[cfg(test)]
mod tests;

pub use collision::EndpointCollision;

use crate::context::{Context, Delivery};
use crate::contract::descriptor::MethodDescriptor;
use crate::contract::endpoint::{Endpoint, Started};
use crate::contract::guard::{self, Guard};
use crate::contract::refusal::Refusal;
use crate::contract::request::Request;
use crate::contract::serializer::Serializer;
use crate::json::RawJson;
use crate::log_limit::LogLimit;
use crate::version::Version;
use crate::wire::{IncomingRequest, IncomingVersion};
use std::collections::HashMap;
use std::sync::Arc;

/// Finds and starts the method that a request asks for. One for each server; finding costs the same for any number of
/// methods, and next to nothing more for many endpoints that have a method of one name.
///
/// Corresponds to `oslo_messaging.RPCDispatcher`.
#[derive(Debug)]
pub struct Dispatcher {
    endpoints: Vec<Arc<dyn Endpoint>>,
    /// Wire name or alias to the endpoints that have it, ordered by namespace, in each in the order of the endpoints.
    methods: HashMap<Box<str>, Vec<Listed>>,
    /// Endpoints that have to be asked.
    dynamic: Vec<usize>,
    serializer: Option<Arc<dyn Serializer>>,
    /// Callers can be refused as often as they like.
    refusals: LogLimit,
}

/// The method that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    endpoint: usize,
    method: usize,
}

/// A method under one of the namespaces that its endpoint accepts.
#[derive(Debug)]
struct Listed {
    namespace: Option<Box<str>>,
    found: Found,
}

impl Dispatcher {
    /// A dispatcher in which no endpoint hides another.
    ///
    /// # Errors
    /// When two endpoints claim one method.
    pub fn new(endpoints: Vec<Arc<dyn Endpoint>>) -> Result<Self, EndpointCollision> {
        collision::check(&endpoints)?;
        Ok(Self::with_shadowing(endpoints))
    }

    /// A dispatcher in which the first of two endpoints that claim one method wins, as in Python.
    pub fn with_shadowing(endpoints: Vec<Arc<dyn Endpoint>>) -> Self {
        let mut methods: HashMap<Box<str>, Vec<Listed>> = HashMap::new();
        let mut dynamic = Vec::new();
        for (index, endpoint) in endpoints.iter().enumerate() {
            if endpoint.is_dynamic() {
                dynamic.push(index);
            }
            for (method, name) in endpoint.descriptor().names() {
                let found = Found { endpoint: index, method };
                let listed = |namespace: Option<&str>| Listed { namespace: namespace.map(Box::from), found };
                methods.entry(name.into()).or_default().extend(accepted(endpoint.as_ref()).map(listed));
            }
        }
        for listed in methods.values_mut() {
            listed.sort_by(|one, other| one.namespace.cmp(&other.namespace));
        }
        Self { endpoints, methods, dynamic, serializer: None, refusals: LogLimit::default() }
    }

    /// Translates arguments, results and contexts between the server's forms and the wire's.
    #[must_use]
    pub fn serializer(mut self, serializer: Option<Arc<dyn Serializer>>) -> Self {
        self.serializer = serializer;
        self
    }

    /// The endpoints in their order.
    pub fn endpoints(&self) -> &[Arc<dyn Endpoint>] {
        &self.endpoints
    }

    /// The first method that serves the request.
    ///
    /// # Errors
    /// In Python's words: `UnsupportedVersion` when no endpoint serves the namespace and version, else `NoSuchMethod`.
    pub fn find(
        &self,
        method: &str,
        namespace: Option<&str>,
        version: &IncomingVersion,
    ) -> Result<Found, Refusal> {
        let requested = match version {
            IncomingVersion::Absent => Some(Version::DEFAULT),
            IncomingVersion::Is(version) => Some(*version),
            IncomingVersion::Null | IncomingVersion::Invalid(_) => None,
        };
        let listed = self.listed(method, namespace).find(|found| self.speaks(found.endpoint, requested));
        let asked = self.dynamic.iter().filter_map(|&endpoint| {
            self.endpoints.get(endpoint)?.find(method).map(|method| Found { endpoint, method })
        });
        let asked = asked.filter(|found| self.serves(found.endpoint, namespace, requested));
        let found = listed.into_iter().chain(asked).min_by_key(|found| found.endpoint);
        found.ok_or_else(|| self.refuse(method, namespace, version, requested))
    }

    /// Methods of this name in this namespace, of whatever version, in the order of their endpoints.
    fn listed(&self, method: &str, namespace: Option<&str>) -> impl Iterator<Item = Found> {
        let listed = self.methods.get(method).map_or(&[][..], Vec::as_slice);
        let first = listed.partition_point(|one| one.namespace.as_deref() < namespace);
        let rest = listed.get(first..).unwrap_or_default().iter();
        rest.take_while(move |one| one.namespace.as_deref() == namespace).map(|one| one.found)
    }

    /// What the contract says of a found method; `None` when the endpoint knows its methods only at run time.
    pub fn descriptor(&self, found: Found) -> Option<&MethodDescriptor> {
        self.endpoints.get(found.endpoint)?.descriptor().methods.get(found.method)
    }

    /// Finds and starts. The future never panics: a panic of the handler becomes an internal [`Reply`](crate::contract::Reply). Declared and
    /// internal errors, panics and refusals are logged here, so that no server has to.
    ///
    /// `delivery` says what is known of the delivery; its method, namespace and version are taken from the request.
    ///
    /// # Errors
    /// When the request is refused; nothing has run then.
    pub fn dispatch(&self, request: IncomingRequest, mut delivery: Delivery) -> Started {
        let found = self.find(&request.method, request.namespace.as_deref(), &request.version);
        delivery.target.namespace = request.namespace.as_deref().map(Arc::from);
        delivery.target.version = match request.version {
            IncomingVersion::Is(version) => Some(version),
            _ => None,
        };
        delivery.method = request.method;
        let context = Context::received(request.context, delivery);
        let started = found.and_then(|found| self.start(found, request.args, context.clone()));
        if let Err(refusal) = &started {
            guard::log_refusal(&context, refusal, &self.refusals);
        }
        started
    }

    /// Starts a found method with a context made by [`Context::received`], and guards it.
    ///
    /// # Errors
    /// When the arguments or the context do not fit.
    pub(crate) fn start(&self, found: Found, args: Vec<(String, RawJson)>, context: Context) -> Started {
        let Some(endpoint) = self.endpoints.get(found.endpoint) else {
            return Err(Refusal::no_such_method(context.method()));
        };
        let descriptor = endpoint.descriptor();
        let mut request = Request {
            args,
            context,
            ignore_unknown_args: descriptor.ignore_unknown_args,
            endpoint: descriptor.name,
        };
        let received = request.context.clone();
        let started = guard::catch(&received, || {
            if let Some(serializer) = &self.serializer {
                deserialize(serializer.as_ref(), &mut request)?;
            }
            let context = request.context.clone();
            endpoint.invoke(found.method, request).map(|handler| (handler, context))
        });
        Ok(match started {
            Ok(started) => {
                let (handler, context) = started?;
                Box::pin(Guard::new(handler, context, self.serializer.clone()))
            }
            Err(panicked) => Box::pin(std::future::ready(panicked.into())),
        })
    }

    fn serves(&self, endpoint: usize, namespace: Option<&str>, requested: Option<Version>) -> bool {
        self.endpoints.get(endpoint).is_some_and(|endpoint| accepts(endpoint.as_ref(), namespace))
            && self.speaks(endpoint, requested)
    }

    fn speaks(&self, endpoint: usize, requested: Option<Version>) -> bool {
        self.endpoints
            .get(endpoint)
            .zip(requested)
            .is_some_and(|(endpoint, version)| endpoint.descriptor().version.serves(version))
    }

    fn refuse(
        &self,
        method: &str,
        namespace: Option<&str>,
        version: &IncomingVersion,
        requested: Option<Version>,
    ) -> Refusal {
        let text = match version {
            IncomingVersion::Absent => Version::DEFAULT.to_string(),
            IncomingVersion::Is(version) => version.to_string(),
            IncomingVersion::Null => "None".to_owned(),
            IncomingVersion::Invalid(text) => {
                // Python reads the version only where an endpoint accepts the namespace.
                if self.endpoints.iter().any(|endpoint| accepts(endpoint.as_ref(), namespace)) {
                    return Refusal::invalid_version(text);
                }
                text.clone()
            }
        };
        if (0..self.endpoints.len()).any(|endpoint| self.serves(endpoint, namespace, requested)) {
            Refusal::no_such_method(method)
        } else {
            Refusal::unsupported_version(method, &text)
        }
    }
}

fn accepts(endpoint: &dyn Endpoint, namespace: Option<&str>) -> bool {
    accepted(endpoint).any(|accepted| accepted == namespace)
}

/// The namespaces under which an endpoint is served.
fn accepted(endpoint: &dyn Endpoint) -> impl Iterator<Item = Option<&str>> {
    std::iter::once(endpoint.namespace()).chain(endpoint.descriptor().legacy_namespaces.iter().copied())
}

fn deserialize(serializer: &dyn Serializer, request: &mut Request) -> Result<(), Refusal> {
    let unfit = |cause: String| Refusal::invalid_arguments(cause);
    let context = serializer.deserialize_context(request.context.clone()).map_err(unfit)?;
    request.context = context.with_local_of(&request.context);
    for (_, value) in &mut request.args {
        *value = serializer.deserialize_entity(&request.context, std::mem::take(value)).map_err(unfit)?;
    }
    Ok(())
}
