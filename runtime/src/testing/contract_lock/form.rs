//! A contract as its lock file holds it: what peers can notice, and nothing else.

use crate::contract::{ArgDescriptor, EndpointDescriptor, MethodDescriptor, MethodKind};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Locked {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) legacy_namespaces: Vec<Option<String>>,
    pub(super) version: String,
    pub(super) methods: Vec<LockedMethod>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LockedMethod {
    pub(super) name: String,
    pub(super) aliases: Vec<String>,
    pub(super) kind: String,
    pub(super) since: String,
    pub(super) fanout: bool,
    pub(super) args: Vec<LockedArg>,
    pub(super) returns: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct LockedArg {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) ty: String,
    pub(super) since: Option<String>,
    pub(super) optional: bool,
    pub(super) flatten: bool,
}

impl Locked {
    pub(super) fn of(descriptor: &EndpointDescriptor) -> Self {
        Self {
            name: descriptor.name.to_owned(),
            namespace: descriptor.namespace.map(str::to_owned),
            legacy_namespaces: descriptor
                .legacy_namespaces
                .iter()
                .map(|name| name.map(str::to_owned))
                .collect(),
            version: descriptor.version.to_string(),
            methods: descriptor.methods.iter().map(LockedMethod::of).collect(),
        }
    }
}

impl LockedMethod {
    fn of(method: &MethodDescriptor) -> Self {
        let kind = match method.kind {
            MethodKind::Call => "call",
            MethodKind::Cast => "cast",
        };
        Self {
            name: method.wire_name.to_owned(),
            aliases: method.aliases.iter().map(|&alias| alias.to_owned()).collect(),
            kind: kind.to_owned(),
            since: method.since.to_string(),
            fanout: method.fanout,
            args: method.args.iter().map(LockedArg::of).collect(),
            returns: method.returns.to_owned(),
        }
    }
}

impl LockedArg {
    fn of(arg: &ArgDescriptor) -> Self {
        Self {
            name: arg.wire_name.to_owned(),
            ty: arg.ty.to_owned(),
            since: arg.since.map(|version| version.to_string()),
            // Aliases of `Option` are not seen here; an argument added with `since` is optional by the macro's own rule.
            optional: arg.has_default || arg.since.is_some() || is_option(arg.ty),
            flatten: arg.flatten,
        }
    }
}

/// `Option<..>`, by whatever path.
fn is_option(ty: &str) -> bool {
    let path = ty.split_once('<').map_or(ty, |(path, _)| path);
    path.trim().rsplit("::").next() == Some("Option")
}
