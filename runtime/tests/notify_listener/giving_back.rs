//! Methods that ask for a notification again, fail or panic, with and without permission to give it back.

use crate::desk::{Desk, Seen, on_info, outcome};
use crate::support::{INFO, World, start, world};
use oslo_messaging::notify::{Event, ListenerEndpoint, ListenerHandle, NotificationResult, Outcome, Unfit};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

/// Ends as `failing` says the first time, then well.
fn once(seen: &Seen<u64>, failing: impl Fn() -> Outcome + Clone + Send + Sync + 'static) -> Desk {
    let note = seen.note();
    Desk::new().raw(on_info("once"), move |event| {
        note(event.redeliveries);
        let failing = failing.clone();
        outcome(async move { if event.redeliveries == 0 { failing() } else { Outcome::Handled } })
    })
}

async fn allowed(world: &World, endpoint: impl ListenerEndpoint) -> ListenerHandle {
    start(world.listener(endpoint).allow_requeue(true)).await
}

#[tokio::test(start_paused = true)]
async fn without_permission_it_is_done_with_all_the_same() {
    let world = world();
    let mut seen = Seen::new();
    let note = seen.note();
    let desk = Desk::new().raw(on_info("all"), move |event| {
        note(event.redeliveries);
        match event.payload.as_str() {
            "1" => outcome(async { Outcome::Requeue }),
            "2" => outcome(async { Outcome::Failed("no".to_owned()) }),
            "3" => panic!("no"),
            _ => outcome(async { panic!("no") }),
        }
    });
    let handle = start(world.listener(desk)).await;
    world.send_infos([1, 2, 3, 4]).await;
    assert_eq!(seen.take(4).await, [0; 4]);
    world.empty(INFO).await;
    let stats = handle.stats();
    assert_eq!((stats.handled, stats.failed, stats.requeued), (1, 3, 0));
    assert_eq!((stats.running, stats.waiting, stats.received), (0, 0, 4));
}

#[tokio::test(start_paused = true)]
async fn with_permission_it_comes_again() {
    let failures: [fn() -> Outcome; 3] =
        [|| Outcome::Requeue, || Outcome::Failed("no".to_owned()), || panic!("no")];
    for (at, failing) in failures.into_iter().enumerate() {
        let world = world();
        let mut seen = Seen::new();
        let handle = allowed(&world, once(&seen, failing)).await;
        world.send_infos([1]).await;
        assert_eq!(seen.take(2).await, [0, 1]);
        world.empty(INFO).await;
        let stats = handle.stats();
        assert_eq!((stats.handled, stats.requeued, stats.failed), (1, 1, u64::from(at > 0)));
        assert_eq!((stats.republished, stats.dead_lettered), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_limit_it_comes_again_for_ever() {
    let world = world();
    let mut seen = Seen::new();
    let note = seen.note();
    let tries = AtomicUsize::new(0);
    let desk = Desk::new().one(on_info("late"), move |event| {
        note(event.redeliveries);
        let done = tries.fetch_add(1, Ordering::Relaxed) == 20;
        async move { if done { NotificationResult::Handled } else { NotificationResult::Requeue } }
    });
    let handle = allowed(&world, desk).await;
    world.send_infos([1]).await;
    let seen = seen.take(21).await;
    // A broker that does not count says only that it is not the first time.
    assert_eq!(seen, [vec![0], vec![1; 20]].concat());
    world.empty(INFO).await;
    assert_eq!(handle.stats().requeued, 20);
}

#[tokio::test(start_paused = true)]
async fn a_handler_whose_drop_panics_harms_nobody() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    struct Work {
        _bomb: Option<Bomb>,
    }
    impl Future for Work {
        type Output = Outcome;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Outcome> {
            Poll::Ready(Outcome::Handled)
        }
    }
    let world = world();
    let mut seen = Seen::new();
    let note = seen.note();
    let desk = Desk::new().raw(on_info("bomb"), move |event: Event| {
        note(event.redeliveries);
        let bomb = (event.redeliveries == 0).then(|| Bomb);
        Ok::<_, Unfit>(Box::pin(Work { _bomb: bomb }))
    });
    let handle = allowed(&world, desk).await;
    world.send_infos([1]).await;
    assert_eq!(seen.take(2).await, [0, 1]);
    world.empty(INFO).await;
    assert_eq!((handle.stats().failed, handle.stats().handled), (1, 1));
}
