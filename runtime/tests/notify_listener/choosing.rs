//! Globs and filters: which notifications a method wants.

use crate::desk::{Desk, Seen};
use crate::support::{INFO, info, notification, start, until, with, world};
use oslo_messaging::notify::{FilterDescriptor, OnDescriptor, Priority};
use serde_json::{Value, json};

/// Sends `messages` to one method; gives the payload's member `n` of those that it gets, and the stats.
async fn wanted(glob: Option<&'static str>, filter: FilterDescriptor, messages: &[Value]) -> Vec<u64> {
    let world = world();
    let mut seen = Seen::new();
    let note = seen.note();
    let on = OnDescriptor::new("chooses", &[Priority::Info], glob, filter, false);
    let desk = Desk::new().one(on, move |event| {
        note(event.decode::<Value>().unwrap().payload["n"].as_u64().unwrap());
        async {}
    });
    let handle = start(world.listener(desk).concurrency(1)).await;
    for message in messages {
        world.send(message).await;
    }
    until(|| {
        let stats = handle.stats();
        stats.filtered + stats.handled == messages.len() as u64
    })
    .await;
    world.empty(INFO).await;
    let handled = usize::try_from(handle.stats().handled).unwrap();
    seen.take(handled).await
}

fn event(n: u64, event_type: &str) -> Value {
    notification("INFO", event_type, json!({"n": n, "state": "active", "size": 3, "odd": null}))
}

#[tokio::test(start_paused = true)]
async fn a_glob_must_match_the_whole_event_type() {
    let messages = [
        event(1, "compute.instance.create.end"),
        event(2, "compute.instance"),
        event(3, "Compute.instance.x"),
        event(4, "network.compute.instance.x"),
        with(event(5, ""), "event_type", None),
        event(6, "compute.instance."),
    ];
    assert_eq!(wanted(Some("compute.instance.*"), FilterDescriptor::NONE, &messages).await, [1, 6]);
    assert_eq!(wanted(Some("*.[ei]n[ds]*"), FilterDescriptor::NONE, &messages).await, [1, 2, 3, 4, 6]);
}

#[tokio::test(start_paused = true)]
async fn patterns_are_anchored_at_the_start_only() {
    let messages =
        [event(1, "compute.create"), event(2, "xcompute.create"), with(event(3, ""), "event_type", None)];
    let filter = FilterDescriptor::new(Some("compute"), None, &[], &[], &[]);
    assert_eq!(wanted(None, filter, &messages).await, [1]);
}

#[tokio::test(start_paused = true)]
async fn every_part_can_be_filtered_by() {
    let messages = [
        event(1, "e"),
        with(event(2, "e"), "publisher_id", Some(json!("network.host-1"))),
        with(event(3, "e"), "_context_user_id", Some(json!("bob"))),
        with(event(4, "e"), "_context_user_id", None),
        with(event(5, "e"), "timestamp", Some(json!("2025-01-01 00:00:00"))),
        with(event(6, "e"), "payload", Some(json!({"n": 6, "state": "error"}))),
        with(event(7, "e"), "payload", Some(json!({"n": 7, "state": ["active"]}))),
        with(event(8, "e"), "payload", Some(json!({"n": 8}))),
    ];
    for (filter, expected) in [
        (FilterDescriptor::new(None, Some("compute"), &[], &[], &[]), vec![1, 3, 4, 5, 6, 7, 8]),
        (FilterDescriptor::new(None, None, &[("user_id", "^a")], &[], &[]), vec![1, 2, 5, 6, 7, 8]),
        (FilterDescriptor::new(None, None, &[], &[("timestamp", "2026")], &[]), vec![1, 2, 3, 4, 6, 7, 8]),
        (FilterDescriptor::new(None, None, &[], &[("other", "")], &[]), vec![]),
        (FilterDescriptor::new(None, None, &[], &[], &[("state", "active$")]), vec![1, 2, 3, 4, 5]),
        (FilterDescriptor::new(None, None, &[], &[], &[("size", "3")]), vec![]),
        (FilterDescriptor::new(None, None, &[], &[], &[("odd", "")]), vec![]),
        (
            FilterDescriptor::new(Some("e"), Some("c"), &[("user_id", "a")], &[], &[("state", "a")]),
            vec![1, 5],
        ),
    ] {
        assert_eq!(wanted(None, filter.clone(), &messages).await, expected, "{filter:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_is_no_object_has_no_members() {
    let filter = FilterDescriptor::new(None, None, &[], &[], &[("0", "")]);
    assert_eq!(wanted(None, filter, &[info(1), notification("INFO", "e", json!(["x"]))]).await, [0; 0]);
}
