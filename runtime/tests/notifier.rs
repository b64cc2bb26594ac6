//! The notifier on the broker in the process: what goes out, what awaiting a send means, and what is done about failures.

#![allow(clippy::unwrap_used)]

use oslo_messaging::Context;
use oslo_messaging::Transport;
use oslo_messaging::contract::BoxFuture;
use oslo_messaging::drivers::memory::{FaultPlan, FaultScope, MemoryBroker, MemoryDriver};
use oslo_messaging::notify::{
    DriverFailure, MessagingDriver, Notifier, NotifierBuildError, NotifyDriver, NotifyError,
    PreparedNotification, Priority, QueueRefusal, WhenFull,
};
use oslo_messaging::transport::{
    AckMode, Consumer, Delivery, Driver, Route, Sink, Subscription, TransportOptions,
};
use oslo_messaging::wire::{IncomingNotification, Limits};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};

struct Forward(mpsc::UnboundedSender<Delivery>);

impl Sink for Forward {
    fn deliver(&self, delivery: Delivery) {
        let _ = self.0.send(delivery);
    }
}

/// What arrives in one queue.
struct Listening {
    driver: Arc<MemoryDriver>,
    deliveries: mpsc::UnboundedReceiver<Delivery>,
    _consumer: Box<dyn Consumer>,
}

impl Listening {
    async fn to(broker: &MemoryBroker, topic: &str, priority: Priority) -> Self {
        let driver = Arc::new(MemoryDriver::new(broker.clone()));
        let (sender, deliveries) = mpsc::unbounded_channel();
        let route = Route::Notification {
            exchange: "openstack".into(),
            topic: topic.into(),
            priority: priority.as_str().into(),
            pool: None,
        };
        let subscription = Subscription {
            routes: vec![route],
            prefetch: 0,
            ack_mode: AckMode::AfterHandling,
            label: topic.to_owned(),
        };
        let consumer = driver.subscribe(subscription, Arc::new(Forward(sender)), None).await.unwrap();
        Self { driver, deliveries, _consumer: consumer }
    }

    async fn next(&mut self) -> (String, IncomingNotification) {
        let Delivery { body, properties, ack, .. } = self.deliveries.recv().await.unwrap();
        ack.ack();
        let text = String::from_utf8(body.clone()).unwrap();
        let read = self.driver.format().decode_notification(&body, &properties, &Limits::default()).unwrap();
        (text, read)
    }
}

fn transport(broker: &MemoryBroker) -> Transport {
    Transport::new(Arc::new(MemoryDriver::new(broker.clone())), TransportOptions::default())
}

/// A driver that fails, or waits until it is let go.
#[derive(Debug)]
struct Odd {
    name: &'static str,
    gate: Option<Arc<Semaphore>>,
    fails: bool,
}

impl NotifyDriver for Odd {
    fn name(&self) -> &str {
        self.name
    }

    fn send<'a>(&'a self, _: &'a PreparedNotification) -> BoxFuture2<'a> {
        Box::pin(async move {
            if let Some(gate) = &self.gate {
                gate.acquire().await.unwrap().forget();
            }
            if self.fails { Err(DriverFailure::Other("out of paper".to_owned())) } else { Ok(()) }
        })
    }
}

type BoxFuture2<'a> = oslo_messaging::transport::BoxFuture<'a, Result<(), DriverFailure>>;

#[tokio::test]
async fn d04_every_priority_has_its_queue_and_its_name() {
    let broker = MemoryBroker::new();
    let notifier = Notifier::builder(&transport(&broker)).publisher_id("svc.host1").build().unwrap();
    let ctx = Context::new();
    let sends: [(Priority, BoxFuture<Result<(), NotifyError>>); 7] = [
        (Priority::Audit, notifier.audit(&ctx, "evt", &1)),
        (Priority::Debug, notifier.debug(&ctx, "evt", &1)),
        (Priority::Info, notifier.info(&ctx, "evt", &1)),
        (Priority::Warn, notifier.warn(&ctx, "evt", &1)),
        (Priority::Error, notifier.error(&ctx, "evt", &1)),
        (Priority::Critical, notifier.critical(&ctx, "evt", &1)),
        (Priority::Sample, notifier.sample(&ctx, "evt", &1)),
    ];
    for (priority, send) in sends {
        send.await.unwrap();
        let (_, read) = Listening::to(&broker, "notifications", priority).await.next().await;
        assert_eq!(read.priority.as_deref(), Some(priority.wire()));
        assert_eq!(read.publisher_id.as_deref(), Some("svc.host1"));
    }
    assert_eq!((notifier.stats().sent, notifier.stats().failed), (7, 0));
}

