//! A call's wait for its end: the answer, the deadline, or its server's silence.

use super::correlation::{Event, Outcome, Waiting};
use crate::serving::after;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// How long a driver may take beyond a request's deadline to say what became of it. It settles by the deadline, so this
/// only covers two timers that fire together.
pub(super) const SETTLING: Duration = Duration::from_millis(250);

/// Why no outcome came.
pub(super) enum Silence {
    Deadline,
    Server { silent_for: Duration },
}

/// Waits for a call's end, its deadline, or its server's silence.
pub(super) async fn answer(
    waiting: &Waiting,
    deadline: Instant,
    monitor: Option<Duration>,
) -> Result<Outcome, Silence> {
    let mut heard = monitor.map(|_| Instant::now());
    let wake_at = |heard: Option<Instant>| match (heard, monitor) {
        (Some(heard), Some(monitor)) => deadline.min(after(heard, monitor)),
        _ => deadline,
    };
    let mut timer = pin!(sleep_until(wake_at(heard)));
    loop {
        let event = tokio::select! {
            biased;
            event = waiting.next() => Some(event),
            () = timer.as_mut() => None,
        };
        match event {
            Some(Event::Ended(outcome)) => return Ok(outcome),
            Some(Event::Heartbeat) if heard.is_some() => {
                heard = Some(Instant::now());
                timer.as_mut().reset(wake_at(heard));
            }
            Some(Event::Heartbeat | Event::Settled) => {}
            None => match heard {
                Some(heard) if timer.deadline() < deadline => {
                    return Err(Silence::Server { silent_for: heard.elapsed() });
                }
                _ => return settled_late(waiting, deadline).await.ok_or(Silence::Deadline),
            },
        }
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
async fn settled_late(waiting: &Waiting, deadline: Instant) -> Option<Outcome> {
    waiting.tell_when_settled();
    let last_word = async {
        loop {
            match waiting.next().await {
                Event::Ended(outcome) => return Some(outcome),
                Event::Settled => return None,
                Event::Heartbeat => {}
            }
        }
    };
    timeout_at(after(deadline, SETTLING), last_word).await.ok().flatten()
}
