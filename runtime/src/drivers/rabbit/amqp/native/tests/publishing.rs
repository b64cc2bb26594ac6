//! Messages and the broker's words on them.

use super::peer::*;
use super::soon;
use crate::drivers::rabbit::amqp::{Outcome, Scope};
use amq_protocol::protocol::AMQPClass::Basic;
use amq_protocol::protocol::basic;
use std::sync::{Arc, Mutex};
use tokio::sync::oneshot;

fn no_route() -> amq_protocol::protocol::AMQPClass {
    Basic(basic::AMQPMethod::Return(basic::Return {
        reply_code: 312,
        reply_text: "NO_ROUTE".into(),
        exchange: "".into(),
        routing_key: "queue".into(),
    }))
}

fn returned() -> Outcome {
    Outcome::Returned { code: 312, text: "NO_ROUTE".to_owned() }
}

#[tokio::test]
async fn a_return_belongs_to_its_message_whatever_the_confirmation_covers() {
    let (connection, _events, mut peer) = connected();
    let (confirms, id) = peer.confirms(&connection).await;
    let mut outcomes = Vec::new();
    let mut bodies = Vec::new();
    for number in 0..5 {
        let (on_outcome, outcome) = outcome();
        confirms.publish(message(&number.to_string()), on_outcome);
        bodies.push(peer.publish().await.1);
        outcomes.push(outcome);
    }
    for number in [1, 3] {
        peer.say(id, no_route()).await;
        peer.content(id, &bodies[number]).await;
    }
    let nack = basic::Nack { delivery_tag: 5, multiple: false, requeue: false };
    peer.say(id, Basic(basic::AMQPMethod::Nack(nack))).await;
    // Over more than there is: all of them.
    peer.say(id, ack(1_000, true)).await;
    let mut told = Vec::new();
    for outcome in outcomes {
        told.push(soon("an outcome", outcome).await.unwrap());
    }
    assert_eq!(told, [Outcome::Confirmed, returned(), Outcome::Confirmed, returned(), Outcome::Refused]);
    // Numbers that are not there, or no more, mean nothing.
    for (tag, multiple) in [(0, false), (0, true), (3, false), (5, true), (77, false), (u64::MAX, false)] {
        peer.say(id, ack(tag, multiple)).await;
    }
    let (on_outcome, next) = outcome();
    confirms.publish(message("next"), on_outcome);
    peer.publish().await;
    peer.say(id, ack(6, false)).await;
    assert_eq!(soon("the outcome", next).await, Ok(Outcome::Confirmed));
}

/// One question for all that was published within a moment; what was returned by the answer is told so.
#[tokio::test]
async fn messages_without_confirmations_are_asked_for_together() {
    let (connection, _events, mut peer) = connected();
    let (routed, id) = peer.routed(&connection).await;
    for round in 0..2 {
        let (mut outcomes, mut bodies) = (Vec::new(), Vec::new());
        for number in 0..5 {
            let (on_outcome, outcome) = outcome();
            routed.publish(message(&format!("{round}.{number}")), on_outcome);
            outcomes.push(outcome);
        }
        for _ in 0..5 {
            bodies.push(peer.publish().await.1);
        }
        let question = peer.hear().await;
        assert_eq!(
            question,
            (id, Basic(basic::AMQPMethod::Qos(basic::Qos { prefetch_count: 0, global: false })))
        );
        // Behind the question: not what it is about.
        let (on_outcome, mut later) = outcome();
        routed.publish(message("later"), on_outcome);
        peer.publish().await;
        peer.say(id, no_route()).await;
        peer.content(id, &bodies[3]).await;
        peer.say(id, Basic(basic::AMQPMethod::QosOk(basic::QosOk {}))).await;
        let mut told = Vec::new();
        for outcome in outcomes {
            told.push(soon("an outcome", outcome).await.unwrap());
        }
        let confirmed = Outcome::Confirmed;
        assert_eq!(told, [confirmed.clone(), confirmed.clone(), confirmed.clone(), returned(), confirmed]);
        assert!(later.try_recv().is_err(), "its own question is still to come");
        assert_eq!(peer.hear().await.0, id);
        peer.say(id, Basic(basic::AMQPMethod::QosOk(basic::QosOk {}))).await;
        assert_eq!(soon("the outcome", later).await, Ok(Outcome::Confirmed));
    }
}

