//! What a builder refuses.

use crate::desk::{Desk, on, on_info};
use crate::support::{World, world};
use crate::wrapped::Wrapped;
use oslo_messaging::Target;
use oslo_messaging::drivers::memory::MemoryBroker;
use oslo_messaging::notify::{
    Event, FilterDescriptor, Listener, ListenerBuildError, ListenerBuilder, OnDescriptor, Priority,
    UnfitPolicy,
};
use std::time::Duration;

fn desk() -> Desk {
    Desk::new().one(on_info("any"), |_| async {})
}

fn refusal(listener: ListenerBuilder) -> ListenerBuildError {
    listener.build().unwrap_err()
}

#[test]
fn a_listener_needs_something_to_call() {
    let world = world();
    assert_eq!(refusal(Listener::builder(&world.transport)), ListenerBuildError::NoMethod);
    let nothing = Desk::new().one(on("nothing", &[]), |_| async {});
    assert_eq!(refusal(world.listener(nothing)), ListenerBuildError::NoMethod);
}

#[test]
fn targets_and_pools_must_be_names() {
    let world = world();
    for target in [
        Target::default(),
        Target::topic(""),
        Target::topic("a\nb"),
        Target::topic("a".repeat(251)),
        Target::server("t", "s"),
        Target::fanout("t"),
        Target::topic("t").with_exchange(""),
    ] {
        let error = refusal(world.listener(desk()).target(target.clone()));
        assert!(matches!(error, ListenerBuildError::InvalidTarget(_)), "{target}: {error}");
    }
    assert!(world.listener(desk()).target(Target::topic("a".repeat(245))).build().is_ok());
    assert!(matches!(refusal(world.listener(desk()).pool("")), ListenerBuildError::InvalidTarget(_)));
}

#[test]
fn the_queue_of_dead_letters_must_have_a_name_that_a_broker_holds() {
    let world = world();
    for name in ["a".repeat(251), "a".repeat(255)] {
        let error = refusal(world.listener(desk()).pool(&name));
        assert!(error.to_string().contains("dead letters"), "{error}");
        let without = world.listener(desk()).pool(&name).unfit_payloads(UnfitPolicy::Drop);
        assert!(without.build().is_ok(), "nothing is moved to it");
    }
    let topic = Target::topic("a".repeat(246));
    assert!(refusal(world.listener(desk()).target(topic)).to_string().contains("dead letters"));
    assert!(world.listener(desk()).pool("a".repeat(250)).build().is_ok());
}

#[test]
fn a_pattern_that_cannot_be_used_is_named() {
    let world = world();
    let filter = FilterDescriptor::new(None, None, &[], &[], &[("state", "(?=a)")]);
    let on = OnDescriptor::new("picky", &[Priority::Info], None, filter, false);
    let error = refusal(world.listener(Desk::new().one(on, |_| async {})));
    let ListenerBuildError::Pattern { method, field, pattern, reason } = &error else { panic!("{error}") };
    assert_eq!((method.as_str(), field.as_str(), pattern.as_str()), ("Desk.picky", "payload.state", "(?=a)"));
    assert!(reason.contains("look around"), "{reason}");
}

#[test]
fn batches_must_be_described() {
    let world = world();
    let batches = || Desk::new().many(on_info("many"), |_: Vec<Event<u64>>| async {});
    let unset = ListenerBuildError::BatchUnset { method: "Desk.many".to_owned() };
    assert_eq!(refusal(world.listener(batches())), unset);
    assert_eq!(refusal(world.listener(batches()).batch(0, Duration::ZERO)), ListenerBuildError::EmptyBatch);
    assert_eq!(refusal(world.listener(desk()).concurrency(0)), ListenerBuildError::NoConcurrency);
}

#[test]
fn what_the_driver_lacks_is_refused() {
    let broker = MemoryBroker::new();
    let (transport, _) =
        Wrapped::on(&broker).without(|can| (can.pools, can.requeue) = (false, false)).transport();
    let world = World { broker, transport };
    assert!(world.listener(desk()).build().is_ok());
    let pool = ListenerBuildError::Unsupported { driver: "wrapped", capability: "listener pools" };
    assert_eq!(refusal(world.listener(desk()).pool("p")), pool);
    let requeue = refusal(world.listener(desk()).allow_requeue(true));
    assert!(matches!(requeue, ListenerBuildError::Unsupported { .. }), "{requeue}");
}
