//! Connections that end, block, or go silent: nobody waits for ever, and nobody is told anything untrue.

use super::stage::{Events, Stage, confirms, consume, fill, inspected, lost, publish, queue, told, within};
use crate::drivers::rabbit::amqp::{Confirms, Connection, Event, Outcome, Scope};
use crate::drivers::rabbit::host::Surroundings;
use std::sync::mpsc;

/// Publishes until the connection is closed by force: each message is confirmed, or lost with the broker's words.
pub async fn a_forced_close_tells_everybody_why(stage: Stage) {
    let (connection, mut events, confirms) = stage.publisher().await;
    let channel = connection.channel().await.unwrap();
    channel.declare_queue(&queue("forced")).await.unwrap();
    let (_messages, running) = consume(&channel, "forced", 1).await;
    let publishing = tokio::spawn({
        let confirms = confirms.clone();
        async move {
            let mut all = Vec::new();
            while confirms.is_open() {
                let batch = (0..50).map(|number| number.to_string()).collect::<Vec<_>>();
                all.extend(told(publish(&confirms, "forced", &batch)).await);
            }
            all
        }
    });
    stage.operator.sent("basic.publish", 100).await;
    stage.operator.close_connections().await;
    let error = lost(&mut events).await;
    assert_eq!((error.code, error.scope), (Some(320), Scope::Connection), "{error}");
    assert!(error.text.contains("closed by the test"), "{error}");
    for outcome in within("the outcomes", publishing).await.unwrap() {
        match outcome {
            Outcome::Confirmed => {}
            Outcome::Lost { error: told, .. } => {
                assert_eq!((told.code, told.scope), (Some(320), Scope::Connection))
            }
            // It may have met the connection between its good-bye and its end.
            Outcome::TooLate(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(running.ended().await.expect("an error").code, Some(320));
    assert!(channel.declare_queue(&queue("forced")).await.is_err());
    assert!(connection.channel().await.is_err());
    within("the end", connection.close()).await;
}

pub async fn a_reset_loses_what_is_unconfirmed_and_hangs_nobody(stage: Stage) {
    let (connection, mut events, confirms) = stage.publisher().await;
    let channel = connection.channel().await.unwrap();
    channel.declare_queue(&queue("cut")).await.unwrap();
    let (_messages, running) = consume(&channel, "cut", 1).await;
    stage.operator.hold(true);
    let texts: Vec<_> = (0..200).map(|number| number.to_string()).collect();
    let outcomes = publish(&confirms, "cut", &texts);
    let asking = {
        let channel = channel.clone();
        tokio::spawn(async move { channel.declare_queue(&queue("asked")).await })
    };
    stage.operator.sent("basic.publish", 200).await;
    stage.operator.sent("queue.declare", 2).await;
    stage.operator.cut();
    for outcome in told(outcomes).await {
        assert!(
            matches!(&outcome, Outcome::Lost { error, .. } if error.scope == Scope::Connection),
            "{outcome:?}"
        );
    }
    assert!(within("the answer", asking).await.unwrap().is_err());
    assert!(running.ended().await.is_some());
    assert_eq!(lost(&mut events).await.scope, Scope::Connection);
    within("the end", connection.close()).await;
}

pub async fn an_alarm_is_told_and_its_end_too(stage: Stage) {
    let (connection, mut events, publisher) = stage.publisher().await;
    let channel = connection.channel().await.unwrap();
    channel.declare_queue(&queue("alarm")).await.unwrap();
    stage.operator.alarm(true).await;
    let reason = until_blocked(&publisher, &mut events).await;
    assert!(reason.contains("memory"), "{reason}");
    let waiting = publish(&publisher, "alarm", &["waits".to_owned()]);
    stage.operator.alarm(false).await;
    assert!(matches!(within("its end", events.recv()).await, Some(Event::Unblocked)));
    assert_eq!(told(waiting).await, [Outcome::Confirmed]);
}

/// Publishes until the broker says that it takes no more, and why: an alarm is told to who publishes behind it.
async fn until_blocked(publisher: &Confirms, events: &mut Events) -> String {
    within("the alarm", async {
        loop {
            let before = told(publish(publisher, "nowhere", &["before".to_owned()]));
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Some(Event::Blocked(reason)) => return reason,
                    other => panic!("{other:?}"),
                },
                outcomes = before => assert!(matches!(outcomes[..], [Outcome::Returned { .. }])),
            }
        }
    })
    .await
}

/// A broker that is blocked reads nothing: the good-bye has its limit, and whoever waits is told then.
pub async fn a_blocked_broker_is_not_waited_for(stage: Stage) {
    let (connection, mut events, publisher) = stage.publisher().await;
    stage.operator.alarm(true).await;
    until_blocked(&publisher, &mut events).await;
    let waiting = publish(&publisher, "nowhere", &["waits".to_owned()]);
    within("the end", connection.close()).await;
    assert!(matches!(&told(waiting).await[..], [Outcome::Lost { .. }]));
    stage.operator.alarm(false).await;
}

/// The network goes while nobody says anything: heartbeats of a second notice.
pub async fn a_silent_network_is_noticed(stage: Stage) {
    let node = stage.node();
    let opened =
        within("a login", Connection::open(stage.kind, &node, "suite", 1, Surroundings::default())).await;
    let (connection, mut events) = opened.unwrap();
    let confirms = confirms(&connection).await;
    stage.operator.go_silent();
    let waiting = publish(&confirms, "nowhere", &["waits".to_owned()]);
    assert_eq!(lost(&mut events).await.scope, Scope::Connection);
    assert!(matches!(&told(waiting).await[..], [Outcome::Lost { .. }]));
    within("the end", connection.close()).await;
}

/// The runtime that a connection was opened on goes: whoever waits elsewhere is told.
pub async fn a_runtime_that_goes_hangs_nobody(stage: Stage) {
    let (give, given) = mpsc::channel();
    let (kind, node) = (stage.kind, stage.node());
    let ended = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let held = runtime.block_on(async {
            let (connection, events) =
                Connection::open(kind, &node, "suite", 0, Surroundings::default()).await.unwrap();
            let publisher = confirms(&connection).await;
            let channel = connection.channel().await.unwrap();
            channel.declare_queue(&queue("runtime")).await.unwrap();
            fill(&publisher, "runtime", 1).await;
            (connection, events, publisher, channel)
        });
        give.send(held).unwrap();
        drop(runtime);
    });
    within("the end of the runtime", ended).await.unwrap();
    let (connection, _events, publisher, channel) = given.recv().unwrap();
    let outcomes = publish(&publisher, "runtime", &["late".to_owned()]);
    for outcome in told(outcomes).await {
        assert!(matches!(outcome, Outcome::Lost { .. } | Outcome::TooLate(_)), "{outcome:?}");
    }
    assert!(within("the answer", channel.declare_queue(&queue("runtime"))).await.is_err());
    within("the channel's end", channel.close()).await;
    within("the connection's end", connection.close()).await;
    let (connection, _events) = stage.open().await;
    inspected(&connection.channel().await.unwrap(), "runtime", 1, 0).await;
}
