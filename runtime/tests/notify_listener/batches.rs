//! Several notifications at a time.

use crate::desk::{Desk, Seen, on, on_info};
use crate::support::{DEAD, INFO, notification, start, stop, until, world};
use oslo_messaging::notify::{Event, NotificationResult, OnDescriptor, Priority};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// A method that takes infos together and notes their numbers.
fn numbers(seen: &Seen<Vec<u64>>) -> Desk {
    let note = seen.note();
    Desk::new().many(on_info("numbers"), move |events: Vec<Event<u64>>| {
        note(events.iter().map(|event| event.payload).collect());
        async {}
    })
}

#[tokio::test(start_paused = true)]
async fn a_batch_closes_when_it_is_full_or_late() {
    let world = world();
    let mut seen = Seen::new();
    let handle = start(world.listener(numbers(&seen)).batch(3, SECOND)).await;
    world.send_infos(1..=7).await;
    assert_eq!(seen.take(2).await, [[1, 2, 3], [4, 5, 6]]);
    assert_eq!((seen.is_empty(), handle.stats().waiting), (true, 1));
    let begun = Instant::now();
    assert_eq!(seen.next().await, [7]);
    assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
    world.empty(INFO).await;
    assert_eq!((handle.stats().handled, handle.stats().received), (7, 7));
    // The time of the next one runs from its own first message.
    tokio::time::sleep(10 * SECOND).await;
    let begun = Instant::now();
    world.send_infos([8]).await;
    assert_eq!(seen.next().await, [8]);
    assert!(begun.elapsed() >= SECOND);
}

#[tokio::test(start_paused = true)]
async fn two_hundred_and_five_make_two_full_batches_and_a_late_one() {
    let world = world();
    let mut seen = Seen::new();
    world.send_infos(0..205).await;
    start(world.listener(numbers(&seen)).batch(100, 2 * SECOND)).await;
    let sizes: Vec<usize> = seen.take(3).await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [100, 100, 5]);
}

#[tokio::test(start_paused = true)]
async fn the_prefetch_limits_the_size() {
    let world = world();
    let mut seen = Seen::new();
    start(world.listener(numbers(&seen)).batch(100, SECOND).prefetch(2)).await;
    world.send_infos(1..=3).await;
    assert_eq!(seen.take(2).await, [vec![1, 2], vec![3]]);
}

#[tokio::test(start_paused = true)]
async fn one_batch_at_a_time_unless_told_otherwise() {
    for (concurrency, running) in [(None, 1), (Some(2), 2)] {
        let world = world();
        let (mut seen, gate) = (Seen::new(), Arc::new(Semaphore::new(0)));
        let (note, waiting) = (seen.note(), Arc::clone(&gate));
        let desk = Desk::new().many(on_info("waits"), move |events: Vec<Event<u64>>| {
            note(events.len());
            let gate = Arc::clone(&waiting);
            async move { gate.acquire().await.unwrap().forget() }
        });
        let mut listener = world.listener(desk).batch(2, SECOND).prefetch(0);
        if let Some(concurrency) = concurrency {
            listener = listener.concurrency(concurrency);
        }
        let handle = start(listener).await;
        world.send_infos(1..=6).await;
        assert_eq!(seen.take(running).await, vec![2; running]);
        until(|| handle.stats().waiting == 6 - 2 * running as u64).await;
        assert_eq!(handle.stats().running, running as u64);
        gate.add_permits(3);
        assert_eq!(seen.take(3 - running).await.len(), 3 - running);
    }
}

