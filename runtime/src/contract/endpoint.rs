//! The server side of a contract: an endpoint that a dispatcher can call by index.

use super::descriptor::EndpointDescriptor;
use super::invoke::BoxFuture;
use super::refusal::Refusal;
use super::request::Request;
use crate::error::RemoteFailure;
use crate::json::RawJson;
use std::fmt;
use std::sync::Arc;

/// How a handler's work starts: decoded arguments in a future, or a refusal before anything runs.
pub type Started = Result<BoxFuture<Reply>, Refusal>;

/// What a handler ended with.
#[derive(Clone, PartialEq)]
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

/// Leaves the result out: it may be a secret.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Result(value) => f.debug_tuple("Result").field(&value.hidden()).finish(),
            Self::Declared(failure) => f.debug_tuple("Declared").field(failure).finish(),
            Self::Internal { failure, cause } => {
                f.debug_struct("Internal").field("failure", failure).field("cause", cause).finish()
            }
        }
    }
}

/// Something that serves methods: the generated `<Trait>Endpoint`, or a [`DynEndpoint`](super::DynEndpoint).
pub trait Endpoint: fmt::Debug + Send + Sync + 'static {
    /// What it serves.
    fn descriptor(&self) -> &EndpointDescriptor;

    /// The namespace it serves; the contract's unless it is known only at run time. It stays the same: a dispatcher asks
    /// when it is made.
    fn namespace(&self) -> Option<&str> {
        self.descriptor().namespace
    }

    /// Whether [`find`](Self::find) knows methods that the descriptor does not list. A dispatcher then asks it each time.
    fn is_dynamic(&self) -> bool {
        false
    }

    /// Index of the method with this wire name or alias, if it serves it.
    fn find(&self, method: &str) -> Option<usize> {
        self.descriptor().methods.iter().position(|m| m.wire_name == method || m.aliases.contains(&method))
    }

    /// Starts the method at `index`, which `find` gave.
    fn invoke(&self, index: usize, request: Request) -> Started;
}

/// The entry of a method in a generated endpoint's table.
pub type Handler<S> = fn(Arc<S>, Request) -> Started;

/// Starts the handler at `index` of a generated endpoint's table.
pub fn dispatch<S>(handlers: &[Handler<S>], index: usize, service: &Arc<S>, request: Request) -> Started {
    match handlers.get(index) {
        Some(handler) => handler(Arc::clone(service), request),
        None => Err(Refusal::no_such_method(request.context().method())),
    }
}
