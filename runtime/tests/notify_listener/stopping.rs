//! Slots, order, and how a listener stops.

use crate::desk::{Desk, Seen, on_info};
use crate::support::{INFO, PLENTY, start, stop, until, world};
use oslo_messaging::notify::{Event, ListenerHandle, ListenerStartError};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Handlers that wait for a permit each.
fn gated(seen: &Seen<String>, gate: &Arc<Semaphore>) -> Desk {
    let (note, gate) = (seen.note(), Arc::clone(gate));
    Desk::new().one(on_info("waits"), move |event: Event| {
        note(event.payload.to_string());
        let gate = Arc::clone(&gate);
        async move { gate.acquire().await.unwrap().forget() }
    })
}

fn gate() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(0))
}

#[tokio::test(start_paused = true)]
async fn running_handlers_finish_and_the_rest_goes_back() {
    let world = world();
    let (mut seen, gate) = (Seen::new(), gate());
    let handle = start(world.listener(gated(&seen, &gate)).concurrency(2).prefetch(0)).await;
    world.send_infos(1..=5).await;
    assert_eq!(seen.take(2).await, ["1", "2"]);
    assert_eq!((handle.stats().running, handle.stats().waiting), (2, 3));
    handle.stop();
    until(|| world.ready(INFO) == 3).await;
    assert_eq!((world.held(INFO), world.broker.queue(INFO).unwrap().consumers), (2, 0));
    gate.add_permits(2);
    let stopped = handle.wait(PLENTY).await;
    assert_eq!((stopped.finished, stopped.returned_to_queue, stopped.aborted), (2, 3, 0));
    assert_eq!((world.ready(INFO), world.held(INFO)), (3, 0));
    assert!(seen.is_empty());
}

