//! The request context: oslo's dict, and what only this process knows of the delivery.

use crate::id::MessageId;
use crate::json::{JsonError, RawJson};
use crate::target::Target;
use serde::{Deserialize, Serialize};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

/// The request context that travels with a message: a map of names to JSON values. Cheap to clone.
///
/// Corresponds to oslo's `ctxt` dict (`_context_*` keys on the wire). In a handler it also knows this delivery: its
/// [`method`](Self::method), [`deadline`](Self::deadline) and message id, none of which travels on.
///
/// ```
/// use oslo_messaging::Context;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let context = Context::new().with("user_id", "ada")?.with("roles", &["reader", "member"])?;
/// assert_eq!(context.user_id(), "ada");
/// assert_eq!(context.get::<Vec<String>>("roles").transpose()?.unwrap_or_default().len(), 2);
/// // The wire keeps three names for itself.
/// assert!(Context::new().with("msg_id", "x").is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Context {
    inner: Arc<Inner>,
}

#[derive(Clone, Default)]
struct Inner {
    entries: Vec<(String, RawJson)>,
    delivery: Option<Arc<Delivery>>,
    extensions: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

/// What this process knows of the request that a context came with.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Delivery {
    /// Wire name of the method.
    pub method: String,
    /// What was asked for: namespace and version as sent, topic and server of the serving side.
    pub target: Target,
    /// `_msg_id`, when the caller waits for an answer.
    pub message_id: Option<MessageId>,
    /// When the caller stops waiting.
    pub deadline: Option<Instant>,
    /// Whether the broker has delivered the request before.
    pub redelivered: bool,
}

/// Names that the wire uses for itself; a context cannot carry them.
pub const RESERVED_KEYS: [&str; 3] = ["msg_id", "reply_q", "client_timeout"];

/// A context entry cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContextError {
    /// The wire uses this name for itself.
    #[error("the context key `{0}` is reserved by the protocol and would be lost")]
    Reserved(String),
    /// The value does not encode.
    #[error("the context value `{key}` does not encode: {cause}")]
    Encode {
        /// The key.
        key: String,
        /// What the encoder said.
        cause: JsonError,
    },
}

impl Context {
    /// An empty context.
    pub fn new() -> Self {
        Self::default()
    }

    /// A context for tests: `request_id` is set to a fresh id.
    pub fn test() -> Self {
        let request_id = format!("req-{}", MessageId::random());
        Self::default().with("request_id", &request_id).unwrap_or_default()
    }

    /// The same context with `key` set to `value`, in place of an older value.
    ///
    /// # Errors
    /// When the wire reserves the key (`msg_id`, `reply_q`, `client_timeout`) or the value does not encode.
    pub fn with<T: Serialize + ?Sized>(
        mut self,
        key: impl Into<String>,
        value: &T,
    ) -> Result<Self, ContextError> {
        let key = key.into();
        if RESERVED_KEYS.contains(&key.as_str()) {
            return Err(ContextError::Reserved(key));
        }
        match RawJson::encode(value) {
            Ok(value) => {
                self.insert_raw(key, value);
                Ok(self)
            }
            Err(cause) => Err(ContextError::Encode { key, cause }),
        }
    }

    /// Sets an entry that is known to be encodable and not reserved.
    pub(crate) fn insert_raw(&mut self, key: String, value: RawJson) {
        let entries = &mut Arc::make_mut(&mut self.inner).entries;
        match entries.iter_mut().find(|(k, _)| *k == key) {
            Some(entry) => entry.1 = value,
            None => entries.push((key, value)),
        }
    }

    /// A context from decoded wire entries, with what is known of the delivery.
    pub(crate) fn received(entries: Vec<(String, RawJson)>, delivery: Delivery) -> Self {
        let delivery = Some(Arc::new(delivery));
        Self { inner: Arc::new(Inner { entries, delivery, extensions: HashMap::new() }) }
    }

    /// The same entries with what `other` knows of its delivery and its extensions: a serializer may make a new context
    /// out of the entries alone.
    #[must_use]
    pub(crate) fn with_local_of(mut self, other: &Self) -> Self {
        if !Arc::ptr_eq(&self.inner, &other.inner) {
            let inner = Arc::make_mut(&mut self.inner);
            inner.delivery.clone_from(&other.inner.delivery);
            for (id, value) in &other.inner.extensions {
                inner.extensions.entry(*id).or_insert_with(|| Arc::clone(value));
            }
        }
        self
    }

    /// The value of `key` as a `T`; `None` when absent.
    pub fn get<T: for<'de> Deserialize<'de>>(&self, key: &str) -> Option<Result<T, JsonError>> {
        self.raw(key).map(RawJson::decode)
    }

