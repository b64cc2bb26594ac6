//! A request before it is sent: encoded arguments and options that can still change; resolving it applies the rules on
//! versions, namespaces and fanout.

use super::descriptor::{EndpointDescriptor, MethodDescriptor};
use super::invoke::{Invocation, Invoke, SendOptions};
use super::options::CallOptions;
use super::serializer::Serializer;
use crate::context::Context;
use crate::error::{NotSent, NotSentReason, RequestInfo};
use crate::id::MessageId;
use crate::target::Target;
use crate::version::Version;
use std::borrow::Cow;
use std::sync::Arc;

/// Everything a pending call or cast holds until its first poll.
pub(super) struct Prepared {
    pub(super) invoke: Arc<dyn Invoke>,
    pub(super) options: CallOptions,
    /// The client's target.
    pub(super) target: Target,
    /// The contract and its method; absent for untyped clients.
    pub(super) contract: Option<(&'static EndpointDescriptor, &'static MethodDescriptor)>,
    /// Wire name of the method.
    pub(super) method: Cow<'static, str>,
    /// The lowest version that has the method and its arguments; absent for untyped clients.
    pub(super) needed: Option<Version>,
    /// The inside of a JSON object, without its braces.
    pub(super) args: Vec<u8>,
    /// Arguments that are left out for a peer older than their version, each as a member of the object.
    pub(super) droppable: Vec<(Version, Vec<u8>)>,
    pub(super) context: Context,
    /// The first thing that went wrong.
    pub(super) error: Option<NotSentReason>,
}

/// What is left of a request once it is handed on: whom to, and how to read the answer.
pub(super) struct Resolved {
    pub(super) invoke: Arc<dyn Invoke>,
    pub(super) serializer: Option<Arc<dyn Serializer>>,
    /// The context as the user has it; the invocation holds it as it is sent.
    pub(super) context: Context,
    pub(super) invocation: Invocation,
}

/// Whether somebody waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Call,
    Cast,
}

impl Prepared {
    /// Applies the options, or says why the request cannot be sent.
    pub(super) fn resolve(mut self, purpose: Purpose) -> Result<Resolved, Box<NotSent>> {
        let target = self.resolve_target();
        let (args, context) = match self.check(&target, purpose).and_then(|()| self.encode()) {
            Ok(encoded) => encoded,
            Err(reason) => {
                let request = RequestInfo::new(self.method, target);
                return Err(Box::new(NotSent { request, reason }));
            }
        };
        let (endpoint, method) = self.contract.unzip();
        let options = SendOptions {
            timeout: self
                .options
                .timeout_over(method.and_then(|m| m.timeout), endpoint.and_then(|e| e.timeout)),
            call_monitor: self.options.send.call_monitor.or(method.and_then(|m| m.call_monitor)),
            ..self.options.send
        };
        let message_id = MessageId::random();
        Ok(Resolved {
            invoke: self.invoke,
            serializer: self.options.serializer,
            context: self.context,
            invocation: Invocation { message_id, method: self.method, args, context, target, options },
        })
    }

    /// The finished arguments and the context as it is sent.
    fn encode(&mut self) -> Result<(String, Context), NotSentReason> {
        self.finish_args();
        let unfit = |argument: &str, cause| NotSentReason::Encode { argument: argument.to_owned(), cause };
        // Everything in the buffer was written as UTF-8, so this is a check and no conversion.
        let args =
            String::from_utf8(std::mem::take(&mut self.args)).map_err(|e| unfit("args", e.to_string()))?;
        let context = match &self.options.serializer {
            Some(serializer) => serializer
                .serialize_context(self.context.clone())
                .map_err(|cause| unfit("context", cause))?
                .with_local_of(&self.context),
            None => self.context.clone(),
        };
        Ok((args, context))
    }

    fn resolve_target(&mut self) -> Target {
        let mut target = std::mem::take(&mut self.target);
        let options = &mut self.options;
        target.exchange = options.exchange.take().or(target.exchange);
        target.topic = options.topic.take().or(target.topic);
        target.namespace = options.namespace.take().unwrap_or(target.namespace);
        // A server asked for here and now beats a fanout that only the contract asks for.
        let contract_fanout =
            options.server.is_none() && self.contract.is_some_and(|(_, method)| method.fanout);
        target.fanout = options.fanout.unwrap_or(target.fanout || contract_fanout);
        target.server = options.server.take().or(target.server);
        target.version = match options.version {
            Some(version) => Some(version),
            None => self.droppable_needs(target.version.max(self.needed)),
        };
        target
    }

    /// The version that the request needs with those droppable arguments that the cap allows, and lets go of the rest.
    fn droppable_needs(&mut self, mut needed: Option<Version>) -> Option<Version> {
        let cap = self.options.send.version_cap;
        self.droppable.retain(|(since, _)| cap.is_none_or(|cap| cap.serves(*since)));
        for (since, _) in &self.droppable {
            needed = needed.max(Some(*since));
        }
        needed
    }

    fn check(&mut self, target: &Target, purpose: Purpose) -> Result<(), NotSentReason> {
        if let Some(reason) = self.error.take() {
            return Err(reason);
        }
        if purpose == Purpose::Call && target.fanout {
            return Err(NotSentReason::InvalidTarget(
                "a call waits for one answer and cannot be a fanout; cast to ignore the answers".to_owned(),
            ));
        }
        match (self.options.send.version_cap, target.version) {
            (Some(cap), Some(needed)) if !cap.serves(needed) => {
                Err(NotSentReason::VersionCap { needed, cap })
            }
            (Some(cap), None) => Err(NotSentReason::NoVersion { cap }),
            _ => Ok(()),
        }
    }

    /// Closes the object, with the droppable arguments that an explicit version has.
    fn finish_args(&mut self) {
        for (since, member) in std::mem::take(&mut self.droppable) {
            if self.options.version.is_none_or(|version| version.serves(since)) {
                self.separate();
                self.args.extend_from_slice(&member);
            }
        }
        self.args.push(b'}');
    }

    /// Puts a comma between two members.
    pub(super) fn separate(&mut self) {
        if self.args.len() > 1 {
            self.args.push(b',');
        }
    }
}