/// A question that was still to come for a channel that has gone is none for the next one of its number: the answer would
/// count as the confirmation of messages that have none.
#[tokio::test]
async fn a_question_of_a_channel_that_is_gone_is_none_of_its_successor() {
    let (connection, _events, mut peer) = connected();
    let (routed, id) = peer.routed(&connection).await;
    let (on_outcome, lost) = outcome();
    routed.publish(message("lost"), on_outcome);
    peer.publish().await;
    peer.say(id, channel_close(404, "NOT_FOUND")).await;
    assert_eq!(peer.hear().await, (id, channel_close_ok()));
    assert!(matches!(soon("the outcome", lost).await, Ok(Outcome::Lost { .. })));
    let (confirms, next) = peer.confirms(&connection).await;
    assert_eq!(next, id);
    let (on_outcome, unconfirmed) = outcome();
    confirms.publish(message("one"), on_outcome);
    peer.publish().await;
    tokio::time::pause();
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    tokio::time::resume();
    let (on_outcome, _second) = outcome();
    confirms.publish(message("two"), on_outcome);
    // And not a question.
    peer.publish().await;
    peer.say(id, ack(1, false)).await;
    assert_eq!(soon("the outcome", unconfirmed).await, Ok(Outcome::Confirmed));
}

/// Deeper than anything is read: its id stays unknown, but not which message it is.
#[tokio::test]
async fn a_return_that_cannot_be_read_is_told_by_its_body() {
    let (connection, _events, mut peer) = connected();
    let (confirms, id) = peer.confirms(&connection).await;
    let mut deep = message("deep");
    deep.body = format!("{}{}", "[".repeat(500), "]".repeat(500)).into_bytes();
    let (on_outcome, first) = outcome();
    confirms.publish(message("other"), on_outcome);
    let (on_outcome, second) = outcome();
    confirms.publish(deep, on_outcome);
    peer.publish().await;
    let (_, body) = peer.publish().await;
    peer.say(id, no_route()).await;
    peer.content(id, &body).await;
    peer.say(id, ack(2, true)).await;
    assert_eq!(soon("the outcome", first).await, Ok(Outcome::Confirmed));
    assert_eq!(soon("the outcome", second).await, Ok(returned()));
}

/// Two frames must not be made of one header, and one that is too large would cost the connection.
#[tokio::test]
async fn headers_that_fit_no_frame_are_refused_and_hurt_nobody() {
    let (connection, _events, mut peer) = connected();
    let (confirms, id) = peer.confirms(&connection).await;
    let mut large = message("large");
    let value = crate::wire::Header::Text("x".repeat(FRAME_MAX));
    large.properties.headers.push(("large".into(), value));
    let (on_outcome, refused) = outcome();
    confirms.publish(large, on_outcome);
    let Ok(Outcome::Unsendable(error)) = soon("the outcome", refused).await else { panic!("it was sent") };
    assert_eq!(error.scope, Scope::Channel);
    assert!(error.text.contains("headers"), "{error}");
    let (on_outcome, next) = outcome();
    confirms.publish(message("next"), on_outcome);
    peer.publish().await;
    peer.say(id, ack(1, false)).await;
    assert_eq!(soon("the outcome", next).await, Ok(Outcome::Confirmed));
}

/// Whoever is told may panic; the others are told all the same, and the connection lives.
#[tokio::test]
async fn a_panic_of_one_who_is_told_costs_nobody_else() {
    let (connection, mut events, mut peer) = connected();
    let (confirms, id) = peer.confirms(&connection).await;
    confirms.publish(message("one"), Box::new(|_, _| panic!("of the test")));
    let (on_outcome, second) = outcome();
    confirms.publish(message("two"), on_outcome);
    peer.publish().await;
    peer.publish().await;
    peer.say(id, ack(2, true)).await;
    assert_eq!(soon("the outcome", second).await, Ok(Outcome::Confirmed));
    let (_channel, _) = peer.channel(&connection).await;
    assert!(events.try_recv().is_err(), "the connection lives");
}

/// What is told may publish again at once, on the same channel, and let go of the last channel.
#[tokio::test]
async fn an_outcome_may_use_the_connection() {
    let (connection, _events, mut peer) = connected();
    let (confirms, id) = peer.confirms(&connection).await;
    let (told, done) = oneshot::channel();
    let (again, told) = (Arc::new(Mutex::new(Some(confirms.clone()))), Arc::new(Mutex::new(Some(told))));
    let (on_outcome, second) = outcome();
    let on_outcome = Mutex::new(Some(on_outcome));
    confirms.publish(
        message("one"),
        Box::new(move |_, _| {
            let confirms = again.lock().unwrap().take().unwrap();
            confirms.publish(message("two"), on_outcome.lock().unwrap().take().unwrap());
            drop(confirms);
            told.lock().unwrap().take().unwrap().send(()).unwrap();
        }),
    );
    drop(confirms);
    peer.publish().await;
    peer.say(id, ack(1, false)).await;
    soon("the first outcome", done).await.unwrap();
    peer.publish().await;
    let (_, close) = peer.hear().await;
    assert_eq!(close, channel_close(200, "OK"));
    // The channel closes, but what was published on it still has its outcome.
    peer.say(id, ack(2, false)).await;
    peer.say(id, channel_close_ok()).await;
    assert_eq!(soon("the second outcome", second).await, Ok(Outcome::Confirmed));
}
