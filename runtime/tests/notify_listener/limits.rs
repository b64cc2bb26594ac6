//! The redelivery limit: how deliveries are counted, and what the dead letters say.

use crate::desk::{Desk, Seen, on_info};
use crate::support::{
    DEAD, INFO, PLENTY, World, info, json_properties, publish, route, start, until, with, world,
};
use crate::wrapped::Wrapped;
use oslo_messaging::drivers::memory::MemoryBroker;
use oslo_messaging::notify::{ListenerBuilder, NotificationResult};
use oslo_messaging::wire::Header;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Semaphore;

/// Fails every time, saying which time it was.
fn failing(seen: &Seen<u64>) -> Desk {
    let note = seen.note();
    Desk::new().one(on_info("fails"), move |event| {
        note(event.redeliveries);
        async move { Err::<(), _>(format!("failure {}", event.redeliveries)) }
    })
}

fn limited(world: &World, desk: Desk, limit: u32) -> ListenerBuilder {
    world.listener(desk).redelivery_limit(limit)
}

#[tokio::test(start_paused = true)]
async fn deliveries_are_counted_and_the_limit_ends_them() {
    let world = world();
    let mut seen = Seen::new();
    let handle = start(limited(&world, failing(&seen), 4)).await;
    let sent = info(1);
    world.send(&sent).await;
    assert_eq!(seen.take(5).await, [0, 1, 2, 3, 4]);
    until(|| world.ready(DEAD) == 1).await;
    world.empty(INFO).await;
    assert!(seen.is_empty());
    let stats = handle.stats();
    assert_eq!((stats.requeued, stats.republished, stats.dead_lettered), (0, 4, 1));
    assert_eq!((stats.failed, stats.handled, stats.duplicates), (5, 0, 0));
    let dead = world.pick(DEAD).await;
    assert_eq!(dead.message(), sent);
    assert_eq!(dead.number("x-oslo-delivered"), 5);
    let reason = dead.text("x-oslo-reason");
    assert!(reason.contains("4 times") && reason.contains("Desk.fails: failure 4"), "{reason}");
    let failures: Vec<String> = serde_json::from_str(dead.text("x-oslo-failures")).unwrap();
    assert_eq!(failures.len(), 5, "{failures:?}");
    assert!((0..5).all(|n| failures[n].ends_with(&format!("failure {n}"))), "{failures:?}");
    assert_eq!((dead.text("x-oslo-queue"), dead.text("x-oslo-exchange")), (INFO, "openstack"));
    assert_eq!((dead.text("x-oslo-topic"), dead.text("x-oslo-priority")), ("notifications", "info"));
    assert_eq!(dead.text("x-oslo-listener"), "listener of notifications");
    assert!(dead.number("x-oslo-time") > 1_700_000_000_000);
    assert!(dead.properties.persistent && dead.properties.expiration.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_zero_allows_no_redelivery() {
    let world = world();
    let mut seen = Seen::new();
    let handle = start(limited(&world, failing(&seen), 0)).await;
    world.send_infos([1]).await;
    until(|| world.ready(DEAD) == 1).await;
    assert_eq!(seen.next().await, 0);
    world.empty(INFO).await;
    assert_eq!((handle.stats().requeued, handle.stats().dead_lettered), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn where_giving_back_is_forbidden_the_limit_means_nothing() {
    let world = world();
    let mut seen = Seen::new();
    start(world.listener(failing(&seen)).redelivery_limit(3).allow_requeue(false)).await;
    world.send_infos([1]).await;
    assert_eq!(seen.next().await, 0);
    world.empty(INFO).await;
    assert_eq!(world.broker.queue(DEAD), None);
}

#[tokio::test(start_paused = true)]
async fn what_no_handler_saw_does_not_count() {
    let world = world();
    let (mut seen, gate) = (Seen::new(), Arc::new(Semaphore::new(0)));
    let waiting = Arc::clone(&gate);
    let gated = Desk::new().one(on_info("waits"), move |_| {
        let gate = Arc::clone(&waiting);
        async move { gate.acquire().await.unwrap().forget() }
    });
    let first = start(world.listener(gated).concurrency(1).prefetch(0)).await;
    world.send_infos([1, 2]).await;
    until(|| first.stats().waiting == 1).await;
    first.stop();
    gate.add_permits(1);
    assert_eq!(first.wait(PLENTY).await.returned_to_queue, 1);
    let second = start(limited(&world, failing(&seen), 1)).await;
    // Marked by the broker, and yet it has its redelivery.
    assert_eq!(seen.take(2).await, [1, 1]);
    until(|| world.ready(DEAD) == 1).await;
    assert_eq!((second.stats().republished, second.stats().dead_lettered), (1, 1));
    assert_eq!(world.pick(DEAD).await.number("x-oslo-delivered"), 2);
}

#[tokio::test(start_paused = true)]
async fn headers_and_body_come_through_unchanged() {
    let world = world();
    let mut seen = Seen::new();
    start(limited(&world, failing(&seen), 2)).await;
    let message = with(info(1), "_unique_id", None);
    let body = json!({"oslo.version": "2.0", "oslo.message": message.to_string()}).to_string().into_bytes();
    let mut properties = json_properties();
    properties.headers.push(("theirs".into(), Header::Text("kept".to_owned())));
    publish(&world.transport, route("openstack", "notifications", "info"), body.clone(), properties).await;
    assert_eq!(seen.take(3).await, [0, 1, 2]);
    let dead = world.pick(DEAD).await;
    assert_eq!((dead.body.clone(), dead.text("theirs")), (body, "kept"));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_counts_is_believed_and_nothing_is_published_again() {
    let broker = MemoryBroker::new();
    let (transport, _) = Wrapped::on(&broker).counting().transport();
    let world = World { broker, transport };
    let mut seen = Seen::new();
    let handle = start(limited(&world, failing(&seen), 3)).await;
    world.send_infos([1]).await;
    assert_eq!(seen.take(4).await, [0, 1, 2, 3]);
    until(|| world.ready(DEAD) == 1).await;
    let stats = handle.stats();
    assert_eq!((stats.requeued, stats.republished, stats.dead_lettered), (3, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_published_is_given_back_and_not_lost() {
    let broker = MemoryBroker::new();
    let (transport, driver) = Wrapped::on(&broker).transport();
    let world = World { broker, transport };
    let mut seen = Seen::new();
    driver.refuses.store(true, Ordering::SeqCst);
    let handle = start(limited(&world, failing(&seen), 2)).await;
    world.send_infos([1]).await;
    assert_eq!(seen.take(4).await, [0, 1, 1, 1]);
    driver.refuses.store(false, Ordering::SeqCst);
    until(|| world.ready(DEAD) == 1).await;
    world.empty(INFO).await;
    let stats = handle.stats();
    assert!(stats.requeued >= 4 && stats.republished == 2 && stats.dead_lettered == 1, "{stats:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_moved_back_is_handled() {
    let world = world();
    let mut seen = Seen::new();
    let (note, patient) = (seen.note(), Arc::new(AtomicBool::new(false)));
    let done = Arc::clone(&patient);
    let desk = Desk::new().one(on_info("twice"), move |event| {
        note(event.redeliveries);
        let done = done.load(Ordering::SeqCst);
        async move { if !done { NotificationResult::Requeue } else { NotificationResult::Handled } }
    });
    start(limited(&world, desk, 1)).await;
    world.send_infos([1]).await;
    assert_eq!(seen.take(2).await, [0, 1]);
    let dead = world.pick(DEAD).await;
    assert!(dead.text("x-oslo-reason").contains("asked for it again"));
    assert_eq!((dead.number("x-oslo-delivered"), dead.properties.header("x-oslo-deliveries")), (2, None));
    patient.store(true, Ordering::SeqCst);
    publish(&world.transport, route("openstack", "notifications", "info"), dead.body, dead.properties).await;
    assert_eq!(seen.next().await, 0, "it has all its redeliveries anew");
    world.empty(INFO).await;
}
