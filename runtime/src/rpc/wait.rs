//! A call's wait for its end: the answer, the deadline, or its server's silence.

use super::correlation::{Event, Outcome, Waiting};
use super::monitor::Monitor;
use crate::serving::after;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// How long a driver may take beyond a request's deadline to say what became of it. It settles by the deadline, so this
/// only covers two timers that fire together.
pub(super) const SETTLING: Duration = Duration::from_millis(100);

/// Why no outcome came.
pub(super) enum Silence {
    Deadline,
    Server { silent_for: Duration },
}

/// What a wait was interrupted by.
enum Woken {
    By(Event),
    Disturbed,
    Timer,
}

/// Waits for a call's end, until `limit` or its server's silence.
pub(super) async fn answer(
    waiting: &Waiting,
    limit: Instant,
    monitor: &mut Option<Monitor>,
) -> Result<Outcome, Silence> {
    let wake_at =
        |monitor: &Option<Monitor>| monitor.as_ref().map_or(limit, |monitor| limit.min(monitor.due()));
    let mut timer = pin!(sleep_until(wake_at(monitor)));
    loop {
        let woken = tokio::select! {
            biased;
            event = waiting.next() => Woken::By(event),
            () = disturbed(monitor) => Woken::Disturbed,
            () = timer.as_mut() => Woken::Timer,
        };
        match (woken, &mut *monitor) {
            (Woken::By(Event::Ended(outcome)), _) => return Ok(outcome),
            (Woken::Timer, _) if timer.deadline() >= limit => return Err(Silence::Deadline),
            (Woken::Timer, Some(monitor)) if monitor.could_hear() && waiting.slot().is_settled() => {
                return Err(Silence::Server { silent_for: monitor.silent_for() });
            }
            (Woken::By(Event::Alive) | Woken::Disturbed | Woken::Timer, Some(monitor)) => monitor.restart(),
            _ => {}
        }
        timer.as_mut().reset(wake_at(monitor));
    }
}

async fn disturbed(monitor: &mut Option<Monitor>) {
    match monitor {
        Some(monitor) => monitor.disturbed().await,
        None => std::future::pending().await,
    }
}

/// Waits until `limit` for a call that may end by itself.
pub(super) async fn ended_by(waiting: &Waiting, limit: Instant) -> Option<Outcome> {
    let ended = async {
        loop {
            if let Event::Ended(outcome) = waiting.next().await {
                return outcome;
            }
        }
    };
    timeout_at(limit, ended).await.ok()
}

/// A last look after the deadline: whether the broker's refusal, due by the same moment, is the better answer.
pub(super) async fn settled_late(waiting: &Waiting, deadline: Instant) -> Option<Outcome> {
    waiting.tell_when_settled();
    let last_word = async {
        loop {
            match waiting.next().await {
                Event::Ended(outcome) => return Some(outcome),
                Event::Settled => return None,
                Event::Alive => {}
            }
        }
    };
    timeout_at(after(deadline, SETTLING), last_word).await.ok().flatten()
}
