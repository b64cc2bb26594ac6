//! Calls an endpoint in this process: real encoding, dispatch and decoding, no broker, no runtime.

use super::caller::Caller;
use super::dispatcher::Dispatcher;
use super::endpoint::{Endpoint, Reply};
use super::invoke::{Answer, BoxFuture, Invocation, Invoke};
use super::outcome::classify;
use crate::context::Delivery;
use crate::error::{CallFault, CastError, NotSent, NotSentReason};
use crate::id::MessageId;
use crate::json::RawJson;
use crate::wire::{IncomingRequest, IncomingVersion};
use std::sync::Arc;
use std::time::Instant;

/// A caller whose requests `endpoint` serves in this process.
///
/// A call runs its handler inside its own future: no runtime is needed, dropping the call drops the handler, and as there
/// is no timer, nothing enforces the timeout; the handler sees its deadline. A cast runs its handler to the end and throws
/// the answer away. Topic, server and fanout of the target do not matter; namespace and version do, as on a server.
pub fn in_process(endpoint: impl Endpoint) -> Caller {
    Caller::new(Arc::new(InProcess { dispatcher: Dispatcher::with_shadowing(vec![Arc::new(endpoint)]) }))
}

#[derive(Debug)]
struct InProcess {
    dispatcher: Dispatcher,
}

impl InProcess {
    fn start(
        &self,
        invocation: &Invocation,
        message_id: Option<MessageId>,
    ) -> Result<super::Started, Box<NotSent>> {
        let args: Members = serde_json::from_str(&invocation.args).map_err(|e| {
            let reason = NotSentReason::Encode { argument: "args".to_owned(), cause: e.to_string() };
            Box::new(NotSent { request: invocation.info(), reason })
        })?;
        let request = IncomingRequest {
            method: invocation.method.to_string(),
            args: args.0,
            namespace: invocation.target.namespace.as_deref().map(str::to_owned),
            version: invocation.target.version.map_or(IncomingVersion::Absent, IncomingVersion::Is),
            message_id: message_id.map(|id| id.to_string()),
            reply_to: None,
            monitor: None,
            unique_id: None,
            remaining: invocation.options.timeout,
            context: invocation.context.entries().map(|(k, v)| (k.to_owned(), v.clone())).collect(),
        };
        let delivery = Delivery {
            target: invocation.target.clone(),
            message_id,
            deadline: invocation.options.timeout.map(|timeout| Instant::now() + timeout),
            ..Delivery::default()
        };
        Ok(self.dispatcher.dispatch(request, delivery))
    }
}

struct Members(Vec<(String, RawJson)>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> serde::de::Visitor<'de> for V {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    members.push(entry);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(V)
    }
}

impl Invoke for InProcess {
    fn call(&self, invocation: Invocation) -> BoxFuture<Result<Answer, CallFault>> {
        let started = self.start(&invocation, Some(invocation.message_id));
        Box::pin(async move {
            let started = started.map_err(CallFault::NotSent)?;
            match started {
                Err(refusal) => classify(*refusal.failure, Some(refusal.kind), invocation.info()),
                Ok(handler) => match handler.await {
                    Reply::Result(value) => Ok(Answer::Result(value)),
                    Reply::Declared(failure) | Reply::Internal { failure, .. } => {
                        classify(failure, None, invocation.info())
                    }
                },
            }
        })
    }

    fn cast(&self, invocation: Invocation) -> BoxFuture<Result<(), CastError>> {
        let started = self.start(&invocation, None);
        Box::pin(async move {
            if let Ok(handler) = started.map_err(CastError::NotSent)? {
                handler.await;
            }
            Ok(())
        })
    }
}
