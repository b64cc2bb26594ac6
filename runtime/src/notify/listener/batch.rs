//! Several notifications at a time: those of each priority together, in alphabetical order as in Python.

use super::call::{self, Answer};
use super::letter::{self, Letter};
use super::methods::Method;
use super::run::Run;
use super::settle::{Fate, settle};
use crate::notify::Event;
use crate::transport::Delivery;
use futures_util::future::join_all;

/// A notification of a batch, and what its methods have made of it so far.
struct Member {
    letter: Letter,
    fate: Fate,
}

/// Handles a closed batch to its end.
pub(super) async fn handle(run: &Run, deliveries: Vec<Delivery>) {
    let mut members = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        if let Some(letter) = letter::read(run, delivery).await {
            members.push(Member { letter, fate: Fate::default() });
        }
    }
    // Stable: within a priority the order of delivery stays.
    members.sort_by_key(|member| member.letter.event.priority);
    for group in members.chunk_by_mut(|one, other| one.letter.event.priority == other.letter.event.priority) {
        for (position, method) in run.config.methods.iter().enumerate() {
            let mut wanting: Vec<&mut Member> = group
                .iter_mut()
                .filter(|member| member.fate.is_open() && member.letter.methods.contains(&position))
                .collect();
            if wanting.is_empty() {
                continue;
            }
            if !method.batch {
                call_each(run, method, wanting).await;
            } else if let again @ Answer::Again(_) = call_together(run, method, &mut wanting).await {
                // The whole group comes again, as in Python, also those that this method did not want.
                group.iter_mut().for_each(|member| member.fate.hear(again.clone()));
                break;
            }
        }
    }
    join_all(members.into_iter().map(|Member { letter, fate }| settle(run, letter, fate))).await;
}

async fn call_each(run: &Run, method: &Method, wanting: Vec<&mut Member>) {
    for member in wanting {
        let answer = call::one(run, method, member.letter.event.clone()).await;
        member.fate.hear(answer);
    }
}

/// The answer for all; those that do not fit have got theirs.
async fn call_together(run: &Run, method: &Method, wanting: &mut [&mut Member]) -> Answer {
    let events: Vec<Event> = wanting.iter().map(|member| member.letter.event.clone()).collect();
    let (answer, unfit) = call::several(run, method, events).await;
    for (at, answer) in unfit {
        if let Some(member) = wanting.get_mut(at) {
            member.fate.hear(answer);
        }
    }
    answer
}
