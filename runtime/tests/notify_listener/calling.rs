//! What a handler gets, in which order handlers are called, and which notifications none is called for.

use crate::desk::{Desk, Seen, on, on_info};
use crate::support::{INFO, info, json_properties, notification, publish, route, start, until, with, world};
use oslo_messaging::Target;
use oslo_messaging::notify::{NotificationResult, Priority, handler_fn};
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn a_handler_gets_everything_that_was_sent() {
    let world = world();
    let mut seen = Seen::new();
    let handle = start(world.listener(Desk::new().seeing(&seen))).await;
    world.send(&notification("INFO", "compute.create", json!({"id": 7}))).await;
    let event = seen.next().await;
    assert_eq!((event.priority, event.event_type.as_str()), (Priority::Info, "compute.create"));
    assert_eq!(event.publisher_id, "compute.host-1");
    assert_eq!(event.message_id, "9d15cf4e-2c2c-4f5b-a6a8-3a2f5c4e7c11");
    assert_eq!(event.timestamp, "2026-11-22 04:48:58.255225");
    assert_eq!((event.exchange.as_str(), event.topic.as_str()), ("openstack", "notifications"));
    assert_eq!((event.redeliveries, event.context.user_id().as_str()), (0, "ada"));
    assert_eq!(event.context.target().unwrap().topic.as_deref(), Some("notifications"));
    assert_eq!(event.decode::<Value>().unwrap().payload, json!({"id": 7}));
    world.empty(INFO).await;
    assert_eq!((handle.stats().received, handle.stats().handled), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn nulls_and_bare_messages_are_taken_too() {
    let world = world();
    let mut seen = Seen::new();
    start(world.listener(Desk::new().seeing(&seen))).await;
    let bare = json!({"priority": "info", "event_type": null, "publisher_id": null}).to_string().into_bytes();
    publish(&world.transport, route("openstack", "notifications", "info"), bare, json_properties()).await;
    let event = seen.next().await;
    assert_eq!(
        (event.event_type.as_str(), event.publisher_id.as_str(), event.payload.as_str()),
        ("", "", "null")
    );
}

#[tokio::test(start_paused = true)]
async fn every_method_that_wants_it_is_called_in_order_of_registration() {
    let world = world();
    let mut seen = Seen::new();
    let note = |name: &'static str| {
        let note = seen.note();
        move |_| {
            note(name);
            async {}
        }
    };
    let first = Desk::new().one(on_info("a"), note("a")).one(on("b", &[Priority::Error]), note("b"));
    let second = Desk::new().one(on_info("c"), note("c")).one(on_info("d"), note("d"));
    let handle = start(world.listener(first).endpoint(second)).await;
    world.send_infos([1]).await;
    assert_eq!(seen.take(3).await, ["a", "c", "d"]);
    world.empty(INFO).await;
    assert!(seen.is_empty());
    assert_eq!(handle.stats().handled, 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_for_it_again_or_fails_stops_the_others() {
    let world = world();
    let mut seen = Seen::new();
    let (first, second, third) = (seen.note(), seen.note(), seen.note());
    let desk = Desk::new()
        .one(on_info("first"), move |event| {
            first("first");
            async move {
                if event.payload.as_str() == "1" {
                    NotificationResult::Requeue
                } else {
                    NotificationResult::Handled
                }
            }
        })
        .one(on_info("second"), move |_| {
            second("second");
            async { Err::<(), _>("no") }
        })
        .one(on_info("third"), move |_| {
            third("third");
            async {}
        });
    let handle = start(world.listener(desk).concurrency(1)).await;
    world.send_infos([1, 2]).await;
    assert_eq!(seen.take(3).await, ["first", "first", "second"]);
    world.empty(INFO).await;
    assert!(seen.is_empty());
    assert_eq!((handle.stats().handled, handle.stats().failed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_message_says_its_priority_and_not_the_queue() {
    let world = world();
    let mut seen = Seen::new();
    let desk = Desk::new().one(on("warn", &[Priority::Warn, Priority::Info]), {
        let note = seen.note();
        move |event| {
            note(event.priority);
            async {}
        }
    });
    let handle = start(world.listener(desk)).await;
    for priority in ["warn", "Warn", "INFO"] {
        world.send_to("openstack", "notifications", "info", &notification(priority, "e", json!(1))).await;
    }
    assert_eq!(seen.take(3).await, [Priority::Warn, Priority::Warn, Priority::Info]);
    // No method takes errors; the others are no priorities.
    for priority in [json!("ERROR"), json!("FATAL"), json!(""), json!(7), json!(null)] {
        world.send_to("openstack", "notifications", "info", &with(info(1), "priority", Some(priority))).await;
    }
    world.send_to("openstack", "notifications", "info", &with(info(1), "priority", None)).await;
    world.empty(INFO).await;
    assert!(seen.is_empty());
    until(|| handle.stats().dropped == 6).await;
    assert_eq!((handle.stats().handled, handle.stats().filtered), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_thrown_away() {
    let world = world();
    let mut seen = Seen::new();
    let handle = start(world.listener(Desk::new().seeing(&seen)).allow_requeue(true)).await;
    let info_route = || route("openstack", "notifications", "info");
    publish(&world.transport, info_route(), b"not json".to_vec(), json_properties()).await;
    publish(&world.transport, info_route(), b"[]".to_vec(), json_properties()).await;
    publish(&world.transport, info_route(), b"{}".to_vec(), Default::default()).await;
    world.send_infos([1]).await;
    assert_eq!(seen.next().await.payload.as_str(), "1");
    world.empty(INFO).await;
    assert_eq!((handle.stats().malformed, handle.stats().handled), (3, 1));
    assert_eq!(world.broker.queue("notifications.info.dead"), None);
}

#[tokio::test(start_paused = true)]
async fn several_targets_are_listened_to() {
    let world = world();
    let mut seen = Seen::new();
    let targets = [Target::topic("a"), Target::topic("b").with_exchange("nova"), Target::topic("a")];
    let mut listener = world.listener(Desk::new().seeing(&seen)).concurrency(1);
    for target in targets {
        listener = listener.target(target);
    }
    start(listener).await;
    world.send_to("openstack", "a", "info", &info(1)).await;
    world.send_to("nova", "b", "error", &notification("ERROR", "e", json!(2))).await;
    let events = seen.take(2).await;
    let places: Vec<_> = events.iter().map(|event| (event.exchange.as_str(), event.topic.as_str())).collect();
    assert_eq!(places, [("openstack", "a"), ("nova", "b")]);
    assert_eq!(world.broker.queue("a.info").unwrap().consumers, 1, "a target named twice is one");
}

#[tokio::test(start_paused = true)]
async fn only_priorities_that_some_method_takes_are_subscribed_to() {
    let world = world();
    let desk = Desk::new().one(on("few", &[Priority::Error, Priority::Audit]), |_| async {});
    start(world.listener(desk)).await;
    assert_eq!(world.broker.queues(), ["notifications.audit", "notifications.error"]);
}

#[tokio::test(start_paused = true)]
async fn a_pool_gets_a_copy_and_shares_it() {
    let world = world();
    let (mut alone, mut shared) = (Seen::new(), Seen::new());
    let two = [Target::topic("a"), Target::topic("b")];
    start(world.listener(Desk::new().seeing(&alone)).target(Target::topic("a"))).await;
    start(
        world.listener(Desk::new().seeing(&shared)).target(two[0].clone()).target(two[1].clone()).pool("p"),
    )
    .await;
    start(world.listener(Desk::new().seeing(&shared)).target(two[1].clone()).pool("p")).await;
    world.send_to("openstack", "a", "info", &info(1)).await;
    world.send_to("openstack", "b", "info", &info(2)).await;
    assert_eq!(alone.next().await.topic, "a");
    let mut payloads: Vec<String> =
        shared.take(2).await.iter().map(|event| event.payload.to_string()).collect();
    payloads.sort();
    assert_eq!(payloads, ["1", "2"]);
    world.empty("p").await;
    assert!(alone.is_empty() && shared.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_listener_gets_what_was_sent_before_it_came() {
    let world = world();
    let mut seen = Seen::new();
    world.send_infos([1, 2]).await;
    let note = seen.note();
    let endpoint = handler_fn(&Priority::ALL, move |event| {
        note(event.payload.to_string());
        async {}
    });
    start(world.listener(endpoint)).await;
    assert_eq!(seen.take(2).await, ["1", "2"]);
}
