//! From the hand-over of a message to its outcome.

use super::Shared;
use super::destinations::Place;
use super::lane::{Fate, Lane, Lost, names};
use super::state::Terms;
use crate::drivers::rabbit::amqp::{AmqpError, Message, Outcome, Scope};
use crate::drivers::rabbit::refusal::advice;
use crate::drivers::rabbit::topology::Address;
use crate::error::NotSentReason;
use crate::transport::{Confirmed, PublishError, Route};
use std::sync::Arc;

impl Shared {
    pub(super) fn hand_over(self: &Arc<Self>, lane: &Arc<Lane>, message: Message, terms: Terms) {
        let bytes = message.body.len();
        let (shared, of) = (Arc::clone(self), Arc::clone(lane));
        lane.publish(message, move |outcome, message| {
            let ended = matches!(outcome, Outcome::Lost { .. } | Outcome::TooLate(_));
            let settling = match (outcome, message) {
                // A lost connection leaves nothing certain, the end of a channel may.
                (Outcome::Lost { number, error }, Some(message)) if error.scope == Scope::Channel => {
                    of.lose(Lost { position: number, error, message, terms });
                    None
                }
                (Outcome::TooLate(error), Some(message)) => {
                    shared.wait_for_another(&of, &error, message, terms);
                    None
                }
                (outcome, _) => Some((outcome, terms)),
            };
            // What goes back to those that wait is there before its room is given: it is never unaccounted for.
            for (fate, lost) in of.settled().into_iter().rev() {
                shared.meet(fate, lost, &of);
            }
            if shared.give_room(bytes) || ended {
                shared.pump.notify_one();
            }
            if let Some((outcome, terms)) = settling {
                shared.settle(outcome, terms, &of);
            }
        });
    }

    /// The channel had ended before a message: that waits for the next one.
    fn wait_for_another(&self, lane: &Lane, error: &AmqpError, message: Message, terms: Terms) {
        lane.close();
        if misses(error, &message) {
            self.lock().destinations.forget_exchange(&message.exchange);
        }
        self.put_back(message, terms);
    }

    fn settle(&self, outcome: Outcome, terms: Terms, lane: &Lane) {
        let node = Some(Arc::clone(&lane.node));
        let told = match outcome {
            Outcome::Confirmed => Ok(Confirmed { node }),
            Outcome::Returned { code, text } => {
                let Address { exchange, routing_key } = self.profile.address(&terms.route);
                self.lock().destinations.forget_queue(Place::of(&terms.route, &exchange, &routing_key));
                let (exchange, routing_key) = (exchange.to_string(), routing_key.to_string());
                Err(PublishError::Returned { exchange, routing_key, code, text, node })
            }
            Outcome::Refused => {
                let cause = "the broker refused responsibility (basic.nack)".to_owned();
                Err(PublishError::Refused { cause, node })
            }
            Outcome::Lost { error, .. } => {
                Err(PublishError::Lost { cause: format!("lost before its confirmation: {error}"), node })
            }
            Outcome::TooLate(error) | Outcome::Unsendable(error) => {
                Err(PublishError::NotSent(refusal(&error, &terms.route, lane)))
            }
        };
        terms.settle(told);
    }

    /// What becomes of a message that was lost with its channel. What is to be tried again goes before all that waits.
    fn meet(&self, fate: Fate, lost: Lost, lane: &Lane) {
        let Lost { position, error, message, mut terms } = lost;
        let missing = misses(&error, &message);
        if missing {
            self.lock().destinations.forget_exchange(&message.exchange);
        }
        let again = match fate {
            Fate::Ignored => true,
            // Declared anew it can be published, unless that has been tried already.
            Fate::Refused => missing && !std::mem::replace(&mut terms.again, true),
            // Whoever had a fanout from an exchange that has gone since has left, so nobody gets it twice.
            Fate::Unknown => {
                let fanout = matches!(terms.route, Route::Fanout { .. });
                terms.taken |= fanout;
                missing && fanout && !std::mem::replace(&mut terms.again, true)
            }
        };
        if again {
            return self.put_back(message, terms);
        }
        match (fate, error.code) {
            // It was there for the declaration and not for the message, so no queue was bound to it.
            (Fate::Refused, Some(code @ 404)) => {
                self.settle(Outcome::Returned { code, text: error.text }, terms, lane)
            }
            (Fate::Refused, _) => {
                let reason = refusal(&error, &terms.route, lane);
                terms.settle(Err(PublishError::NotSent(reason)));
            }
            _ => self.settle(Outcome::Lost { number: position, error }, terms, lane),
        }
    }
}

/// Whether the exchange of a message is what the broker misses.
fn misses(error: &AmqpError, message: &Message) -> bool {
    error.code == Some(404) && names(error, &message.exchange)
}

fn refusal(error: &AmqpError, route: &Route, lane: &Lane) -> NotSentReason {
    let what = format!("a message for {route:?} on {}", lane.node);
    NotSentReason::Refused { what, cause: format!("{error}{}", advice(error)) }
}
