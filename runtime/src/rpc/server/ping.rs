//! `oslo_rpc_server_ping`: answers `"pong"`, for monitoring tools (`rpc_ping_enabled`).

use crate::contract::{Endpoint, EndpointDescriptor, MethodDescriptor, MethodKind, Reply, Request, Started};
use crate::json::RawJson;
use crate::version::Version;

/// Corresponds to `oslo_messaging.rpc.dispatcher.PingEndpoint`.
#[derive(Debug)]
pub(super) struct PingEndpoint;

const METHODS: &[MethodDescriptor] =
    &[MethodDescriptor::new("oslo_rpc_server_ping", MethodKind::Call, Version::DEFAULT)];
static DESCRIPTOR: EndpointDescriptor = EndpointDescriptor::new("PingEndpoint", Version::DEFAULT, METHODS);

impl Endpoint for PingEndpoint {
    fn descriptor(&self) -> &EndpointDescriptor {
        &DESCRIPTOR
    }

    fn invoke(&self, _index: usize, _request: Request) -> Started {
        // Python's takes any arguments.
        Ok(Box::pin(std::future::ready(Reply::Result(RawJson::from_checked("\"pong\"")))))
    }
}