    /// The value of `key` as JSON text.
    pub fn raw(&self, key: &str) -> Option<&RawJson> {
        self.inner.entries.iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    /// All entries in the order in which they were set or received.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&str, &RawJson)> + Clone {
        self.inner.entries.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// `request_id`, or an empty text.
    pub fn request_id(&self) -> String {
        self.text("request_id")
    }

    /// `user_id`, or `user` as oslo.context itself names it, or an empty text.
    pub fn user_id(&self) -> String {
        let user_id = self.text("user_id");
        if user_id.is_empty() { self.text("user") } else { user_id }
    }

    /// `project_id`, or an empty text.
    pub fn project_id(&self) -> String {
        self.text("project_id")
    }

    fn text(&self, key: &str) -> String {
        self.get::<String>(key).and_then(Result::ok).unwrap_or_default()
    }

    /// What this process knows of the delivery; `None` outside handlers.
    pub fn delivery(&self) -> Option<&Delivery> {
        self.inner.delivery.as_deref()
    }

    /// Wire name of the method being handled; empty outside handlers.
    pub fn method(&self) -> &str {
        self.delivery().map_or("", |d| &d.method)
    }

    /// What the request being handled asked for: namespace and version as sent, topic and server of the serving side;
    /// `None` outside handlers.
    pub fn target(&self) -> Option<&Target> {
        self.delivery().map(|delivery| &delivery.target)
    }

    /// When the caller of the request being handled stops waiting. Outgoing calls with this context end by then.
    pub fn deadline(&self) -> Option<Instant> {
        self.delivery().and_then(|d| d.deadline)
    }

    /// A value that a layer of this process attached; never sent.
    pub fn extension<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.inner.extensions.get(&TypeId::of::<T>()).and_then(|value| value.downcast_ref())
    }

    /// The same context with a local value attached; never sent.
    #[must_use]
    pub fn with_extension<T: Any + Send + Sync>(mut self, value: T) -> Self {
        Arc::make_mut(&mut self.inner).extensions.insert(TypeId::of::<T>(), Arc::new(value));
        self
    }
}

/// Prints the keys only: values may be credentials.
impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.inner.entries.iter().map(|(key, _)| key)).finish()
    }
}

/// A user's own context type, made from and turned into the wire's map.
///
/// Corresponds to `serialize_context` and `deserialize_context` of an oslo serializer. Used by `#[context]`.
///
/// ```
/// use oslo_messaging::context::{Context, ContextError, RpcContext};
/// use oslo_messaging::testing::block_on;
/// use oslo_messaging::endpoint;
///
/// pub struct NovaContext { user: String }
///
/// impl RpcContext for NovaContext {
///     fn to_context(&self) -> Result<Context, ContextError> {
///         Context::new().with("user_id", &self.user)
///     }
///     fn from_context(context: &Context) -> Result<Self, String> {
///         Ok(Self { user: context.user_id() })
///     }
/// }
///
/// #[endpoint(version = "1.0")]
/// trait Greeter {
///     async fn greet(&self, #[context] ctx: &NovaContext) -> Result<String, std::convert::Infallible>;
/// }
///
/// struct Polite;
///
/// impl Greeter for Polite {
///     async fn greet(&self, ctx: &NovaContext) -> Result<String, std::convert::Infallible> {
///         Ok(format!("good day, {}", ctx.user))
///     }
/// }
///
/// let greeter = GreeterClient::in_process(Polite);
/// assert_eq!(block_on(greeter.greet(&NovaContext { user: "ada".into() })).unwrap(), "good day, ada");
/// ```
pub trait RpcContext: Sized + Send + Sync {
    /// The entries to send.
    ///
    /// # Errors
    /// When an entry cannot be set; the call then fails before anything is sent.
    fn to_context(&self) -> Result<Context, ContextError>;

    /// Reads a received context.
    ///
    /// # Errors
    /// A text for the caller; the request is then refused as invalid arguments.
    fn from_context(context: &Context) -> Result<Self, String>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_their_order_and_later_values_win() {
        let context = Context::new()
            .with("user", "u")
            .unwrap()
            .with("roles", &["a"])
            .unwrap()
            .with("user", "v")
            .unwrap();
        let entries: Vec<_> = context.entries().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(entries, ["user=\"v\"", "roles=[\"a\"]"]);
        assert_eq!(context.get::<Vec<String>>("roles"), Some(Ok(vec!["a".to_owned()])));
        assert_eq!(context.get::<u8>("absent"), None);
    }

    #[test]
    fn names_of_the_protocol_are_refused() {
        for key in RESERVED_KEYS {
            assert_eq!(Context::new().with(key, &1).unwrap_err(), ContextError::Reserved(key.to_owned()));
        }
    }

    #[test]
    fn the_user_is_found_under_both_of_its_names() {
        let plain = Context::new().with("user", "u").unwrap();
        assert_eq!(plain.user_id(), "u");
        assert_eq!(plain.with("user_id", "v").unwrap().user_id(), "v");
    }

    #[test]
    fn debug_shows_no_values() {
        let context = Context::new().with("auth_token", "secret").unwrap();
        assert_eq!(format!("{context:?}"), r#"{"auth_token"}"#);
    }
}
