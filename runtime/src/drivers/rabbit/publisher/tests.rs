//! The publisher over connections whose broker a test plays.

use super::super::amqp::scripted::peer::{
    Peer, ack, channel_close, connected, connected_over, connection_close, connection_close_ok,
};
use super::super::amqp::scripted::soon;
use super::super::amqp::{Connection, NativeConnection, sample};
use super::super::link::{LinkState, Up};
use super::super::options::RabbitOptions;
use super::*;
use crate::drivers::rabbit::host::Surroundings;
use crate::id::MessageId;
use crate::transport::Confirmed;
use crate::wire::{Header, Oslo2, Properties};
use amq_protocol::protocol::{AMQPClass, basic, channel, confirm, exchange};
use tokio::sync::oneshot;

type Told = oneshot::Receiver<Result<Confirmed, PublishError>>;

/// A publisher that runs, on a link that a test moves.
struct Stage {
    publisher: Publisher,
    link: Link,
    generation: u64,
}

impl Stage {
    fn new() -> Self {
        let url = "rabbit://guest:guest@127.0.0.1:1/".parse().unwrap();
        let settings = Settings::resolve(&url, &RabbitOptions::default());
        let link = Link::new("test", Arc::new(settings.clone()), Surroundings::default());
        let publisher = Publisher::new(link.clone(), &settings, Arc::new(Oslo2::new()));
        tokio::spawn(publisher.clone().run());
        Self { publisher, link, generation: 0 }
    }

