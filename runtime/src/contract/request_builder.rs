//! Builds a request on the client: arguments are encoded at once, into one buffer, so that the pending call borrows
//! nothing. The first encode error is kept and reported when the call is awaited.

use super::call::Call;
use super::caller::Caller;
use super::cast::Cast;
use super::descriptor::{EndpointDescriptor, MethodDescriptor};
use super::members::Members;
use super::prepared::Prepared;
use crate::context::{Context, RpcContext};
use crate::error::NotSentReason;
use crate::json::{JsonError, RawJson};
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
        if self.prepared.options.serializer.is_some() {
            return self.push_through(name, RawJson::encode(value));
        }
        let begin = self.prepared.args.len();
        self.prepared.separate();
        write_key(&mut self.prepared.args, name);
        if let Err(e) = serde_json::to_writer(&mut self.prepared.args, value) {
            self.prepared.args.truncate(begin);
            self.fail_encode(name, e.to_string());
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
        let value = RawJson::encode(value);
        self.push_since(name, value, Ok(RawJson::default()), since, droppable);
    }

    /// As [`arg_since`](Self::arg_since), for an argument with a default: it is set when it differs from that.
    pub fn arg_since_or<T, D>(&mut self, name: &str, value: &T, since: Version, droppable: bool, default: &D)
    where
        T: Serialize + ?Sized,
        D: Serialize + ?Sized,
    {
        self.push_since(name, RawJson::encode(value), RawJson::encode(default), since, droppable);
    }

    /// Adds every field of a struct or every entry of a map as an argument of its own.
    pub fn arg_flat<T: Serialize + ?Sized>(&mut self, value: &T) {
        if self.prepared.options.serializer.is_some() || !self.append_members(value) {
            self.push_flat(RawJson::encode(value));
        }
    }

    /// Adds what encodes as an object, without its braces; false when it does not, and then adds nothing.
    fn append_members<T: Serialize + ?Sized>(&mut self, value: &T) -> bool {
        let args = &mut self.prepared.args;
        // The object's opening brace takes the place of the arguments' own, or of the comma before it.
        let begin = if args.len() == 1 { 0 } else { args.len() };
        args.truncate(begin);
        let encoded = serde_json::to_writer(&mut *args, value).is_ok();
        let inside = match args.get(begin..) {
            Some([b'{', inside @ .., b'}']) if encoded => Some(inside),
            _ => None,
        };
        let is_object = inside.is_some();
        if inside.is_none_or(|inside| inside.trim_ascii().is_empty()) {
            args.truncate(begin);
            if begin == 0 {
                args.push(b'{');
            }
            return is_object;
        }
        args.pop();
        if let Some(brace) = args.get_mut(begin) {
            *brace = if begin == 0 { b'{' } else { b',' };
        }
        true
    }

    /// The request as a call that answers with `O`, a `Result<T, E>`.
    pub fn call<O>(self) -> Call<O> {
        Call::new(self.prepared)
    }

    /// The request as a cast.
    pub fn cast(self) -> Cast {
        Cast::new(self.prepared)
    }

    /// Sends an encoded argument through the serializer, if there is one, and adds it.
    fn push_through(&mut self, name: &str, value: Result<RawJson, JsonError>) {
        if let Some(value) = self.through(name, value) {
            self.push(name, value.as_str());
        }
    }

    fn through(&mut self, name: &str, value: Result<RawJson, JsonError>) -> Option<RawJson> {
        let Prepared { options, context, .. } = self.prepared.as_ref();
        let through = match (value, &options.serializer) {
            (Ok(value), Some(serializer)) => serializer.serialize_entity(context, value),
            (value, _) => value.map_err(|e| e.0),
        };
        through.map_err(|cause| self.fail_encode(name, cause)).ok()
    }

    fn push_since(
        &mut self,
        name: &str,
        value: Result<RawJson, JsonError>,
        unset: Result<RawJson, JsonError>,
        since: Version,
        droppable: bool,
    ) {
        // Whether it is set is asked of the value itself, not of what a serializer makes of it.
        let is_set = value != unset;
        if !is_set {
            return;
        }
        if !droppable {
            self.prepared.needed = self.prepared.needed.max(Some(since));
            self.push_through(name, value);
        } else if let Some(value) = self.through(name, value) {
            let mut member = Vec::new();
            write_member(&mut member, name, value.as_str());
            self.prepared.droppable.push((since, member));
        }
    }

    fn push_flat(&mut self, value: Result<RawJson, JsonError>) {
        match value.and_then(|value| value.decode::<Members>()) {
            Ok(Members(members)) => {
                members.into_iter().for_each(|(name, value)| self.push_through(&name, Ok(value)))
            }
            Err(e) => self.fail_encode("flattened arguments", e.0),
        }
    }

    fn push(&mut self, name: &str, value: &str) {
        self.prepared.separate();
        write_member(&mut self.prepared.args, name, value);
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

fn write_member(buffer: &mut Vec<u8>, name: &str, value: &str) {
    write_key(buffer, name);
    buffer.extend_from_slice(value.as_bytes());
}

fn write_key(buffer: &mut Vec<u8>, name: &str) {
    let begin = buffer.len();
    if serde_json::to_writer(&mut *buffer, name).is_err() {
        // A text always encodes and a Vec takes it; an empty key would keep the object well formed.
        buffer.truncate(begin);
        buffer.extend_from_slice(b"\"\"");
    }
    buffer.push(b':');
}
