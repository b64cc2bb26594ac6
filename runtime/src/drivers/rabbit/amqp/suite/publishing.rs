//! Declarations, and messages with the broker's word on each.

use super::stage::{Stage, assured, confirms, consume, fill, inspected, publish, queue, take, told, within};
use crate::drivers::rabbit::amqp::sample::{message, outcome};
use crate::drivers::rabbit::amqp::{AmqpError, Assurance, ExchangeSpec, Message, Outcome, QueueSpec, Scope};
use crate::wire::Header;
use std::time::Duration;

fn exchange(name: &str, fanout: bool) -> ExchangeSpec {
    ExchangeSpec { name: name.to_owned(), fanout, durable: false, auto_delete: false }
}

pub async fn what_is_declared_and_bound_takes_messages(stage: Stage) {
    let (_connection, confirms, channel) = stage.queue("one").await;
    channel.declare_queue(&queue("two")).await.unwrap();
    channel.declare_exchange(&exchange("topic", false)).await.unwrap();
    channel.declare_exchange(&exchange("fanout", true)).await.unwrap();
    channel.bind("one", "topic", "key").await.unwrap();
    for name in ["one", "two"] {
        channel.bind(name, "fanout", "").await.unwrap();
    }
    for (exchange, key) in [("topic", "key"), ("fanout", "")] {
        let (on_outcome, outcome) = outcome();
        confirms.publish(Message { exchange: exchange.into(), ..message(key, "x") }, on_outcome);
        assert_eq!(told(vec![outcome]).await, [Outcome::Confirmed]);
    }
    inspected(&channel, "one", 2, 0).await;
    inspected(&channel, "two", 1, 0).await;
    channel.delete_queue("two").await.unwrap();
    let error = channel.inspect("two").await.unwrap_err();
    assert_eq!((error.code, error.scope), (Some(404), Scope::Channel));
}

pub async fn a_mismatch_costs_its_channel_only(stage: Stage) {
    let (connection, mut events, confirms) = stage.publisher().await;
    let other = connection.channel().await.unwrap();
    other.declare_queue(&queue("plain")).await.unwrap();
    let channel = connection.channel().await.unwrap();
    let durable = QueueSpec { durable: true, ..queue("plain") };
    let error = channel.declare_queue(&durable).await.unwrap_err();
    assert_eq!((error.code, error.scope), (Some(406), Scope::Channel));
    assert!(error.text.contains("durable"), "{error}");
    assert!(channel.declare_queue(&queue("plain")).await.is_err(), "the channel is gone");
    within("the end", channel.close()).await;
    inspected(&other, "plain", 0, 0).await;
    fill(&confirms, "plain", 1).await;
    assert!(events.try_recv().is_err(), "the connection is not concerned");
}

/// Every tenth of 500 goes nowhere.
fn split(texts: usize) -> Vec<(&'static str, String)> {
    (0..texts)
        .map(|number| (if number % 10 == 7 { "nowhere" } else { "there" }, number.to_string()))
        .collect()
}

fn assert_split(told: &[Outcome]) {
    for (number, told) in told.iter().enumerate() {
        match told {
            Outcome::Returned { code: 312, text } if number % 10 == 7 => assert_eq!(text, "NO_ROUTE"),
            Outcome::Confirmed if number % 10 != 7 => {}
            other => panic!("message {number}: {other:?}"),
        }
    }
}

pub async fn of_500_at_once_exactly_the_unroutable_ones_are_returned(stage: Stage) {
    let (_connection, confirms, channel) = stage.queue("there").await;
    for _ in 0..4 {
        let mut outcomes = Vec::new();
        for (key, text) in split(500) {
            outcomes.extend(publish(&confirms, key, &[text]));
        }
        assert_split(&told(outcomes).await);
    }
    inspected(&channel, "there", 1_800, 0).await;
}

pub async fn of_500_that_need_no_confirmation_the_unroutable_ones_are_returned(stage: Stage) {
    let (connection, _confirms, channel) = stage.queue("there").await;
    let routed = assured(&connection, Assurance::Routed).await;
    for _ in 0..4 {
        let outcomes = split(500).into_iter().flat_map(|(key, text)| publish(&routed, key, &[text]));
        assert_split(&told(outcomes.collect()).await);
    }
    inspected(&channel, "there", 1_800, 0).await;
}

pub async fn several_threads_publish_at_once(stage: Stage) {
    let (_connection, confirms, channel) = stage.queue("there").await;
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let confirms = confirms.clone();
            tokio::task::spawn_blocking(move || {
                let publish = |(key, text): (&str, String)| publish(&confirms, key, &[text]);
                split(200).into_iter().flat_map(publish).collect::<Vec<_>>()
            })
        })
        .collect();
    for thread in threads {
        assert_split(&told(thread.await.unwrap()).await);
    }
    inspected(&channel, "there", 720, 0).await;
}

pub async fn a_message_that_is_not_mandatory_is_confirmed_wherever_it_goes(stage: Stage) {
    let (_connection, _events, confirms) = stage.publisher().await;
    let (on_outcome, outcome) = outcome();
    let mut nowhere = message("nowhere", "x");
    nowhere.mandatory = false;
    confirms.publish(nowhere, on_outcome);
    assert_eq!(told(vec![outcome]).await, [Outcome::Confirmed]);
}

