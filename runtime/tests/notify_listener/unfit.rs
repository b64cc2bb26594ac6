//! Payloads that do not fit their method's type, and messages that cannot be read.

use crate::desk::{Desk, Seen, on_info};
use crate::support::{DEAD, INFO, World, json_properties, notification, publish, route, start, until, world};
use oslo_messaging::notify::{ListenerHandle, UnfitPolicy};
use serde_json::json;

/// A method that takes numbers, and one after it that takes anything.
fn desk(seen: &Seen<String>) -> Desk {
    let (numbers, anything) = (seen.note(), seen.note());
    Desk::new()
        .typed(on_info("numbers"), move |event: oslo_messaging::notify::Event<u64>| {
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
    assert_eq!((stats.unfit, stats.requeued, stats.republished, stats.dead_lettered), (3, 1, 1, 1));
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