#[tokio::test(start_paused = true)]
async fn handlers_without_time_lose_nothing() {
    for by_wait in [true, false] {
        let world = world();
        let (mut seen, gate) = (Seen::new(), gate());
        let limit = if by_wait { PLENTY } else { Duration::from_secs(2) };
        let handle = start(world.listener(gated(&seen, &gate)).stop_limit(limit)).await;
        world.send_infos([1]).await;
        seen.next().await;
        handle.stop();
        let stopped = handle.wait(if by_wait { Duration::from_secs(2) } else { PLENTY }).await;
        assert_eq!((stopped.finished, stopped.aborted), (0, 1));
        assert_eq!((world.ready(INFO), world.held(INFO)), (1, 0));
        assert_eq!(handle.stats().handled, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn one_at_a_time_keeps_the_order() {
    let world = world();
    let mut seen = Seen::new();
    let note = seen.note();
    let desk = Desk::new().one(on_info("slow"), move |event| {
        let note = note.clone();
        async move {
            note(format!("begin {}", event.payload));
            tokio::time::sleep(Duration::from_millis(10)).await;
            note(format!("end {}", event.payload));
        }
    });
    start(world.listener(desk).concurrency(1).prefetch(0)).await;
    world.send_infos(1..=40).await;
    let expected: Vec<String> = (1..=40).flat_map(|n| [format!("begin {n}"), format!("end {n}")]).collect();
    assert_eq!(seen.take(80).await, expected);
}

#[tokio::test(start_paused = true)]
async fn it_can_be_started_again_after_its_stop_and_not_before() {
    let world = world();
    let mut seen = Seen::new();
    let listener = world.listener(Desk::new().seeing(&seen)).build().unwrap();
    let first = listener.start().await.unwrap();
    assert!(matches!(listener.start().await, Err(ListenerStartError::AlreadyRunning)));
    stop(&first).await;
    world.send_infos([1]).await;
    let second = listener.start().await.unwrap();
    assert_eq!(seen.next().await.payload.as_str(), "1");
    world.empty(INFO).await;
    assert_eq!((first.stats().received, second.stats().received), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_stop_its_listener() {
    let world = world();
    let own = Arc::new(OnceLock::<ListenerHandle>::new());
    let theirs = Arc::clone(&own);
    let desk = Desk::new().one(on_info("stops"), move |_| {
        theirs.get().unwrap().stop();
        async { tokio::task::yield_now().await }
    });
    let handle = start(world.listener(desk).concurrency(1)).await;
    own.set(handle.clone()).unwrap();
    world.send_infos([1, 2]).await;
    let stopped = handle.wait(PLENTY).await;
    assert_eq!((stopped.finished, handle.stats().handled), (1, 1));
    assert_eq!((world.ready(INFO), world.held(INFO)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_its_transport() {
    let world = world();
    let handle = start(world.listener(Desk::new().seeing(&Seen::new()))).await;
    world.transport.close(PLENTY).await;
    assert_eq!(handle.wait(PLENTY).await.aborted, 0);
    let seen = Seen::new();
    let listener = world.listener(Desk::new().seeing(&seen)).build().unwrap();
    assert!(matches!(listener.start().await, Err(ListenerStartError::Driver(_))));
}

/// The broker has them at once, and gives them to others.
#[tokio::test(start_paused = true)]
async fn those_that_wait_when_its_transport_is_closed_are_not_handled() {
    let world = world();
    let (mut seen, gate) = (Seen::new(), gate());
    let handle = start(world.listener(gated(&seen, &gate)).concurrency(1).prefetch(0)).await;
    world.send_infos(1..=3).await;
    assert_eq!(seen.next().await, "1");
    until(|| handle.stats().waiting == 2).await;
    // The handler is woken before the listener that is to stop.
    gate.add_permits(3);
    world.transport.close(PLENTY).await;
    handle.wait(PLENTY).await;
    assert!(seen.is_empty(), "2 is the broker's again");
    assert_eq!((world.ready(INFO), world.held(INFO)), (3, 0));
}

#[test]
fn it_ends_with_its_runtime_and_keeps_nobody_waiting() {
    let world = world();
    let (mut seen, gate) = (Seen::new(), gate());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = world.listener(gated(&seen, &gate)).concurrency(1).prefetch(2).build().unwrap();
    let handle = runtime.block_on(async {
        let handle = listener.start().await.unwrap();
        world.send_infos(1..=3).await;
        assert_eq!(seen.next().await, "1");
        until(|| handle.stats().waiting == 1).await;
        handle
    });
    runtime.shutdown_timeout(PLENTY);
    let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    other.block_on(async {
        let ended = tokio::time::timeout(Duration::from_secs(30), handle.wait(PLENTY));
        let stopped = ended.await.expect("nobody waits for a runtime that is gone");
        assert_eq!((stopped.finished, stopped.returned_to_queue, stopped.aborted), (0, 1, 1));
        assert_eq!((world.ready(INFO), world.held(INFO)), (3, 0));
        gate.add_permits(3);
        let again = listener.start().await.unwrap();
        world.empty(INFO).await;
        assert_eq!(again.stats().handled, 3);
    });
}

#[test]
fn it_needs_a_runtime() {
    let world = world();
    let seen = Seen::new();
    let listener = world.listener(Desk::new().seeing(&seen)).build().unwrap();
    let started = oslo_messaging::testing::block_on(listener.start());
    assert!(matches!(started, Err(ListenerStartError::NoRuntime)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thousands_on_several_threads_are_each_handled_once() {
    let world = world();
    let mut seen = Seen::new();
    let handle = start(world.listener(Desk::new().seeing(&seen)).concurrency(16)).await;
    world.send_infos(0..3000).await;
    let mut numbers: Vec<u64> =
        seen.take(3000).await.iter().map(|event| event.payload.decode().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..3000).collect::<Vec<u64>>());
    stop(&handle).await;
    assert_eq!((handle.stats().handled, world.ready(INFO), world.held(INFO)), (3000, 0, 0));
}
