//! The hook between a user's own forms of values and contexts and the wire's.

use crate::context::Context;
use crate::json::RawJson;
use std::fmt;

/// Translates entities and contexts between a client's or a server's own form and the wire.
///
/// Corresponds to `oslo_messaging.Serializer`. Works on JSON, so that it composes with any argument type.
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
