//! One `const` setter a field, so that generated code survives new fields.

use super::descriptor::{ArgDescriptor, EndpointDescriptor, MethodDescriptor};
use crate::version::Version;
use std::time::Duration;

/// `field: Type = what is stored;` becomes a `const fn field(self, value) -> Self`.
macro_rules! const_setters {
    ($($(#[$doc:meta])* $field:ident: $ty:ty = $stored:expr;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub const fn $field(mut self, $field: $ty) -> Self {
                self.$field = $stored;
                self
            }
        )*
    };
}

impl EndpointDescriptor {
    const_setters! {
        /// Sets [`namespace`](field@Self::namespace).
        namespace: &'static str = Some(namespace);
        /// Sets [`legacy_namespaces`](field@Self::legacy_namespaces).
        legacy_namespaces: &'static [Option<&'static str>] = legacy_namespaces;
        /// Sets [`timeout`](field@Self::timeout).
        timeout: Duration = Some(timeout);
        /// Sets [`ignore_unknown_args`](field@Self::ignore_unknown_args).
        ignore_unknown_args: bool = ignore_unknown_args;
        /// Sets [`doc`](field@Self::doc).
        doc: &'static str = doc;
        /// Sets [`module`](field@Self::module).
        module: &'static str = module;
    }
}

impl MethodDescriptor {
    const_setters! {
        /// Sets [`wire_name`](field@Self::wire_name).
        wire_name: &'static str = wire_name;
        /// Sets [`aliases`](field@Self::aliases).
        aliases: &'static [&'static str] = aliases;
        /// Sets [`since`](field@Self::since).
        since: Version = since;
        /// Sets [`timeout`](field@Self::timeout).
        timeout: Duration = Some(timeout);
        /// Sets [`call_monitor`](field@Self::call_monitor).
        call_monitor: Duration = Some(call_monitor);
        /// Sets [`fanout`](field@Self::fanout).
        fanout: bool = fanout;
        /// Sets [`args`](field@Self::args).
        args: &'static [ArgDescriptor] = args;
        /// Sets [`returns`](field@Self::returns).
        returns: &'static str = returns;
        /// Sets [`doc`](field@Self::doc).
        doc: &'static str = doc;
        /// Sets [`deprecated`](field@Self::deprecated).
        deprecated: &'static str = Some(deprecated);
    }
}

impl ArgDescriptor {
    const_setters! {
        /// Sets [`wire_name`](field@Self::wire_name).
        wire_name: &'static str = wire_name;
        /// Sets [`since`](field@Self::since).
        since: Version = Some(since);
        /// Sets [`has_default`](field@Self::has_default).
        has_default: bool = has_default;
        /// Sets [`flatten`](field@Self::flatten).
        flatten: bool = flatten;
        /// Sets [`doc`](field@Self::doc).
        doc: &'static str = doc;
    }
}
