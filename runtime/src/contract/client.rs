//! What a generated client holds.

use super::caller::Caller;
use super::descriptor::EndpointDescriptor;
use super::options::CallOptions;
use super::request_builder::RequestBuilder;
use crate::error::NotSentReason;
use crate::target::Target;
use crate::version::Version;
use std::sync::Arc;

/// The inside of every generated client: what it calls through, where, and by which contract. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ClientCore {
    caller: Caller,
    target: Target,
    descriptor: &'static EndpointDescriptor,
}

impl ClientCore {
    /// A client of `descriptor`'s contract at `target`, in the contract's namespace unless the target has its own.
    pub fn new(caller: Caller, mut target: Target, descriptor: &'static EndpointDescriptor) -> Self {
        target.namespace = target.namespace.or_else(|| descriptor.namespace.map(Arc::from));
        Self { caller, target, descriptor }
    }

    /// A client with further options.
    #[must_use]
    pub fn prepare(&self, f: impl FnOnce(CallOptions) -> CallOptions) -> Self {
        Self { caller: self.caller.prepare(f), ..self.clone() }
    }

    /// Begins a request for the method at `index` of the contract.
    pub fn request(&self, index: usize) -> RequestBuilder {
        match self.descriptor.methods.get(index) {
            Some(method) => RequestBuilder::typed(&self.caller, &self.target, self.descriptor, method),
            None => {
                let reason =
                    NotSentReason::InvalidTarget(format!("`{}` has no method {index}", self.descriptor.name));
                RequestBuilder::impossible(&self.caller, &self.target, reason)
            }
        }
    }

    /// What it calls through.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Where it calls to, before options.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether a request that needs `version` may be sent under the version cap.
    pub fn can_send_version(&self, version: Version) -> bool {
        self.caller.can_send_version(version)
    }
}
