//! One request, from its bytes to its answer.

use super::address;
use super::heartbeat::Heartbeat;
use super::reply::{self, Content, ReplyTo};
use super::run::{Arrival, Run};
use crate::context;
use crate::contract::Reply;
use crate::error::{RejectionKind, RemoteFailure};
use crate::serving::after;
use crate::transport::{AckHandle, Delivery};
use crate::wire::{self, IncomingRequest, Malformed};
use std::sync::Arc;
use tokio::time::Instant;
use tracing::Instrument;

/// Begins to serve one delivery; gives what is left to do, if its handler is to run.
///
/// All that needs no waiting is done here: what a future has captured is moved along whenever a task moves the future.
pub(crate) fn begin<'a>(run: &'a Arc<Run>, arrival: Arrival) -> Option<impl Future<Output = ()> + use<'a>> {
    let Delivery { body, properties, redelivered, ack, .. } = arrival.delivery;
    let request = match run.driver.format().decode_request(&body, &properties, &run.limits) {
        Ok(request) => request,
        Err(malformed) => {
            refuse_malformed(run, malformed, ack);
            return None;
        }
    };
    // A peer chose them, and they may be of any length.
    let (method, message_id) = (wire::short(&request.method), request.message_id.as_deref().map(wire::short));
    let reply_to = match reply_to(&request, arrival.at) {
        Ok(reply_to) => reply_to,
        Err(problem) => {
            ack.reject(false);
            run.counters.bad_reply_addresses.add();
            if let Some(unlogged) = run.logs.requests.pass() {
                tracing::warn!(
                    method, message_id, reply_q = ?short(request.reply_to.as_deref()),
                    unlogged, "request not run: its reply address {problem}"
                );
            }
            return None;
        }
    };
    if !ack.ack() {
        // Not remembered as run: it comes again, to this server or another.
        run.counters.gone_back.add();
        tracing::debug!(method, message_id, "request not run: it went back with its connection");
        return None;
    }
    if request.unique_id.as_deref().is_some_and(|id| !run.duplicates.is_new(id)) {
        run.counters.duplicates.add();
        tracing::debug!(method, message_id, "duplicate dropped");
        return None;
    }
    let topic = run.config.target.topic.as_deref();
    let span = tracing::info_span!("rpc", method, message_id, topic);
    let handling = span.in_scope(|| handle(run, request, reply_to, redelivered));
    Some(handling.instrument(span))
}

/// Where the answer goes; none for a cast.
fn reply_to(request: &IncomingRequest, arrived: Instant) -> Result<Option<ReplyTo>, &'static str> {
    let Some(message_id) = request.message_id.clone() else { return Ok(None) };
    let address = request.reply_to.clone().unwrap_or_default();
    if let Some(problem) = address::problem(&address) {
        return Err(problem);
    }
    let deadline = request.remaining.map(|remaining| after(arrived, remaining));
    Ok(Some(ReplyTo { address, message_id, deadline }))
}

/// Starts a request's handler; what is left is to wait for it and to answer.
fn handle<'a>(
    run: &'a Arc<Run>,
    request: IncomingRequest,
    reply_to: Option<ReplyTo>,
    redelivered: bool,
) -> impl Future<Output = ()> + use<'a> {
    tracing::debug!("request received");
    let heartbeat = reply_to.as_ref().and_then(|to| Heartbeat::begin(run, to, request.monitor));
    let delivery = context::Delivery {
        target: run.config.target.clone(),
        message_id: request.message_id.as_deref().and_then(|id| id.parse().ok()),
        deadline: reply_to.as_ref().and_then(|to| to.deadline).map(Instant::into_std),
        redelivered,
        ..context::Delivery::default()
    };
    let started = run.config.dispatcher.dispatch(request, delivery);
    async move {
        let content = match started {
            Ok(handler) => content(run, handler.await),
            Err(refusal) => {
                run.counters.refused.add();
                Content::Refusal { failure: refusal.failure, kind: refusal.kind }
            }
        };
        drop(heartbeat);
        if let Some(to) = reply_to {
            reply::send(run, to, content);
        }
    }
}

/// What a handler ended with, counted. The dispatcher has caught panics and logged errors.
fn content(run: &Run, reply: Reply) -> Content {
    let counters = &run.counters;
    match reply {
        Reply::Result(value) => {
            counters.succeeded.add();
            Content::Result(value)
        }
        Reply::Declared(failure) => {
            counters.declared_errors.add();
            Content::Failure(Box::new(failure))
        }
        Reply::Internal { failure, .. } => {
            counters.internal_errors.add();
            Content::Failure(Box::new(failure))
        }
    }
}

/// Answers a request that cannot be read, where it says to whom; else throws it away. Either way the server goes on.
fn refuse_malformed(run: &Arc<Run>, malformed: Malformed, ack: AckHandle) {
    run.counters.malformed.add();
    let answer_to = malformed.answer_to.filter(|to| address::problem(&to.reply_to).is_none());
    if let Some(unlogged) = run.logs.requests.pass() {
        let (method, message_id) = match &answer_to {
            Some(to) => (to.method.as_deref(), Some(&*to.message_id)),
            None => (None, None),
        };
        let answered = answer_to.is_some();
        tracing::warn!(
            server = %run.config.target, method = ?short(method), message_id = ?short(message_id), answered, unlogged,
            "request not run: {}", malformed.cause
        );
    }
    let Some(answer_to) = answer_to else { return ack.reject(false) };
    if !ack.ack() {
        // Whoever gets it next answers.
        return;
    }
    let failure = RemoteFailure::new(answer_to.module(), answer_to.class, malformed.cause);
    let content = Content::Refusal { failure: Box::new(failure), kind: RejectionKind::BadRequest };
    let to = ReplyTo { address: answer_to.reply_to, message_id: answer_to.message_id, deadline: None };
    reply::send(run, to, content);
}

/// The beginning of a text that a peer chose, for a log line that escapes it.
fn short(text: Option<&str>) -> Option<String> {
    text.map(|text| text.chars().take(64).collect())
}