#[tokio::test(start_paused = true)]
async fn priorities_are_called_in_alphabetical_order_and_singles_one_by_one() {
    let world = world();
    let mut seen = Seen::new();
    let (many, one) = (seen.note(), seen.note());
    let desk = Desk::new()
        .many(on("many", &Priority::ALL), move |events: Vec<Event<u64>>| {
            let payloads: Vec<u64> = events.iter().map(|event| event.payload).collect();
            many(format!("{} {payloads:?}", events[0].priority));
            async {}
        })
        .one(on_info("one"), move |event| {
            one(format!("one {}", event.payload));
            async {}
        });
    let handle = start(world.listener(desk).batch(6, SECOND).prefetch(6)).await;
    let sent = [("WARN", 1), ("INFO", 2), ("ERROR", 3), ("INFO", 4), ("AUDIT", 5), ("WARN", 6)];
    for (priority, n) in sent {
        world.send(&notification(priority, "e", json!(n))).await;
    }
    assert_eq!(
        seen.take(6).await,
        ["audit [5]", "error [3]", "info [2, 4]", "one 2", "one 4", "warn [1, 6]"]
    );
    until(|| handle.stats().handled == 6).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_again_asks_for_all_of_the_priority() {
    let world = world();
    let mut seen = Seen::new();
    let (first, later) = (seen.note(), seen.note());
    let glob = Some("picky");
    let picky = OnDescriptor::new("picky", &[Priority::Info], glob, Default::default(), true);
    let desk = Desk::new()
        .many(picky, move |events: Vec<Event<u64>>| {
            first(format!("picky {}", events.len()));
            let first_time = events[0].redeliveries == 0;
            async move { if first_time { NotificationResult::Requeue } else { NotificationResult::Handled } }
        })
        .many(on("later", &[Priority::Info, Priority::Error]), move |events: Vec<Event<u64>>| {
            let numbers: Vec<u64> = events.iter().map(|event| event.payload).collect();
            later(format!("later {} {numbers:?}", events[0].priority));
            async {}
        });
    let handle = start(world.listener(desk).batch(3, SECOND).prefetch(3).allow_requeue(true)).await;
    world.send(&notification("INFO", "picky", json!(1))).await;
    world.send(&notification("INFO", "other", json!(2))).await;
    world.send(&notification("ERROR", "other", json!(3))).await;
    assert_eq!(seen.take(4).await, ["later error [3]", "picky 1", "picky 1", "later info [1, 2]"]);
    world.empty(INFO).await;
    assert_eq!((handle.stats().requeued, handle.stats().handled), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn each_message_is_filtered_and_each_misfit_goes_alone() {
    let world = world();
    let mut seen = Seen::new();
    let note = seen.note();
    let on = OnDescriptor::new("numbers", &[Priority::Info], Some("count.*"), Default::default(), true);
    let desk = Desk::new().many(on, move |events: Vec<Event<u64>>| {
        note(events.iter().map(|event| event.payload).collect::<Vec<_>>());
        async {}
    });
    let handle = start(world.listener(desk).batch(5, SECOND)).await;
    let sent = [
        ("count.a", json!(1)),
        ("other", json!(2)),
        ("count.b", json!("x")),
        ("count.c", json!(4)),
        ("count.d", json!([])),
    ];
    for (event_type, payload) in sent {
        world.send(&notification("INFO", event_type, payload)).await;
    }
    assert_eq!(seen.next().await, [1, 4]);
    until(|| world.ready(DEAD) == 2).await;
    world.empty(INFO).await;
    let stats = handle.stats();
    assert_eq!((stats.handled, stats.filtered, stats.unfit, stats.dead_lettered), (2, 1, 2, 2));
}

#[tokio::test(start_paused = true)]
async fn copies_within_a_batch_are_dropped() {
    let world = world();
    let mut seen = Seen::new();
    let handle = start(world.listener(numbers(&seen)).batch(3, SECOND)).await;
    let message = notification("INFO", "e", json!(1));
    for _ in 0..3 {
        world.send(&message).await;
    }
    assert_eq!(seen.next().await, [1]);
    world.empty(INFO).await;
    assert_eq!((handle.stats().handled, handle.stats().duplicates), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_panic_fails_the_batch() {
    let world = world();
    let mut seen = Seen::new();
    let note = seen.note();
    let desk = Desk::new().many(on_info("panics"), move |events: Vec<Event<u64>>| {
        note(events.len());
        async move { assert_ne!(events[0].redeliveries, 0) }
    });
    let handle = start(world.listener(desk).batch(2, SECOND).allow_requeue(true)).await;
    world.send_infos([1, 2]).await;
    assert_eq!(seen.take(2).await, [2, 2]);
    world.empty(INFO).await;
    assert_eq!((handle.stats().failed, handle.stats().requeued, handle.stats().handled), (2, 2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_part_of_a_batch_goes_back_at_the_stop_and_is_taken_anew_after_a_loss() {
    let world = world();
    let seen = Seen::new();
    let handle = start(world.listener(numbers(&seen)).batch(3, SECOND)).await;
    world.send_infos([1, 2]).await;
    world.broker.kill_consumers(INFO);
    assert_eq!((handle.stats().waiting, handle.stats().received), (2, 4));
    stop(&handle).await;
    assert_eq!((world.ready(INFO), world.held(INFO)), (2, 0));
    assert_eq!(handle.wait(SECOND).await.returned_to_queue, 2);
    assert!(seen.is_empty());
}
