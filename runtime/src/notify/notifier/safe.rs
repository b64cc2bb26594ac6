//! What of a context may go out with a notification: notifications are read by many, and credentials in them let any reader
//! act as the sender.

use crate::context::Context;

/// The entries that `oslo_context.RequestContext.redacted_copy` keeps, under the names that its `to_dict` and oslo.messaging
/// give them, and the trace context.
const SAFE: [&str; 34] = [
    "domain",
    "domain_id",
    "domain_name",
    "global_request_id",
    "is_admin",
    "is_admin_project",
    "project",
    "project_domain",
    "project_domain_id",
    "project_domain_name",
    "project_id",
    "project_name",
    "read_only",
    "request_id",
    "resource_uuid",
    "roles",
    "service_project_domain_id",
    "service_project_domain_name",
    "service_project_id",
    "service_project_name",
    "service_roles",
    "service_user_domain_id",
    "service_user_domain_name",
    "service_user_id",
    "show_deleted",
    "system_scope",
    "traceparent",
    "user",
    "user_domain",
    "user_domain_id",
    "user_domain_name",
    "user_id",
    "user_identity",
    "user_name",
];

/// The entries of `context` that may go out: those known to be safe, and `more`.
pub(super) fn only_safe(context: &Context, more: &[String]) -> Context {
    let is_safe = |key: &str| SAFE.contains(&key) || more.iter().any(|name| name == key);
    if context.entries().all(|(key, _)| is_safe(key)) {
        return context.clone();
    }
    let mut safe = Context::new();
    for (key, value) in context.entries().filter(|(key, _)| is_safe(key)) {
        safe.insert_raw(key.to_owned(), value.clone());
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d18_only_safe_entries_go_out() {
        let context = Context::new()
            .with("auth_token", "secret")
            .unwrap()
            .with("user_id", "ada")
            .unwrap()
            .with("service_catalog", &["secret"])
            .unwrap()
            .with("cell", "c1")
            .unwrap();
        let keys = |context: &Context| context.entries().map(|(key, _)| key.to_owned()).collect::<Vec<_>>();
        assert_eq!(keys(&only_safe(&context, &[])), ["user_id"]);
        assert_eq!(keys(&only_safe(&context, &["cell".to_owned()])), ["user_id", "cell"]);
    }
}
