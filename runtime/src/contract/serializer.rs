//! The hook between a user's own forms of values and contexts and the wire's.

use crate::context::Context;
use crate::json::RawJson;
use std::fmt;

/// Translates entities and contexts between a client's or a server's own form and the wire.
///
/// Corresponds to `oslo_messaging.Serializer`. Works on JSON, so that it composes with any argument type. Methods that are
/// not overridden change nothing. Forms that serde types can express, such as nova's versioned objects, need none.
///
/// ```
/// use oslo_messaging::Context;
/// use oslo_messaging::contract::Serializer;
///
/// /// Sends `auth_token` to nobody.
/// #[derive(Debug)]
/// struct NoToken;
///
/// impl Serializer for NoToken {
///     fn serialize_context(&self, context: Context) -> Result<Context, String> {
///         let kept = context.entries().filter(|(key, _)| *key != "auth_token");
///         kept.fold(Ok(Context::new()), |sent, (key, value)| sent?.with(key, value).map_err(|e| e.to_string()))
///     }
/// }
///
/// let context = Context::new().with("user_id", "ada").unwrap().with("auth_token", "secret").unwrap();
/// let sent = NoToken.serialize_context(context).unwrap();
/// assert_eq!(format!("{sent:?}"), r#"{"user_id"}"#);
/// ```
pub trait Serializer: fmt::Debug + Send + Sync + 'static {
    /// A value about to be sent: one argument (client) or the result (server).
    ///
    /// # Errors
    /// A text; the message is then not sent.
    fn serialize_entity(&self, context: &Context, value: RawJson) -> Result<RawJson, String> {
        let _ = context;
        Ok(value)
    }

    /// A value just received: one argument (server) or the result (client).
    ///
    /// # Errors
    /// A text; the request is then refused, or the reply is a bad one.
    fn deserialize_entity(&self, context: &Context, value: RawJson) -> Result<RawJson, String> {
        let _ = context;
        Ok(value)
    }

    /// A context about to be sent.
    ///
    /// # Errors
    /// A text; the message is then not sent.
    fn serialize_context(&self, context: Context) -> Result<Context, String> {
        Ok(context)
    }

    /// A context just received.
    ///
    /// # Errors
    /// A text; the request is then refused.
    fn deserialize_context(&self, context: Context) -> Result<Context, String> {
        Ok(context)
    }
}
