//! What becomes of a notification in the end, and of the copies that have waited for that.

use super::call::Answer;
use super::letter::Letter;
use super::resend::{bury, publish_again};
use super::run::Run;
use crate::transport::AckHandle;
use crate::wire::short;
use std::fmt;

/// What its methods have made of a notification. One may ask for it again that another cannot have: neither word makes the
/// other void.
#[derive(Debug, Default)]
pub(super) struct Fate {
    /// It is to come again; the first method's reason.
    again: Option<Why>,
    /// Some method cannot have it: when it does not come again, it is for the dead letters. The last such method's reason.
    dead: Option<Why>,
}

impl Fate {
    /// Takes a method's answer in.
    pub(super) fn hear(&mut self, answer: Answer) {
        match answer {
            Answer::Done => {}
            Answer::Again(why) => _ = self.again.get_or_insert(why),
            Answer::Dead(why) => self.dead = Some(why),
        }
    }

    /// Whether further methods are to be called.
    pub(super) fn is_open(&self) -> bool {
        self.again.is_none()
    }
}

/// Why a notification is not done with.
#[derive(Debug, Clone)]
pub(super) enum Why {
    /// A method asked for it.
    Asked,
    /// A method failed: its name and the failure.
    Failed(String),
    /// It did not fit a method.
    Unfit {
        /// `<endpoint>.<method>`.
        method: String,
        /// What does not fit; may quote values, so it may stand beside the message and not in a log.
        cause: String,
    },
}

impl Why {
    /// What a log may say.
    pub(super) fn loggable(&self) -> String {
        match self {
            Self::Unfit { method, .. } => format!("{method}: it does not fit"),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("a method asked for it again"),
            Self::Failed(cause) => f.write_str(cause),
            Self::Unfit { method, cause } => write!(f, "{method}: {cause}"),
        }
    }
}

/// Carries a notification's fate out.
pub(super) async fn settle(run: &Run, letter: Letter, fate: Fate) {
    let failed = matches!(fate.again, Some(Why::Failed(_)));
    if let Some(why) = fate.again {
        log(run, &letter, &why);
        if run.config.allow_requeue {
            return again(run, letter, &why).await;
        }
    }
    if let Some(why) = fate.dead {
        return dead(run, letter, &why.to_string(), &why.loggable()).await;
    }
    if !failed {
        run.counters.handled.add();
    }
    done(run, letter);
}

fn log(run: &Run, letter: &Letter, why: &Why) {
    let Why::Failed(cause) = why else { return };
    run.counters.failed.add();
    if let Some(unlogged) = run.logs.failures.pass() {
        let (event_type, message_id) = (short(&letter.event.event_type), short(&letter.event.message_id));
        tracing::error!(event_type, message_id, unlogged, "a handler of notifications failed: {cause}");
    }
}

fn done(run: &Run, letter: Letter) {
    let copies = run.copies.conclude(letter.key, true);
    acknowledge(letter.ack, copies);
}

/// Gives a notification back, by the way that counts it.
async fn again(run: &Run, letter: Letter, why: &Why) {
    let origin = &letter.origin;
    let before = origin.handled_before();
    match run.config.redelivery_limit {
        Some(limit) if before >= limit.into() => {
            let said = |why: &str| format!("redelivered {before} times, the limit: {why}");
            dead(run, letter, &said(&why.to_string()), &said(&why.loggable())).await;
        }
        // Nobody else counts: it goes on as a new message that says how often it was handled.
        Some(_) if origin.counted.is_none() => republish(run, letter, why).await,
        _ => give_back(run, letter),
    }
}

fn give_back(run: &Run, letter: Letter) {
    run.counters.requeued.add();
    // First of all: it may be back before the reject returns, and is then no copy of something that is being handled.
    let copies = run.copies.conclude(letter.key, false);
    reject(letter.ack, copies);
}

async fn republish(run: &Run, letter: Letter, why: &Why) {
    let Letter { origin, key, ack, .. } = letter;
    // As in `give_back`: the new message comes before its confirmation.
    let copies = run.copies.conclude(key, false);
    if publish_again(run, origin, &why.to_string()).await {
        acknowledge(ack, copies);
    } else {
        run.counters.requeued.add();
        reject(ack, copies);
    }
}

async fn dead(run: &Run, letter: Letter, reason: &str, loggable: &str) {
    let Letter { origin, key, ack, .. } = letter;
    let buried = bury(run, origin, reason, loggable).await;
    // Not remembered as done: whoever moves it back from the dead letters wants it handled.
    let copies = run.copies.conclude(key, false);
    if buried {
        acknowledge(ack, copies);
    } else {
        run.counters.requeued.add();
        reject(ack, copies);
    }
}

fn acknowledge(ack: AckHandle, copies: Vec<AckHandle>) {
    for ack in std::iter::once(ack).chain(copies) {
        // Handled it is, whether the broker learns of it or gives it out again.
        ack.ack();
    }
}

fn reject(ack: AckHandle, copies: Vec<AckHandle>) {
    std::iter::once(ack).chain(copies).for_each(|ack| ack.reject(true));
}