#[tokio::test]
async fn d08_the_body_has_pythons_keys_in_pythons_order() {
    let broker = MemoryBroker::new();
    let transport = transport(&broker);
    let ctx = Context::new().with("user_id", "ada").unwrap().with("auth_token", "SECRET").unwrap();
    let payload = json!({"k": "v\u{e9}"});
    for (driver, bare) in [(MessagingDriver::v2(&transport), false), (MessagingDriver::v1(&transport), true)]
    {
        let notifier = Notifier::builder(&transport).driver(driver).build().unwrap();
        notifier.info(&ctx, "evt", &payload).await.unwrap();
        let (text, read) = Listening::to(&broker, "notifications", Priority::Info).await.next().await;
        assert!(!text.contains("SECRET"));
        let inner = match bare {
            true => text,
            false => {
                serde_json::from_str::<Value>(&text).unwrap()["oslo.message"].as_str().unwrap().to_owned()
            }
        };
        let (message_id, timestamp) = (read.message_id.unwrap(), read.timestamp.unwrap());
        let unique_id = read.unique_id.unwrap();
        assert_eq!(
            inner,
            format!(
                r#"{{"message_id": "{message_id}", "publisher_id": null, "event_type": "evt", "priority": "INFO", "payload": {{"k":"vé"}}, "timestamp": "{timestamp}", "_unique_id": "{unique_id}", "_context_user_id": "ada"}}"#
            )
        );
        assert_eq!(message_id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert_eq!(unique_id.len(), 32);
    }
}

#[tokio::test]
async fn d02_each_topic_gets_a_copy_with_the_same_message_id() {
    let broker = MemoryBroker::new();
    let notifier = Notifier::builder(&transport(&broker)).topics(["a", "b"]).build().unwrap();
    notifier.info(&Context::new(), "evt", &()).await.unwrap();
    let (_, a) = Listening::to(&broker, "a", Priority::Info).await.next().await;
    let (_, b) = Listening::to(&broker, "b", Priority::Info).await.next().await;
    assert_eq!(a.message_id, b.message_id);
    assert_ne!(a.unique_id, b.unique_id);
}

#[tokio::test]
async fn d19_a_payload_that_format_1_would_change_is_refused_before_it_is_sent() {
    let broker = MemoryBroker::new();
    let transport = transport(&broker);
    let payload = json!({"deep": [{"__type__": "datetime", "__value__": "2026"}]});
    let v1 = Notifier::builder(&transport).driver(MessagingDriver::v1(&transport)).build().unwrap();
    let error = v1.info(&Context::new(), "evt", &payload).await.unwrap_err();
    assert!(error.to_string().contains("`__type__`"), "{error}");
    assert!(!error.may_have_arrived());
    assert!(broker.queues().is_empty());
    let v2 = Notifier::builder(&transport).build().unwrap();
    v2.info(&Context::new(), "evt", &payload).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_the_broker_did_not_confirm_is_sent_again_under_the_same_id() {
    let broker = MemoryBroker::new();
    let notifier = Notifier::builder(&transport(&broker)).build().unwrap();
    let plan = FaultPlan { unconfirmed: 1.0, scope: FaultScope::Notifications, ..FaultPlan::seeded(1) };
    broker.faults(FaultPlan { most: Some(3), ..plan.clone() });
    notifier.info(&Context::new(), "evt", &()).await.unwrap();
    let mut listening = Listening::to(&broker, "notifications", Priority::Info).await;
    let first = listening.next().await.1.unique_id;
    for _ in 0..3 {
        assert_eq!(listening.next().await.1.unique_id, first);
    }
    broker.faults(FaultPlan { most: Some(3), ..plan.clone() });
    let patient = notifier.prepare().retry(0).no_retry_limit();
    patient.info(&Context::new(), "evt", &()).await.unwrap();
    broker.faults(plan);
    let error = notifier.prepare().retry(2).info(&Context::new(), "evt", &()).await.unwrap_err();
    assert!(error.may_have_arrived(), "{error}");
    assert!(error.to_string().contains("unconfirmed for topic `notifications`"), "{error}");
    assert_eq!(broker.heal().unconfirmed, 3);
    let error = notifier.info(&Context::new(), "evt", &f64::NAN).await;
    assert!(error.is_ok(), "NaN is null, as everywhere in JSON");
}

#[tokio::test(start_paused = true)]
async fn a_send_ends_by_its_timeout() {
    let broker = MemoryBroker::new();
    broker.faults(FaultPlan { unconfirmed: 1.0, ..FaultPlan::seeded(1) });
    let timeout = Duration::from_secs(5);
    let notifier = Notifier::builder(&transport(&broker)).timeout(timeout).build().unwrap();
    let begin = tokio::time::Instant::now();
    notifier.info(&Context::new(), "evt", &()).await.unwrap_err();
    assert!(begin.elapsed() <= timeout + Duration::from_millis(250));
}

#[tokio::test]
async fn a_failing_driver_is_seen_and_keeps_nobody_from_sending() {
    let broker = MemoryBroker::new();
    let transport = transport(&broker);
    let notifier = Notifier::builder(&transport)
        .driver(Odd { name: "printer", gate: None, fails: true })
        .driver(MessagingDriver::v2(&transport))
        .build()
        .unwrap();
    let error = notifier.error(&Context::new(), "disk.full", &()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("error notification `disk.full` (message id "), "{text}");
    assert!(text.ends_with("): driver `printer`: out of paper; taken by `messagingv2`"), "{text}");
    Listening::to(&broker, "notifications", Priority::Error).await.next().await;
    assert_eq!(notifier.stats().failed, 1);
    transport.close(Duration::ZERO).await;
    let error = notifier.error(&Context::new(), "disk.full", &()).await.unwrap_err();
    assert!(error.to_string().contains("the transport is closed"), "{error}");
}

#[tokio::test]
async fn a_notifier_without_drivers_is_not_enabled() {
    let broker = MemoryBroker::new();
    let disabled = Notifier::builder(&transport(&broker)).disabled().build().unwrap();
    assert!(!disabled.is_enabled());
    disabled.info(&Context::new(), "evt", &()).await.unwrap();
    assert!(broker.queues().is_empty());
    assert!(!Notifier::without_transport().build().unwrap().is_enabled());
    let refused = Notifier::without_transport().topic("").build().unwrap_err();
    assert_eq!(refused, NotifierBuildError::Topic { topic: String::new(), problem: "it is empty" });
}

fn held(when_full: WhenFull) -> (Arc<Semaphore>, Notifier, oslo_messaging::notify::NotificationQueue) {
    let gate = Arc::new(Semaphore::new(0));
    let driver = Odd { name: "slow", gate: Some(Arc::clone(&gate)), fails: false };
    let notifier = Notifier::without_transport().driver(driver).build().unwrap();
    let queue = notifier.queued(2, when_full);
    (gate, notifier, queue)
}

#[tokio::test]
async fn a_full_queue_refuses_drops_or_waits_as_it_was_told() {
    let ctx = Context::new();
    // Nothing is taken out before the test awaits something that is not ready: the sending task has no turn.
    let (gate, _, queue) = held(WhenFull::Fail);
    for _ in 0..2 {
        queue.push(Priority::Info, &ctx, "evt", &()).await.unwrap();
    }
    let refused = queue.push(Priority::Info, &ctx, "evt", &()).await.unwrap_err();
    assert_eq!(refused.to_string(), "notification `evt` not sent: its queue is full (2 wait)");
    assert_eq!(refused.cause, QueueRefusal::Full { capacity: 2 });
    let unencodable = BTreeMap::from([((), ())]);
    let refused = queue.push(Priority::Info, &ctx, "evt", &unencodable).await.unwrap_err();
    assert!(matches!(refused.cause, QueueRefusal::Payload(_)), "{refused}");
    assert_eq!(refused.to_string().matches("does not encode").count(), 1, "{refused}");
    gate.add_permits(2);
    queue.flush().await;
    assert_eq!((queue.stats().sent, queue.stats().refused), (2, 2));

    let (gate, _, queue) = held(WhenFull::DropOldest);
    for _ in 0..5 {
        queue.push(Priority::Info, &ctx, "evt", &()).await.unwrap();
    }
    gate.add_permits(5);
    queue.flush().await;
    assert_eq!((queue.stats().sent, queue.stats().dropped), (2, 3));

    let (gate, notifier, queue) = held(WhenFull::Wait);
    for _ in 0..2 {
        queue.push(Priority::Info, &ctx, "evt", &()).await.unwrap();
    }
    let third = tokio::spawn({
        let (queue, ctx) = (queue.clone(), ctx.clone());
        async move { queue.push(Priority::Info, &ctx, "evt", &()).await }
    });
    third.await.unwrap().unwrap();
    gate.add_permits(3);
    let stats = queue.close(Duration::from_secs(60)).await;
    assert_eq!((stats.sent, notifier.stats().sent), (3, 3));
    let refused = queue.push(Priority::Info, &ctx, "evt", &()).await.unwrap_err();
    assert_eq!(refused.cause, QueueRefusal::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_closed_too_early_counts_what_it_drops() {
    let (_gate, _, queue) = held(WhenFull::Fail);
    queue.push(Priority::Info, &Context::new(), "evt", &()).await.unwrap();
    queue.push(Priority::Info, &Context::new(), "evt", &()).await.unwrap();
    let stats = queue.close(Duration::from_secs(1)).await;
    assert_eq!(
        (stats.sent, stats.waiting + stats.under_way),
        (0, 2),
        "they are under way, and may still be sent"
    );
}
