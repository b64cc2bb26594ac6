//! The server side of a contract: an endpoint that a dispatcher can call by index.

use super::descriptor::EndpointDescriptor;
use super::invoke::BoxFuture;
use crate::context::Context;
use crate::error::{RejectionKind, RemoteFailure};
use crate::json::RawJson;
use std::fmt;

/// A request on its way into a handler: arguments by name, and the context.
#[derive(Debug)]
#[non_exhaustive]
pub struct Request {
    /// The arguments that were not taken yet, in wire order.
    pub(crate) args: Vec<(String, RawJson)>,
    /// The context; knows method, deadline and message id of this delivery.
    pub(crate) context: Context,
    /// Whether arguments that nobody takes are fine.
    pub(crate) ignore_unknown_args: bool,
}

/// How a handler's work starts: decoded arguments in a future, or a refusal before anything runs.
pub type Started = Result<BoxFuture<Reply>, Refusal>;

/// A refusal to run a request; nothing has run.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// What kind.
    pub kind: RejectionKind,
    /// The failure to answer with, in the classes and words of Python's dispatcher.
    pub failure: RemoteFailure,
}

/// What a handler ended with.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Its result, encoded.
    Result(RawJson),
    /// An error that the contract declares: logged at debug.
    Declared(RemoteFailure),
    /// An error that the contract hides: `cause` is logged here at error, the peer gets `failure`.
    Internal {
        /// What the peer gets: a class and a fixed text.
        failure: RemoteFailure,
        /// The error with its sources, for the log of this side.
        cause: String,
    },
}

/// Something that serves methods: the generated `<Trait>Endpoint`, or a `DynEndpoint`.
pub trait Endpoint: fmt::Debug + Send + Sync + 'static {
    /// What it serves.
    fn descriptor(&self) -> &EndpointDescriptor;

    /// Index of the method with this wire name or alias, if it serves it.
    fn find(&self, method: &str) -> Option<usize> {
        self.descriptor().methods.iter().position(|m| m.wire_name == method || m.aliases.contains(&method))
    }

    /// Starts the method at `index`, which `find` gave.
    fn invoke(&self, index: usize, request: Request) -> Started;
}
