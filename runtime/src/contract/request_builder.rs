//! Builds a request on the client: arguments are encoded at once, into one buffer, so that the pending call borrows
//! nothing. The first encode error is kept and reported when the call is awaited.

use super::call::Call;
use super::caller::Caller;
use super::cast::Cast;
use super::descriptor::{EndpointDescriptor, MethodDescriptor};
use super::prepared::Prepared;
use crate::context::{Context, RpcContext};
use crate::error::NotSentReason;
use crate::json::RawJson;
use crate::target::Target;
use crate::version::Version;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;

/// A request that takes shape: its context first, then its arguments, then [`call`](Self::call) or [`cast`](Self::cast).
///
/// Generated clients use it; so may clients that know their methods only at run time.
///
/// ```
/// use oslo_messaging::contract::{Caller, RequestBuilder};
/// use oslo_messaging::error::RemoteFailure;
/// use oslo_messaging::target::Target;
///
/// async fn show(caller: &Caller, id: u32) -> Option<String> {
///     let mut request = RequestBuilder::untyped(caller, Target::topic("compute"), "show");
///     request.arg("id", &id);
///     request.call::<Result<String, RemoteFailure>>().await.ok()
/// }
/// ```
pub struct RequestBuilder {
    prepared: Box<Prepared>,
}

impl RequestBuilder {
    /// A request for a method of a contract.
    pub(super) fn typed(
        caller: &Caller,
        target: &Target,
        endpoint: &'static EndpointDescriptor,
        method: &'static MethodDescriptor,
    ) -> Self {
        let mut this = Self::untyped(caller, target.clone(), method.wire_name);
        this.prepared.contract = Some((endpoint, method));
        this.prepared.needed = Some(method.since);
        this
    }

    /// A request for a method that no contract describes. Its version is the target's or the options', or none.
    pub fn untyped(caller: &Caller, target: Target, method: impl Into<Cow<'static, str>>) -> Self {
        let mut args = Vec::with_capacity(128);
        args.push(b'{');
        Self {
            prepared: Box::new(Prepared {
                invoke: caller.invoke.clone(),
                context: caller.options.context.clone().unwrap_or_default(),
                options: caller.options.clone(),
                target,
                contract: None,
                method: method.into(),
                needed: None,
                args,
                droppable: Vec::new(),
                error: None,
            }),
        }
    }

    /// A request that fails when it is awaited.
    pub(super) fn impossible(caller: &Caller, target: &Target, reason: NotSentReason) -> Self {
        let mut this = Self::untyped(caller, target.clone(), "");
        this.fail(reason);
        this
    }

    /// Sends with this context. A serializer sees it beside each argument, so it comes before them.
    pub fn context(&mut self, context: &Context) {
        self.prepared.context = context.clone();
    }

    /// Sends with a context made from a user's own type.
    pub fn user_context<C: RpcContext>(&mut self, context: &C) {
        match context.to_context() {
            Ok(context) => self.prepared.context = context,
            Err(e) => self.fail_encode("context", e.to_string()),
        }
    }

