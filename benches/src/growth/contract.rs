//! A contract of any number of methods, as the macro would write it: listed in a descriptor, called by index.

use oslo_messaging::contract::{
    Endpoint, EndpointDescriptor, MethodDescriptor, MethodKind, Reply, Request, Started,
};
use oslo_messaging::json::RawJson;
use oslo_messaging::version::Version;

/// Each method answers with the one argument that it is given.
#[derive(Debug)]
pub(super) struct Contract {
    descriptor: EndpointDescriptor,
}

impl Contract {
    /// A contract of these methods in a namespace. Descriptors are constants: what they name is never freed.
    pub(super) fn new(namespace: Option<String>, names: impl IntoIterator<Item = String>) -> Self {
        let method = |name: String| MethodDescriptor::new(name.leak(), MethodKind::Call, Version::DEFAULT);
        let methods: Vec<MethodDescriptor> = names.into_iter().map(method).collect();
        let mut descriptor = EndpointDescriptor::new("Contract", Version::DEFAULT, methods.leak());
        descriptor.namespace = namespace.map(|namespace| &*namespace.leak());
        Self { descriptor }
    }
}

impl Endpoint for Contract {
    fn descriptor(&self) -> &EndpointDescriptor {
        &self.descriptor
    }

    fn invoke(&self, _: usize, mut request: Request) -> Started {
        let data: RawJson = request.take("data")?;
        request.finish()?;
        Ok(Box::pin(async move { Reply::Result(data) }))
    }
}
