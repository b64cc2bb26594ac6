//! One call, from its checks to its answer.

use super::begun::Begun;
use super::caller::Shared;
use super::correlation::{Outcome, Waiting};
use super::monitor::Monitor;
use super::outgoing;
use super::refusals::Refusals;
use super::wait::{SETTLING, Silence, answer, ended_by, settled_late};
use crate::contract::{Answer, Invocation, classify};
use crate::error::{BadReply, CallFault, NotSent, NotSentReason, ServerLost, TimeoutInfo};
use crate::id::MessageId;
use crate::serving::after;
use crate::target::Target;
use crate::transport::{DriverError, Publish, PublishError, QueueState, ReplyAddress, Route};
use crate::wire::OutgoingCall;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long before its deadline a call without an answer asks the broker about its queue, so that the error that it then
/// ends with can say who is there, and need not wait for that.
const INSPECTION: Duration = Duration::from_millis(500);

/// Below this a server sends no signs of life.
const SHORTEST_MONITOR: Duration = Duration::from_secs(2);

/// How a call ended: with an outcome, or without one and what is then known.
enum End {
    Outcome(Outcome),
    Silent { silent_for: Duration },
    Late { queue: Option<QueueState> },
}

impl Shared {
    /// A call from its checks to its answer.
    pub(super) async fn exchange(&self, invocation: &Invocation, begun: &Begun) -> Result<Answer, CallFault> {
        let refuse =
            |reason| CallFault::NotSent(Box::new(NotSent { request: begun.info(invocation, None), reason }));
        let route = self.check(invocation, begun).map_err(refuse)?;
        if matches!(route, Route::Fanout { .. }) {
            let text = "a call cannot go to every server, its caller takes one answer; use a cast";
            return Err(refuse(NotSentReason::InvalidTarget(text.to_owned())));
        }
        let monitor = invocation.options.call_monitor.or_else(|| self.own_monitor(invocation, begun));
        let (address, remaining) = self.reply_address(invocation, begun).await.map_err(refuse)?;
        let mut call = OutgoingCall {
            message_id: invocation.message_id,
            reply_to: &address.0,
            monitor,
            timeout: remaining,
        };
        let unique_id = MessageId::random();
        let publish = self.encode(invocation, begun, route, unique_id, Some(call)).map_err(refuse)?;
        let losses = self.counters.connections_lost.get();
        let waiting = self.correlation.wait_for(invocation.message_id);
        if monitor.is_some() {
            waiting.tell_signs_of_life();
        }
        tracing::debug!(method = %invocation.method, message_id = %invocation.message_id, "call sent");
        self.hand_over(&waiting, publish);
        let mut refusals = Refusals::none();
        let end = loop {
            let end = self.end(&waiting, invocation, begun, monitor).await;
            if !matches!(end, End::Outcome(Outcome::Failed(PublishError::Refused { .. }))) {
                break end;
            }
            let Some(again) = refusals.again(begun.deadline) else { break end };
            tracing::debug!(message_id = %invocation.message_id, "the broker refused the call, trying again");
            // A refused message may have reached its queue all the same, and be answered.
            if let Some(outcome) = ended_by(&waiting, again).await {
                break End::Outcome(outcome);
            }
            call.timeout = begun.deadline.saturating_duration_since(again);
            let again = outgoing::route(&invocation.target)
                .and_then(|route| self.encode(invocation, begun, route, unique_id, Some(call)));
            match again {
                Ok(publish) => self.hand_over(&waiting, publish),
                Err(reason) => break End::Outcome(Outcome::Failed(PublishError::NotSent(reason))),
            }
        };
        let (confirmed, node) = (waiting.slot().is_confirmed(), waiting.slot().node());
        match end {
            End::Outcome(Outcome::Reply(reply)) => {
                if reply.rust_peer {
                    self.rust_peers.answered(&invocation.target);
                }
                match reply.failure {
                    None => Ok(Answer::Result(reply.result.unwrap_or_default())),
                    Some(failure) => classify(failure, reply.refused, begun.info(invocation, node)),
                }
            }
            End::Outcome(Outcome::Unreadable(cause)) => {
                let request = begun.info(invocation, node);
                Err(CallFault::BadReply(Box::new(BadReply { request, cause })))
            }
            End::Outcome(Outcome::Failed(error)) => {
                Err(self.not_taken(refusals.sum_up(error), invocation, begun).into())
            }
            End::Silent { silent_for } => {
                self.counters.servers_lost.add();
                let request = begun.info(invocation, node);
                Err(CallFault::ServerLost(Box::new(ServerLost { request, silent_for })))
            }
            End::Late { queue } => {
                self.counters.timeouts.add();
                Err(CallFault::Timeout(Box::new(TimeoutInfo {
                    request: begun.info(invocation, node),
                    timeout: begun.time(),
                    confirmed: self.driver.capabilities().confirm.then_some(confirmed),
                    consumers: queue.map(|queue| queue.consumers),
                    waiting: queue.map(|queue| queue.messages),
                    reconnects: u32::try_from(self.counters.connections_lost.get() - losses)
                        .unwrap_or(u32::MAX),
                })))
            }
        }
    }