    /// Adds an argument.
    pub fn arg<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        match self.encode(name, value) {
            Some(Encoded::InPlace) | None => {}
            Some(Encoded::Apart(value)) => self.push(name, value.as_str().as_bytes()),
        }
    }

    /// Adds an optional argument that came with version `since`: when it is set (does not encode to `null`), the request
    /// needs that version. With `droppable` it is left out for older peers instead.
    pub fn arg_since<T: Serialize + ?Sized>(
        &mut self,
        name: &str,
        value: &T,
        since: Version,
        droppable: bool,
    ) {
        if let Some(value) = self.encode_apart(name, value) {
            self.push_since(name, &value, &RawJson::default(), since, droppable);
        }
    }

    /// As [`arg_since`](Self::arg_since), for an argument with a default: it is set when it differs from that.
    pub fn arg_since_or<T, D>(&mut self, name: &str, value: &T, since: Version, droppable: bool, default: &D)
    where
        T: Serialize + ?Sized,
        D: Serialize + ?Sized,
    {
        if let (Some(value), Some(default)) =
            (self.encode_apart(name, value), self.encode_apart(name, default))
        {
            self.push_since(name, &value, &default, since, droppable);
        }
    }

    /// Adds every field of a struct or every entry of a map as an argument of its own.
    pub fn arg_flat<T: Serialize + ?Sized>(&mut self, value: &T) {
        if let Some(value) = self.encode_apart("flattened arguments", value) {
            self.push_flat(&value);
        }
    }

    /// The request as a call that answers with `O`, a `Result<T, E>`.
    pub fn call<O>(self) -> Call<O> {
        Call::new(self.prepared)
    }

    /// The request as a cast.
    pub fn cast(self) -> Cast {
        Cast::new(self.prepared)
    }

    /// Encodes straight into the request's buffer, unless a serializer has to see the value first.
    fn encode<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Option<Encoded> {
        if self.prepared.options.serializer.is_some() {
            return self.encode_apart(name, value).map(Encoded::Apart);
        }
        let start = self.begin(name);
        match serde_json::to_writer(&mut self.prepared.args, value) {
            Ok(()) => Some(Encoded::InPlace),
            Err(e) => {
                self.prepared.args.truncate(start);
                self.fail_encode(name, e.to_string());
                None
            }
        }
    }

    fn encode_apart<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Option<RawJson> {
        RawJson::encode(value)
            .map_err(|e| self.fail_encode(name, e.0))
            .ok()
            .and_then(|raw| self.through(name, raw))
    }

    /// Hands an argument to the serializer, if there is one.
    fn through(&mut self, name: &str, value: RawJson) -> Option<RawJson> {
        let Some(serializer) = &self.prepared.options.serializer else { return Some(value) };
        serializer
            .serialize_entity(&self.prepared.context, value)
            .map_err(|cause| self.fail_encode(name, cause))
            .ok()
    }

    fn push_since(&mut self, name: &str, value: &RawJson, unset: &RawJson, since: Version, droppable: bool) {
        if value.as_str() == "null" || value == unset {
            return;
        }
        if droppable {
            let mut member = Vec::new();
            write_key(&mut member, name);
            member.extend_from_slice(value.as_str().as_bytes());
            self.prepared.droppable.push((since, member));
        } else {
            self.prepared.needed = self.prepared.needed.max(Some(since));
            self.push(name, value.as_str().as_bytes());
        }
    }

    fn push_flat(&mut self, value: &RawJson) {
        match value.as_str().strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some("") => {}
            Some(members) => {
                self.prepared.separate();
                self.prepared.args.extend_from_slice(members.as_bytes());
            }
            None => self.fail_encode("flattened arguments", "it is no struct and no map".to_owned()),
        }
    }

    fn push(&mut self, name: &str, value: &[u8]) {
        self.begin(name);
        self.prepared.args.extend_from_slice(value);
    }

    /// Writes an argument's name; gives the length before it, to go back to.
    fn begin(&mut self, name: &str) -> usize {
        let start = self.prepared.args.len();
        self.prepared.separate();
        write_key(&mut self.prepared.args, name);
        start
    }

    fn fail_encode(&mut self, argument: &str, cause: String) {
        self.fail(NotSentReason::Encode { argument: argument.to_owned(), cause });
    }

    fn fail(&mut self, reason: NotSentReason) {
        self.prepared.error.get_or_insert(reason);
    }
}

/// Leaves the arguments out: they may be secrets.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder").field("method", &self.prepared.method).finish_non_exhaustive()
    }
}

/// Where an argument's text went.
enum Encoded {
    InPlace,
    Apart(RawJson),
}

fn write_key(buffer: &mut Vec<u8>, name: &str) {
    match RawJson::encode(name) {
        Ok(name) => buffer.extend_from_slice(name.as_str().as_bytes()),
        // A text always encodes; an empty key keeps the object well formed.
        Err(_) => buffer.extend_from_slice(b"\"\""),
    }
    buffer.push(b':');
}
