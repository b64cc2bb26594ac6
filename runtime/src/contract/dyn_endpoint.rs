//! An endpoint whose methods are known only at run time.

use super::descriptor::EndpointDescriptor;
use super::endpoint::{Endpoint, Reply, Started};
use super::invoke::BoxFuture;
use super::output::reply;
use super::refusal::{Refusal, UNFIT};
use super::request::Request;
use crate::context::Context;
use crate::error::RpcError;
use crate::version::Version;
use serde_json::{Map, Value};
use std::fmt;
use std::future::Future;

/// Answers any method name, with arguments and results as JSON values: for proxies and tools.
///
/// Names that start with `_` are refused unless [`allow_private`](Self::allow_private) is set, as Python's default access
/// policy does.
///
/// ```
/// use oslo_messaging::contract::{DynEndpoint, DynRequest};
/// use oslo_messaging::error::RemoteFailure;
/// use serde_json::{Value, json};
///
/// let echo = DynEndpoint::new(async |request: DynRequest| {
///     Ok::<Value, RemoteFailure>(json!({ "you called": request.method, "with": request.args }))
/// });
/// # use oslo_messaging::contract::{RequestBuilder, in_process};
/// # use oslo_messaging::target::Target;
/// let mut request = RequestBuilder::untyped(&in_process(echo), Target::default(), "anything");
/// request.arg("n", &1);
/// let answer = oslo_messaging::testing::block_on(request.call::<Result<Value, RemoteFailure>>()).unwrap();
/// assert_eq!(answer, json!({ "you called": "anything", "with": { "n": 1 } }));
/// ```
pub struct DynEndpoint {
    descriptor: EndpointDescriptor,
    namespace: Option<String>,
    allow_private: bool,
    handler: Box<dyn Fn(DynRequest) -> BoxFuture<Reply> + Send + Sync>,
}

/// A request to a [`DynEndpoint`].
#[derive(Clone)]
#[non_exhaustive]
pub struct DynRequest {
    /// Name of the method as sent.
    pub method: String,
    /// The arguments by name.
    pub args: Map<String, Value>,
    /// The context.
    pub context: Context,
}

impl DynEndpoint {
    /// Serves every method of version 1.0 in the null namespace with `handler`.
    pub fn new<F, R, E>(handler: F) -> Self
    where
        F: Fn(DynRequest) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Value, E>> + Send + 'static,
        E: RpcError,
    {
        Self {
            descriptor: EndpointDescriptor::new("DynEndpoint", Version::DEFAULT, &[]),
            namespace: None,
            allow_private: false,
            handler: Box::new(move |request| {
                let handled = handler(request);
                Box::pin(async move { reply(handled.await) })
            }),
        }
    }

    /// Serves this namespace.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Serves this version and what it is compatible with.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.descriptor.version = version;
        self
    }

    /// Serves names that start with `_` too.
    #[must_use]
    pub fn allow_private(mut self) -> Self {
        self.allow_private = true;
        self
    }
}

impl Endpoint for DynEndpoint {
    fn descriptor(&self) -> &EndpointDescriptor {
        &self.descriptor
    }

    fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    fn is_dynamic(&self) -> bool {
        true
    }

    fn find(&self, method: &str) -> Option<usize> {
        (self.allow_private || !method.starts_with('_')).then_some(0)
    }

    fn invoke(&self, _: usize, mut request: Request) -> Started {
        let method = request.context().method().to_owned();
        let mut args = Map::new();
        for (name, value) in request.take_all() {
            let value = value.decode().map_err(|e| {
                Refusal::invalid_arguments(format!("{method}() argument '{name}'{UNFIT}: {e}"))
            })?;
            args.insert(name, value);
        }
        let context = request.context().clone();
        Ok((self.handler)(DynRequest { method, args, context }))
    }
}

/// Names the arguments only: their values may be secrets.
impl fmt::Debug for DynRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.args.keys().collect();
        f.debug_struct("DynRequest")
            .field("method", &self.method)
            .field("args", &names)
            .field("context", &self.context)
            .finish()
    }
}

impl fmt::Debug for DynEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynEndpoint")
            .field("namespace", &self.namespace)
            .field("version", &self.descriptor.version)
            .field("allow_private", &self.allow_private)
            .finish_non_exhaustive()
    }
}