pub async fn a_full_queue_refuses(stage: Stage) {
    let (_connection, _events, confirms) = stage.publisher().await;
    stage.operator.declare_tiny_queue("tiny").await;
    let texts: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    // One after the other: a queue looks at its length between two messages.
    let mut outcomes = Vec::new();
    for text in texts {
        outcomes.extend(told(publish(&confirms, "tiny", &[text])).await);
    }
    assert_eq!(outcomes[0], Outcome::Confirmed);
    assert!(outcomes[2..].iter().all(|outcome| *outcome == Outcome::Refused), "{outcomes:?}");
}

/// A message to a missing exchange costs the channel, and every message that waits on it learns so.
pub async fn a_missing_exchange_costs_the_channel(stage: Stage) {
    let (connection, mut events, confirms_) = stage.publisher().await;
    let (on_outcome, outcome) = outcome();
    let mut gone = message("key", "x");
    gone.exchange = "missing".into();
    confirms_.publish(gone, on_outcome);
    let error = told(vec![outcome]).await.pop().and_then(lost).expect("a loss");
    assert_eq!((error.code, error.scope), (Some(404), Scope::Channel));
    assert!(!confirms_.is_open());
    let late = told(publish(&confirms_, "nowhere", &["late".to_owned()])).await;
    assert!(matches!(&late[..], [Outcome::TooLate(_)]), "{late:?}");
    assert!(confirms(&connection).await.is_open());
    assert!(events.try_recv().is_err(), "the connection is not concerned");
}

/// None, one, a frame's worth and one more or less, and many frames' worth.
pub async fn bodies_of_every_size_come_whole(stage: Stage) {
    let (_connection, confirms, channel) = stage.queue("sizes").await;
    let (mut messages, _running) = consume(&channel, "sizes", 1).await;
    let frame = (128 << 10) - 8;
    for size in [0, 1, frame - 1, frame, frame + 1, 2 * frame, 5 << 20] {
        let mut sent = message("sizes", "");
        sent.body = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let body = sent.body.clone();
        let (on_outcome, outcome) = outcome();
        confirms.publish(sent, on_outcome);
        assert_eq!(told(vec![outcome]).await, [Outcome::Confirmed]);
        let received = take(&mut messages, 1).await.pop().unwrap();
        assert!(received.body == body, "a body of {size} bytes came as one of {}", received.body.len());
    }
}

pub async fn properties_and_headers_come_back(stage: Stage) {
    let (_connection, confirms, channel) = stage.queue("headers").await;
    let (mut messages, _running) = consume(&channel, "headers", 1).await;
    let mut full = message("headers", "x");
    full.properties.content_encoding = Some("utf-8".into());
    full.properties.compression = Some("application/x-gzip".into());
    full.properties.expiration = Some(Duration::from_millis(3_600_000));
    full.properties.persistent = true;
    full.properties.headers =
        vec![("integer".into(), Header::Integer(i64::MIN)), ("text".into(), Header::Text("é".repeat(1_000)))];
    let mut bare = message("headers", "x");
    bare.properties = crate::wire::Properties::default();
    for sent in [full, bare] {
        let expected = sent.properties.clone();
        let (on_outcome, outcome) = outcome();
        confirms.publish(sent, on_outcome);
        assert_eq!(told(vec![outcome]).await, [Outcome::Confirmed]);
        let received = take(&mut messages, 1).await.pop().unwrap();
        assert_eq!(received.properties, expected);
    }
}

/// The protocol has room for 255 bytes. A longer name is refused here, and costs nothing.
pub async fn names_are_as_long_as_the_protocol_allows(stage: Stage) {
    let (connection, mut events, confirms) = stage.publisher().await;
    let channel = connection.channel().await.unwrap();
    let (long, longer) = ("n".repeat(255), "n".repeat(256));
    channel.declare_exchange(&exchange(&long, false)).await.unwrap();
    channel.declare_queue(&queue(&long)).await.unwrap();
    channel.bind(&long, &long, &long).await.unwrap();
    let (mut messages, _running) = consume(&channel, &long, 1).await;
    fill(&confirms, &long, 1).await;
    take(&mut messages, 1).await;
    let mut refusals = vec![
        channel.declare_exchange(&exchange(&longer, false)).await,
        channel.declare_queue(&queue(&longer)).await,
        channel.bind(&longer, &long, &long).await,
        channel.bind(&long, &longer, &long).await,
        channel.bind(&long, &long, &longer).await,
        channel.inspect(&longer).await.map(drop),
        channel.delete_queue(&longer).await,
        channel.consume(&longer, 1, |_| {}).await.map(drop),
    ];
    for field in 0..2 {
        let mut sent = message("nowhere", "x");
        *(if field == 0 { &mut sent.exchange } else { &mut sent.routing_key }) = longer.as_str().into();
        let (on_outcome, outcome) = outcome();
        confirms.publish(sent, on_outcome);
        refusals.push(match told(vec![outcome]).await.pop() {
            Some(Outcome::Unsendable(error)) => Err(error),
            _ => Ok(()),
        });
    }
    for refusal in refusals {
        let error = refusal.unwrap_err();
        assert_eq!((error.code, error.scope), (None, Scope::Channel), "{error}");
        assert!(error.text.contains("255"), "{error}");
    }
    fill(&confirms, &long, 1).await;
    inspected(&channel, &long, 0, 1).await;
    assert!(events.try_recv().is_err());
}

fn lost(outcome: Outcome) -> Option<AmqpError> {
    match outcome {
        Outcome::Lost { error, .. } => Some(error),
        _ => None,
    }
}
