//! One notification at a time: every method that wants it, one after the other.

use super::call;
use super::letter::{self, Letter};
use super::run::Run;
use super::settle::{Fate, settle};
use crate::transport::Delivery;
use crate::wire::short;
use tracing::Instrument;

/// Handles one delivery to its end.
pub(super) async fn handle(run: &Run, delivery: Delivery) {
    let Some(letter) = letter::read(run, delivery).await else { return };
    let event = &letter.event;
    let (event_type, message_id) = (short(&event.event_type), short(&event.message_id));
    let span = tracing::info_span!("notification", event_type, priority = %event.priority, message_id);
    let fate = call_all(run, &letter).instrument(span).await;
    settle(run, letter, fate).await;
}

async fn call_all(run: &Run, letter: &Letter) -> Fate {
    let mut fate = Fate::default();
    for method in letter.methods.iter().filter_map(|position| run.config.methods.get(*position)) {
        fate.hear(call::one(run, method, letter.event.clone()).await);
        if !fate.is_open() {
            break;
        }
    }
    fate
}
