//! What a contract is, as constants: read by clients, dispatch, tools and contract locks.

use crate::version::Version;
use std::time::Duration;

/// A trait marked `#[endpoint]`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct EndpointDescriptor {
    /// Name of the trait.
    pub name: &'static str,
    /// Namespace; `None` is the null namespace.
    pub namespace: Option<&'static str>,
    /// Namespaces that servers also accept; `None` is the null namespace.
    pub legacy_namespaces: &'static [Option<&'static str>],
    /// Version that servers implement.
    pub version: Version,
    /// Default timeout of calls.
    pub timeout: Option<Duration>,
    /// Whether unknown arguments are ignored instead of refused.
    pub ignore_unknown_args: bool,
    /// Methods in the order of declaration.
    pub methods: &'static [MethodDescriptor],
    /// The trait's documentation.
    pub doc: &'static str,
    /// Module path of the trait.
    pub module: &'static str,
}

/// Whether a method answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MethodKind {
    /// The client waits for the answer.
    Call,
    /// One way.
    Cast,
}

/// A method of a contract.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MethodDescriptor {
    /// Name in Rust.
    pub name: &'static str,
    /// Name on the wire.
    pub wire_name: &'static str,
    /// Other names that servers accept.
    pub aliases: &'static [&'static str],
    /// Whether it answers.
    pub kind: MethodKind,
    /// The version it came with.
    pub since: Version,
    /// Default timeout of this method.
    pub timeout: Option<Duration>,
    /// Default call monitor timeout of this method.
    pub call_monitor: Option<Duration>,
    /// Whether a cast goes to every server.
    pub fanout: bool,
    /// Arguments in the order of declaration, without the context.
    pub args: &'static [ArgDescriptor],
    /// The declared return type, as written; empty for none.
    pub returns: &'static str,
    /// The method's documentation.
    pub doc: &'static str,
    /// The note of `#[deprecated]`, if it is.
    pub deprecated: Option<&'static str>,
}

/// An argument of a method.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ArgDescriptor {
    /// Name in Rust.
    pub name: &'static str,
    /// Name on the wire.
    pub wire_name: &'static str,
    /// The type, as written.
    pub ty: &'static str,
    /// The version it came with, if later than its method.
    pub since: Option<Version>,
    /// Whether it has a default.
    pub has_default: bool,
    /// Whether its fields are arguments of their own.
    pub flatten: bool,
    /// The argument's documentation.
    pub doc: &'static str,
}

impl EndpointDescriptor {
    /// A contract without methods, in the null namespace.
    pub const fn new(name: &'static str, version: Version, methods: &'static [MethodDescriptor]) -> Self {
        Self {
            name,
            namespace: None,
            legacy_namespaces: &[],
            version,
            timeout: None,
            ignore_unknown_args: false,
            methods,
            doc: "",
            module: "",
        }
    }

    /// Every wire name and alias with the index of its method.
    pub(super) fn names(&self) -> impl Iterator<Item = (usize, &'static str)> + use<> {
        self.methods.iter().enumerate().flat_map(|(index, method)| {
            std::iter::once(method.wire_name)
                .chain(method.aliases.iter().copied())
                .map(move |name| (index, name))
        })
    }
}

impl MethodDescriptor {
    /// A method without arguments.
    pub const fn new(name: &'static str, kind: MethodKind, since: Version) -> Self {
        Self {
            name,
            wire_name: name,
            aliases: &[],
            kind,
            since,
            timeout: None,
            call_monitor: None,
            fanout: false,
            args: &[],
            returns: "",
            doc: "",
            deprecated: None,
        }
    }
}

impl ArgDescriptor {
    /// A required argument.
    pub const fn new(name: &'static str, ty: &'static str) -> Self {
        Self { name, wire_name: name, ty, since: None, has_default: false, flatten: false, doc: "" }
    }
}
