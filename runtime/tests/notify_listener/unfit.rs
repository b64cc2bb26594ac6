//! Payloads that do not fit their method's type, and messages that cannot be read.

use crate::desk::{Desk, Seen, on_info};
use crate::support::{DEAD, INFO, World, json_properties, notification, publish, route, start, until, world};
use oslo_messaging::notify::{Event, ListenerHandle, NotificationResult, UnfitPolicy};
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A method that takes numbers, and one after it that takes anything.
fn desk(seen: &Seen<String>) -> Desk {
    let (numbers, anything) = (seen.note(), seen.note());
    Desk::new()
        .typed(on_info("numbers"), move |event: Event<u64>| {
            numbers(format!("number {}", event.payload));
            async {}
        })
        .one(on_info("anything"), move |event| {
            anything(format!("anything {}", event.payload));
            async {}
        })
}

async fn listening(world: &World, seen: &Seen<String>, policy: UnfitPolicy, requeue: bool) -> ListenerHandle {
    start(world.listener(desk(seen)).unfit_payloads(policy).allow_requeue(requeue).redelivery_limit(2)).await
}

async fn send_text(world: &World) {
    world.send(&notification("INFO", "e", json!("text"))).await;
}

#[tokio::test(start_paused = true)]
async fn what_fits_is_handled() {
    let world = world();
    let mut seen = Seen::new();
    let handle = listening(&world, &seen, UnfitPolicy::default(), false).await;
    world.send_infos([7]).await;
    assert_eq!(seen.take(2).await, ["number 7", "anything 7"]);
    world.empty(INFO).await;
    assert_eq!((handle.stats().handled, handle.stats().unfit), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn by_default_the_others_are_called_and_the_dead_letters_have_it() {
    for policy in [UnfitPolicy::DeadLetter, UnfitPolicy::Requeue] {
        let world = world();
        let mut seen = Seen::new();
        // To requeue means the dead letters where giving back is not allowed.
        let handle = listening(&world, &seen, policy, false).await;
        send_text(&world).await;
        assert_eq!(seen.next().await, "anything \"text\"");
        let dead = world.pick(DEAD).await;
        assert!(dead.text("x-oslo-reason").contains("Desk.numbers: "));
        world.empty(INFO).await;
        let stats = handle.stats();
        assert_eq!((stats.unfit, stats.dead_lettered, stats.failed, stats.handled), (1, 1, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_it_leaves_the_others() {
    let world = world();
    let mut seen = Seen::new();
    let handle = listening(&world, &seen, UnfitPolicy::Drop, true).await;
    send_text(&world).await;
    assert_eq!(seen.next().await, "anything \"text\"");
    world.empty(INFO).await;
    assert_eq!((handle.stats().unfit, handle.stats().handled), (1, 1));
    assert_eq!(world.broker.queue(DEAD), None);
}

#[tokio::test(start_paused = true)]
async fn requeueing_it_goes_by_the_rules_for_that() {
    let world = world();
    let seen = Seen::new();
    let handle = listening(&world, &seen, UnfitPolicy::Requeue, true).await;
    send_text(&world).await;
    until(|| world.ready(DEAD) == 1).await;
    world.empty(INFO).await;
    let stats = handle.stats();
    assert_eq!((stats.unfit, stats.requeued, stats.republished, stats.dead_lettered), (3, 0, 2, 1));
    assert!(seen.is_empty(), "the methods after it are not called");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_kept_when_that_is_asked_for() {
    let world = world();
    let seen = Seen::new();
    let handle = start(world.listener(desk(&seen)).dead_letter_malformed(true)).await;
    let info = route("openstack", "notifications", "info");
    publish(&world.transport, info, b"not json".to_vec(), json_properties()).await;
    let dead = world.pick(DEAD).await;
    assert_eq!((dead.body.as_slice(), dead.number("x-oslo-delivered")), (&b"not json"[..], 1));
    assert!(dead.text("x-oslo-reason").starts_with("malformed message"));
    world.empty(INFO).await;
    assert_eq!((handle.stats().malformed, handle.stats().dead_lettered), (1, 1));
}

/// A method that takes numbers, and after it what `then` makes of anything.
fn misfit_and(then: impl Fn(Desk) -> Desk) -> Desk {
    let numbers = |_: Event<u64>| async {};
    then(Desk::new().typed(on_info("numbers"), numbers))
}

fn failing_one(desk: Desk) -> Desk {
    desk.one(on_info("fails"), |_| async { Err::<(), _>("no luck") })
}

fn failing_many(desk: Desk) -> Desk {
    desk.many(on_info("fails"), |_: Vec<Event>| async { Err::<(), _>("no luck") })
}

fn asking(desk: Desk) -> Desk {
    desk.one(on_info("asks"), |_| async { NotificationResult::Requeue })
}

#[tokio::test(start_paused = true)]
async fn another_method_that_fails_or_asks_again_loses_nothing_that_does_not_fit() {
    for (then, failed) in [(failing_one as fn(Desk) -> Desk, 1), (asking, 0)] {
        let world = world();
        let handle = start(world.listener(misfit_and(then))).await;
        send_text(&world).await;
        until(|| world.ready(DEAD) == 1).await;
        let dead = world.pick(DEAD).await;
        assert!(dead.text("x-oslo-reason").contains("Desk.numbers: "));
        world.empty(INFO).await;
        let stats = handle.stats();
        assert_eq!((stats.unfit, stats.failed, stats.dead_lettered, stats.handled), (1, failed, 1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_loses_nothing_that_does_not_fit() {
    for then in [failing_one, failing_many] {
        let world = world();
        let handle = start(world.listener(misfit_and(then)).batch(3, Duration::from_secs(1))).await;
        world.send_infos([1, 2]).await;
        send_text(&world).await;
        until(|| world.ready(DEAD) == 1).await;
        let dead = world.pick(DEAD).await;
        assert_eq!(dead.message()["payload"], "text");
        assert!(dead.text("x-oslo-reason").contains("Desk.numbers: "));
        world.empty(INFO).await;
        let stats = handle.stats();
        assert_eq!((stats.unfit, stats.failed, stats.dead_lettered, stats.handled), (1, 3, 1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_comes_again_with_the_rest_where_that_is_allowed() {
    let world = world();
    let once = |desk: Desk| {
        let called = AtomicU64::new(0);
        desk.one(on_info("once"), move |_| {
            let again = called.fetch_add(1, Ordering::Relaxed) == 0;
            async move { if again { NotificationResult::Requeue } else { NotificationResult::Handled } }
        })
    };
    let handle = start(world.listener(misfit_and(once)).allow_requeue(true)).await;
    send_text(&world).await;
    until(|| world.ready(DEAD) == 1).await;
    world.empty(INFO).await;
    let stats = handle.stats();
    assert_eq!((stats.unfit, stats.requeued, stats.dead_lettered), (2, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_over_a_limit_is_somebodys_notification_and_kept() {
    let keys: Vec<String> = (0..100_000).map(|n| format!(r#""{n}": 0"#)).collect();
    let large = format!(r#""{}""#, "x".repeat(16 << 20));
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (payload, words) in [
        (large, "over 16777216 bytes"),
        (deep, "levels deep"),
        (format!("{{{}}}", keys.join(", ")), "keys, allowed are 100000"),
    ] {
        let world = world();
        let seen = Seen::new();
        let handle = start(world.listener(desk(&seen))).await;
        let body = format!(r#"{{"event_type": "e", "priority": "INFO", "payload": {payload}}}"#).into_bytes();
        let info = route("openstack", "notifications", "info");
        publish(&world.transport, info, body.clone(), json_properties()).await;
        until(|| world.ready(DEAD) == 1).await;
        let dead = world.pick(DEAD).await;
        assert!(dead.body == body, "as it came");
        assert!(dead.text("x-oslo-reason").contains(words), "{}", dead.text("x-oslo-reason"));
        world.empty(INFO).await;
        assert_eq!((handle.stats().malformed, handle.stats().dead_lettered), (1, 1));
        assert!(seen.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_rejected_by_default() {
    let world = world();
    let seen = Seen::new();
    let handle = start(world.listener(desk(&seen))).await;
    let info = route("openstack", "notifications", "info");
    publish(&world.transport, info, b"not json".to_vec(), json_properties()).await;
    world.empty(INFO).await;
    assert_eq!((handle.stats().malformed, handle.stats().dead_lettered), (1, 0));
    assert_eq!(world.broker.queue(DEAD), None);
}