    /// Waits for a call's end.
    async fn end(
        &self,
        waiting: &Waiting,
        invocation: &Invocation,
        begun: &Begun,
        monitor: Option<Duration>,
    ) -> End {
        let mut monitor = monitor.map(|silence| Monitor::new(silence, self.driver.health()));
        let ask_at = begun.deadline - INSPECTION.min(begun.time() / 2);
        match answer(waiting, ask_at, &mut monitor).await {
            Ok(outcome) => return End::Outcome(outcome),
            Err(Silence::Server { silent_for }) => return End::Silent { silent_for },
            Err(Silence::Deadline) => {}
        }
        // Few calls come so far: the others need not have room for it.
        Box::pin(self.late_end(waiting, invocation, begun, monitor)).await
    }

    /// Waits for the end of a call that is near its deadline, and asks the broker about the queue meanwhile.
    async fn late_end(
        &self,
        waiting: &Waiting,
        invocation: &Invocation,
        begun: &Begun,
        mut monitor: Option<Monitor>,
    ) -> End {
        let mut inspection = pin!(self.inspect(waiting, &invocation.target));
        let mut queue = None;
        let mut rest = pin!(answer(waiting, begun.deadline, &mut monitor));
        let ended = loop {
            tokio::select! {
                biased;
                ended = &mut rest => break ended,
                found = &mut inspection, if queue.is_none() => queue = Some(found),
            }
        };
        match ended {
            Ok(outcome) => return End::Outcome(outcome),
            Err(Silence::Server { silent_for }) => return End::Silent { silent_for },
            Err(Silence::Deadline) => {}
        }
        if let Some(outcome) = settled_late(waiting, begun.deadline).await {
            return End::Outcome(outcome);
        }
        let queue = match queue {
            Some(found) => found,
            None => timeout_at(after(begun.deadline, SETTLING), inspection).await.ok().flatten(),
        };
        End::Late { queue }
    }

    /// Hands a call's request over; its outcome goes to the call's slot.
    fn hand_over(&self, waiting: &Waiting, publish: Publish) {
        let slot = Arc::clone(waiting.slot());
        self.driver.publish(
            publish,
            Box::new(move |settled| match settled {
                Ok(confirmed) => slot.confirmed(confirmed.node),
                Err(PublishError::Lost { .. }) => slot.lost(),
                Err(error) => slot.failed(error),
            }),
        );
    }

    /// The monitoring of a call that asks for none: a call longer than the usual timeout, to a server known to be ours,
    /// ends when that server was silent for the usual timeout.
    fn own_monitor(&self, invocation: &Invocation, begun: &Begun) -> Option<Duration> {
        let usual = self.options.rpc_response_timeout;
        let long = begun.time() > usual && usual >= SHORTEST_MONITOR;
        (long && self.driver.capabilities().call_monitor && self.rust_peers.contains(&invocation.target))
            .then_some(usual)
    }

    /// The reply address, and what is then left of the call's time.
    async fn reply_address(
        &self,
        invocation: &Invocation,
        begun: &Begun,
    ) -> Result<(ReplyAddress, Duration), NotSentReason> {
        if let Some(address) = self.driver.reply_address() {
            return Ok((address, begun.time()));
        }
        let deadline = Some(begun.deadline.into_std());
        let address =
            self.driver.reply_address_by(deadline, invocation.options.retry).await.map_err(not_sent)?;
        let remaining = begun.deadline.saturating_duration_since(Instant::now());
        if remaining.is_zero() { Err(NotSentReason::DeadlinePassed) } else { Ok((address, remaining)) }
    }

    /// What the broker knows of the queue of a call; nothing while it has not even taken the request, or is away.
    async fn inspect(&self, waiting: &Waiting, target: &Target) -> Option<QueueState> {
        let taken = waiting.slot().is_confirmed() || !self.driver.capabilities().confirm;
        if !taken || !self.driver.health().borrow().is_ready() {
            return None;
        }
        self.driver.inspect(&outgoing::route(target).ok()?).await
    }
}

/// A driver's failure to have a connection, for somebody who wanted to send.
fn not_sent(error: DriverError) -> NotSentReason {
    match error {
        DriverError::Closed => NotSentReason::Closed,
        DriverError::Unreachable { waited, attempts, cause } => {
            NotSentReason::Unreachable { waited, attempts, cause }
        }
        DriverError::Refused { what, cause } => NotSentReason::Refused { what, cause },
        DriverError::Unsupported { driver, capability } => NotSentReason::Unsupported { driver, capability },
    }
}
