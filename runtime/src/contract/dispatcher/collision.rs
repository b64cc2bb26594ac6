//! Finds endpoints that hide each other, when a server is built rather than when a call goes astray.

use super::accepted;
use crate::contract::endpoint::Endpoint;
use std::collections::HashMap;
use std::sync::Arc;

/// Two endpoints of a server claim one method of one major version: the second would never be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{first}` and `{second}` both serve method `{method}` of {} in major version {major}; \
     remove one, or allow shadowing to let the first one win",
    describe(.namespace.as_deref())
)]
pub struct EndpointCollision {
    /// The contract that comes first.
    pub first: &'static str,
    /// The contract that it hides.
    pub second: &'static str,
    /// The namespace; `None` is the null namespace.
    pub namespace: Option<String>,
    /// The major version.
    pub major: u32,
    /// The method's wire name or alias.
    pub method: &'static str,
}

fn describe(namespace: Option<&str>) -> String {
    namespace.map_or_else(|| "the null namespace".to_owned(), |name| format!("namespace `{name}`"))
}

pub(super) fn check(endpoints: &[Arc<dyn Endpoint>]) -> Result<(), EndpointCollision> {
    let mut claimed: HashMap<(Option<&str>, u32, &str), usize> = HashMap::new();
    for (index, endpoint) in endpoints.iter().enumerate() {
        let descriptor = endpoint.descriptor();
        for namespace in accepted(endpoint.as_ref()) {
            for (_, method) in descriptor.names() {
                let major = descriptor.version.major;
                let first = *claimed.entry((namespace, major, method)).or_insert(index);
                if let (true, Some(other)) = (first != index, endpoints.get(first)) {
                    let (first, second) = (other.descriptor().name, descriptor.name);
                    let namespace = namespace.map(str::to_owned);
                    return Err(EndpointCollision { first, second, namespace, major, method });
                }
            }
        }
    }
    Ok(())
}
