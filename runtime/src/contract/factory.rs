//! Implementations that register themselves: what `#[register]` submits, and how a server builds them all.

use super::descriptor::EndpointDescriptor;
use super::endpoint::Endpoint;
use std::any::{Any, type_name};
use std::sync::Arc;

/// Builds one registered implementation out of a program's state; generated code submits it.
#[derive(Debug, Clone, Copy)]
pub struct EndpointFactory {
    descriptor: &'static EndpointDescriptor,
    service: &'static str,
    state: &'static str,
    module: &'static str,
    build: Build,
}

/// `None` when the state is of another type.
type Build = fn(&dyn Any) -> Option<Arc<dyn Endpoint>>;

inventory::collect!(EndpointFactory);

impl EndpointFactory {
    /// A factory of `service`s out of a `state` (both as the user wrote them, in `module`).
    pub const fn new(
        descriptor: &'static EndpointDescriptor,
        service: &'static str,
        state: &'static str,
        module: &'static str,
        build: Build,
    ) -> Self {
        Self { descriptor, service, state, module, build }
    }

    /// The contract that is served.
    pub fn descriptor(&self) -> &'static EndpointDescriptor {
        self.descriptor
    }
}

/// Builds every registered implementation that is linked into this program, in the order of namespace, contract and
/// version. `RpcServerBuilder::discover` serves them.
///
/// A crate that is only listed in `Cargo.toml` is not linked: refer to it, with `use nova_extra as _;` if nothing else.
///
/// # Errors
/// When an implementation wants a state of another type than `T`; the error names all of them.
pub fn discover<T: Any>(state: &T) -> Result<Vec<Arc<dyn Endpoint>>, DiscoverError> {
    let mut factories: Vec<&EndpointFactory> = inventory::iter::<EndpointFactory>.into_iter().collect();
    factories.sort_by_key(|factory| {
        let EndpointDescriptor { namespace, name, version, .. } = factory.descriptor;
        (namespace, name, version, factory.module, factory.service)
    });
    let mut endpoints = Vec::with_capacity(factories.len());
    let mut misfits = Vec::new();
    for factory in factories {
        match (factory.build)(state) {
            Some(endpoint) => endpoints.push(endpoint),
            None => misfits.push(Misfit {
                contract: factory.descriptor.name,
                service: factory.service,
                state: factory.state,
                module: factory.module,
            }),
        }
    }
    if misfits.is_empty() { Ok(endpoints) } else { Err(DiscoverError { state: type_name::<T>(), misfits }) }
}

/// Registered implementations that cannot be built out of the state that was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not built from the state `{state}`: {}; give `discover` that state, or serve these with `.endpoint(..)` and without \
     `#[register]`",
    list(misfits)
)]
#[non_exhaustive]
pub struct DiscoverError {
    /// Type of the state that was given.
    pub state: &'static str,
    /// What wants another one.
    pub misfits: Vec<Misfit>,
}

/// An implementation that wants a state of another type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misfit {
    /// Name of the contract.
    pub contract: &'static str,
    /// Type of the service, as written.
    pub service: &'static str,
    /// Type of the state that it wants, as written.
    pub state: &'static str,
    /// Module that registers it.
    pub module: &'static str,
}

fn list(misfits: &[Misfit]) -> String {
    let texts = misfits.iter().map(|misfit| {
        let Misfit { contract, service, state, module } = misfit;
        format!("`{service}` in {module} serves `{contract}` and wants `{state}`")
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// Registers a factory.
#[doc(hidden)]
#[macro_export]
macro_rules! __submit_factory {
    ($factory:expr) => {
        $crate::__private::inventory::submit! { $factory }
    };
}
