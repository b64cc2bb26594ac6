//! Notifications that come twice.

use crate::desk::{Desk, Seen, on_info};
use crate::support::{INFO, info, start, until, with, world};
use oslo_messaging::notify::{Event, NotificationResult};
use serde_json::json;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Handlers that wait for a permit each, then ask for a first delivery again if `again`.
fn gated(seen: &Seen<u64>, gate: &Arc<Semaphore>, again: bool) -> Desk {
    let (note, gate) = (seen.note(), Arc::clone(gate));
    Desk::new().one(on_info("waits"), move |event: Event| {
        note(event.redeliveries);
        let gate = Arc::clone(&gate);
        async move {
            gate.acquire().await.unwrap().forget();
            if again && event.redeliveries == 0 {
                NotificationResult::Requeue
            } else {
                NotificationResult::Handled
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_what_was_handled_is_dropped() {
    let world = world();
    let mut seen = Seen::new();
    let handle = start(world.listener(Desk::new().seeing(&seen)).concurrency(1)).await;
    let (first, second) = (info(1), info(2));
    for message in [&first, &second, &first, &second] {
        world.send(message).await;
    }
    world.empty(INFO).await;
    assert_eq!(seen.take(2).await.len(), 2);
    assert!(seen.is_empty());
    assert_eq!((handle.stats().handled, handle.stats().duplicates), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn messages_without_an_id_are_no_copies() {
    let world = world();
    let mut seen = Seen::new();
    start(world.listener(Desk::new().seeing(&seen))).await;
    let message = with(info(1), "_unique_id", None);
    world.send(&message).await;
    world.send(&message).await;
    // An id of another form counts.
    let other = with(info(2), "_unique_id", Some(json!("theirs")));
    world.send(&other).await;
    world.send(&other).await;
    assert_eq!(seen.take(3).await.len(), 3);
    world.empty(INFO).await;
    assert!(seen.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_copy_waits_for_the_first_and_is_acknowledged_with_it() {
    let world = world();
    let (mut seen, gate) = (Seen::new(), Arc::new(Semaphore::new(0)));
    let handle = start(world.listener(gated(&seen, &gate, false))).await;
    let message = info(1);
    world.send(&message).await;
    seen.next().await;
    world.send(&message).await;
    until(|| handle.stats().duplicates == 1).await;
    assert_eq!((world.held(INFO), handle.stats().running), (2, 1), "it takes no slot");
    gate.add_permits(1);
    world.empty(INFO).await;
    assert_eq!(handle.stats().handled, 1);
    assert!(seen.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_copy_comes_again_with_the_first() {
    let world = world();
    let (mut seen, gate) = (Seen::new(), Arc::new(Semaphore::new(0)));
    let handle = start(world.listener(gated(&seen, &gate, true)).allow_requeue(true)).await;
    let message = info(1);
    world.send(&message).await;
    assert_eq!(seen.next().await, 0);
    world.send(&message).await;
    until(|| handle.stats().duplicates == 1).await;
    gate.add_permits(2);
    // Both come back; one is handled, the other is its copy.
    assert_eq!(seen.next().await, 1);
    world.empty(INFO).await;
    assert_eq!((handle.stats().handled, handle.stats().requeued, handle.stats().duplicates), (1, 1, 2));
    assert!(seen.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_a_lost_connection_brings_back_is_not_handled_twice() {
    let world = world();
    let (mut seen, gate) = (Seen::new(), Arc::new(Semaphore::new(0)));
    let handle = start(world.listener(gated(&seen, &gate, false)).concurrency(1).prefetch(0)).await;
    world.send_infos([1, 2, 3]).await;
    seen.next().await;
    assert_eq!(handle.stats().waiting, 2);
    assert_eq!(world.broker.kill_consumers(INFO), 1);
    // What had not begun is taken from the new deliveries; the copy of what runs waits for it.
    assert_eq!(handle.stats().waiting, 3);
    gate.add_permits(3);
    world.empty(INFO).await;
    assert_eq!(seen.take(2).await, [1, 1]);
    let stats = handle.stats();
    assert_eq!((stats.handled, stats.duplicates, stats.received), (3, 1, 6));
    assert!(seen.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_what_is_published_again_is_not_lost() {
    let world = world();
    let (mut seen, gate) = (Seen::new(), Arc::new(Semaphore::new(0)));
    let note = seen.note();
    let waiting = Arc::clone(&gate);
    let desk = Desk::new().one(on_info("third"), move |event| {
        note(event.redeliveries);
        let gate = Arc::clone(&waiting);
        async move {
            gate.acquire().await.unwrap().forget();
            if event.redeliveries < 2 { NotificationResult::Requeue } else { NotificationResult::Handled }
        }
    });
    let handle = start(world.listener(desk).allow_requeue(true).redelivery_limit(9)).await;
    let message = info(1);
    world.send(&message).await;
    gate.add_permits(1);
    assert_eq!(seen.take(2).await, [0, 1]);
    world.send(&message).await;
    until(|| handle.stats().duplicates == 1).await;
    gate.add_permits(2);
    assert_eq!(seen.next().await, 2);
    world.empty(INFO).await;
    let stats = handle.stats();
    assert_eq!((stats.republished, stats.handled, stats.duplicates), (2, 1, 1));
}