    /// Moves the link to a connection; its broker has to open what the publisher needs.
    async fn connect(&mut self, connection: NativeConnection, peer: &mut Peer) {
        self.generation += 1;
        let connection = Connection::Native(connection);
        let up = Up { connection, node: "node:1".into(), generation: self.generation, blocked: None };
        self.link.be(LinkState::Up(up));
        while !matches!(answer(peer).await, (_, AMQPClass::Confirm(_))) {}
        soon("the channels", async {
            while self.publisher.shared.lock().ready.is_none() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    fn publish(&self, route: Route, text: &str) -> Told {
        self.publish_with(route, text, Properties::default())
    }

    fn publish_with(&self, route: Route, text: &str, properties: Properties) -> Told {
        let (told, outcome) = oneshot::channel();
        let settled: Settled = Box::new(move |outcome| told.send(outcome).unwrap_or_default());
        let publish = Publish {
            route,
            body: text.as_bytes().to_vec(),
            properties,
            unique_id: MessageId::random(),
            mandatory: true,
            answered: false,
            deadline: None,
            retry: None,
        };
        self.publisher.publish(publish, settled);
        outcome
    }
}

fn reply() -> Route {
    Route::Reply { address: "reply".into() }
}

fn topic(exchange: &str) -> Route {
    Route::Topic { exchange: exchange.into(), topic: "topic".into() }
}

/// Answers the next method as a broker does; gives it.
async fn answer(peer: &mut Peer) -> (u16, AMQPClass) {
    let (id, asked) = peer.hear().await;
    reply_to(peer, id, &asked).await;
    (id, asked)
}

async fn reply_to(peer: &mut Peer, id: u16, asked: &AMQPClass) {
    let ok = match asked {
        AMQPClass::Channel(channel::AMQPMethod::Open(_)) => {
            AMQPClass::Channel(channel::AMQPMethod::OpenOk(channel::OpenOk {}))
        }
        AMQPClass::Confirm(_) => AMQPClass::Confirm(confirm::AMQPMethod::SelectOk(confirm::SelectOk {})),
        AMQPClass::Exchange(exchange::AMQPMethod::Declare(_)) => {
            AMQPClass::Exchange(exchange::AMQPMethod::DeclareOk(exchange::DeclareOk {}))
        }
        _ => return,
    };
    peer.say(id, ok).await;
}

/// The messages that come next: their channel, and their texts.
async fn texts(peer: &mut Peer, count: usize) -> (u16, Vec<String>) {
    let (mut on, mut texts) = (0, Vec::new());
    for _ in 0..count {
        let (id, body) = peer.publish().await;
        on = id;
        texts.push(String::from_utf8(body).unwrap());
    }
    (on, texts)
}

async fn told(outcome: Told) -> Result<(), PublishError> {
    soon("the outcome", outcome).await.unwrap().map(drop)
}

/// The broker has said good-bye, and the connection has still something to write: whatever is published now was not sent.
#[tokio::test]
async fn what_comes_behind_the_brokers_good_bye_waits_for_the_next_connection() {
    let mut stage = Stage::new();
    let (connection, _events, mut peer) = connected_over(4096, 0);
    stage.connect(connection, &mut peer).await;
    let first = stage.publish(reply(), &"x".repeat(20_000));
    tokio::task::yield_now().await;
    peer.say(0, connection_close(320, "CONNECTION_FORCED - closed by the test")).await;
    tokio::task::yield_now().await;
    let late: Vec<_> = ["1", "2", "3"].map(|text| stage.publish(reply(), text)).into();
    peer.publish().await;
    assert_eq!(peer.hear().await, (0, connection_close_ok()));
    assert!(matches!(told(first).await, Err(PublishError::Lost { .. })));
    let (connection, _events, mut peer) = connected();
    stage.connect(connection, &mut peer).await;
    let (id, texts) = texts(&mut peer, 3).await;
    assert_eq!(texts, ["1", "2", "3"]);
    peer.say(id, ack(3, true)).await;
    for late in late {
        assert_eq!(told(late).await, Ok(()));
    }
}

/// The broker has closed the channel, and whoever hands over does not know it yet.
#[tokio::test]
async fn what_comes_to_a_channel_that_has_ended_waits_for_the_next_in_its_place() {
    let mut stage = Stage::new();
    let (connection, _events, mut peer) = connected();
    stage.connect(connection, &mut peer).await;
    let lane = stage.publisher.shared.lock().lane(super::state::ChannelOf::Confirmed).unwrap();
    let first = stage.publish(topic("gone"), "first");
    assert!(matches!(answer(&mut peer).await, (_, AMQPClass::Exchange(_))));
    let (id, _) = texts(&mut peer, 1).await;
    peer.say(id, channel_close(404, "NOT_FOUND - no exchange 'gone' in vhost '/'")).await;
    // Nothing runs between its end and these.
    soon("its end", async {
        while lane.is_open() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let shared = &stage.publisher.shared;
    let late: Vec<_> = (1..=3).map(|turn| hand_over(shared, &lane, turn)).collect();
    assert_eq!(peer.hear().await.0, id);
    let (mut id, mut seen) = (0, Vec::new());
    while seen.len() < 4 {
        if let (on, AMQPClass::Basic(basic::AMQPMethod::Publish(published))) = answer(&mut peer).await {
            id = on;
            seen.push(published.routing_key.to_string());
            peer.frame().await;
            peer.frame().await;
        }
    }
    let replies: Vec<_> = seen.iter().filter(|key| *key != "topic").collect();
    assert_eq!(replies, ["1", "2", "3"]);
    peer.say(id, ack(4, true)).await;
    for outcome in late.into_iter().chain([first]) {
        assert_eq!(told(outcome).await, Ok(()));
    }
}

/// Hands a message over as one who found the channel open.
fn hand_over(shared: &Arc<Shared>, lane: &Arc<lane::Lane>, turn: u64) -> Told {
    let (told, outcome) = oneshot::channel();
    let message = Message { routing_key: turn.to_string().into(), ..sample::message("reply", "x") };
    let settled: Settled = Box::new(move |outcome| told.send(outcome).unwrap_or_default());
    let terms = Terms { turn, ..Terms::sample(reply(), settled) };
    shared.lock().take_room(message.body.len());
    shared.hand_over(lane, message, terms);
    outcome
}

/// Another message is on its way, and its confirmation is not waited for.
#[tokio::test]
async fn a_message_that_no_frame_holds_is_refused_at_once() {
    let mut stage = Stage::new();
    let (connection, _events, mut peer) = connected();
    stage.connect(connection, &mut peer).await;
    let first = stage.publish(reply(), "first");
    let headers = vec![("large".into(), Header::Text("x".repeat(5_000)))];
    let large = stage.publish_with(reply(), "large", Properties { headers, ..Properties::default() });
    let refused = told(large).await;
    let Err(PublishError::NotSent(NotSentReason::Refused { cause, .. })) = refused else {
        panic!("{refused:?}")
    };
    assert!(cause.contains("headers"), "{cause}");
    let (id, _) = texts(&mut peer, 1).await;
    peer.say(id, ack(1, false)).await;
    assert_eq!(told(first).await, Ok(()));
}

/// A refusal costs the channel that was declared on, and whoever waits for just that declaration.
#[tokio::test]
async fn a_refused_declaration_hurts_no_other_destination() {
    let mut stage = Stage::new();
    let (connection, _events, mut peer) = connected();
    stage.connect(connection, &mut peer).await;
    let known = stage.publish(topic("known"), "known");
    assert!(matches!(answer(&mut peer).await, (_, AMQPClass::Exchange(_))));
    let (lane, _) = texts(&mut peer, 1).await;
    let locked: Vec<_> =
        (0..5).map(|number| stage.publish(topic(&format!("locked-{number}")), "x")).collect();
    let good = stage.publish(topic("good"), "good");
    let (mut refused, mut taken) = (0, 0);
    while refused < 5 || taken < 1 {
        match peer.hear().await {
            (id, AMQPClass::Exchange(exchange::AMQPMethod::Declare(declare)))
                if declare.exchange.as_str().starts_with("locked") =>
            {
                refused += 1;
                peer.say(id, channel_close(405, "RESOURCE_LOCKED - of the test")).await;
            }
            (id, AMQPClass::Basic(basic::AMQPMethod::Publish(_))) => {
                assert_eq!(id, lane);
                taken += 1;
                peer.frame().await;
                peer.frame().await;
            }
            (id, asked) => reply_to(&mut peer, id, &asked).await,
        }
    }
    for outcome in locked {
        let told = told(outcome).await;
        assert!(matches!(&told, Err(PublishError::NotSent(NotSentReason::Refused { .. }))), "{told:?}");
    }
    let again = stage.publish(topic("known"), "again");
    peer.say(lane, ack(2, true)).await;
    for outcome in [known, good] {
        assert_eq!(told(outcome).await, Ok(()));
    }
    // Neither opened nor declared anew; the answer to the last refusal may come before it.
    let published = loop {
        match peer.hear().await {
            (_, AMQPClass::Channel(channel::AMQPMethod::CloseOk(_))) => {}
            other => break other,
        }
    };
    assert!(matches!(published, (on, AMQPClass::Basic(_)) if on == lane), "{published:?}");
    peer.say(lane, ack(3, false)).await;
    assert_eq!(told(again).await, Ok(()));
}

/// Its exchange was there once and is gone: a queue that has gone with it may have had the first, and its reader too.
#[tokio::test]
async fn a_fanout_that_may_have_been_taken_is_never_said_not_to_have_been() {
    let mut stage = Stage::new();
    let (connection, _events, mut peer) = connected();
    stage.connect(connection, &mut peer).await;
    let fanout = || Route::Fanout { topic: "t".into() };
    let (first, second) = (stage.publish(fanout(), "first"), stage.publish(fanout(), "second"));
    for end in [true, false] {
        let on = loop {
            if let (on, AMQPClass::Basic(_)) = answer(&mut peer).await {
                break on;
            }
        };
        peer.frame().await;
        peer.frame().await;
        texts(&mut peer, 1).await;
        if end {
            peer.say(on, channel_close(404, "NOT_FOUND - no exchange 't_fanout' in vhost '/'")).await;
            continue;
        }
        for body in ["first", "second"] {
            let returned = basic::Return {
                reply_code: 312,
                reply_text: "NO_ROUTE".into(),
                exchange: "t_fanout".into(),
                routing_key: "".into(),
            };
            peer.say(on, AMQPClass::Basic(basic::AMQPMethod::Return(returned))).await;
            peer.content(on, body.as_bytes()).await;
        }
        peer.say(on, ack(2, true)).await;
    }
    let first = told(first).await;
    assert!(
        matches!(&first, Err(PublishError::Lost { cause, .. }) if cause.contains("NO_ROUTE")),
        "{first:?}"
    );
    // The last to the named exchange is what the broker refused.
    let second = told(second).await;
    assert!(matches!(second, Err(PublishError::Returned { .. })), "{second:?}");
}
