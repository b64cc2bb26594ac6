//! Faults that a plan makes on the memory broker, and how often.
#![cfg(feature = "memory")]

mod memory_support;

use memory_support::{driver, leave_queue, listen, message, publish, send, topic};
use oslo_messaging::drivers::memory::{FaultCounts, FaultPlan, FaultScope};
use oslo_messaging::transport::{PublishError, Route};
use std::time::{Duration, Instant};

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

/// What arrives of 200 messages under a plan, and how many faults were made.
async fn under(plan: FaultPlan) -> (Vec<String>, FaultCounts) {
    let (broker, driver) = driver();
    let topic = topic("topic");
    leave_queue(&*driver, &topic).await;
    broker.faults(plan);
    for number in numbers(0..200) {
        send(&*driver, &topic, &number);
    }
    let counts = broker.heal();
    (listen(&*driver, &topic, 0).await.texts(), counts)
}

#[tokio::test]
async fn lost_messages_are_confirmed_and_do_not_arrive() {
    let (arrived, counts) = under(FaultPlan { lose: 0.2, ..FaultPlan::seeded(1) }).await;
    assert!((20..60).contains(&counts.lost), "{counts:?}");
    assert_eq!(arrived.len() as u64, 200 - counts.lost);
    assert!(arrived.is_sorted_by_key(|text| text.parse::<u32>().unwrap()), "{arrived:?}");
}

#[tokio::test]
async fn duplicates_arrive_twice_in_a_row() {
    let (arrived, counts) = under(FaultPlan { duplicate: 0.2, ..FaultPlan::seeded(2) }).await;
    assert!((20..60).contains(&counts.duplicated), "{counts:?}");
    assert_eq!(arrived.len() as u64, 200 + counts.duplicated);
    let mut once = arrived.clone();
    once.dedup();
    assert_eq!(once, numbers(0..200));
}

#[tokio::test]
async fn reordering_loses_nothing() {
    let (arrived, counts) = under(FaultPlan { reorder: 0.2, ..FaultPlan::seeded(3) }).await;
    assert!((20..60).contains(&counts.reordered), "{counts:?}");
    assert_ne!(arrived, numbers(0..200));
    let mut sorted = arrived.clone();
    sorted.sort_by_key(|text| text.parse::<u32>().unwrap());
    assert_eq!(sorted, numbers(0..200));
}

#[tokio::test]
async fn the_same_seed_makes_the_same_faults_and_another_seed_others() {
    let plan = FaultPlan { lose: 0.1, duplicate: 0.1, reorder: 0.1, ..FaultPlan::seeded(4) };
    let first = under(plan.clone()).await;
    assert_eq!(first, under(plan.clone()).await);
    assert_ne!(first, under(FaultPlan { seed: 5, ..plan }).await);
}

#[tokio::test(start_paused = true)]
async fn delayed_messages_arrive_in_time() {
    let (broker, driver) = driver();
    let topic = topic("topic");
    let mut listener = listen(&*driver, &topic, 0).await;
    broker.faults(FaultPlan { delay: 1.0, delay_up_to: Duration::from_secs(60), ..FaultPlan::seeded(6) });
    for number in numbers(0..50) {
        send(&*driver, &topic, &number);
    }
    assert_eq!(broker.queue("topic").unwrap().messages, 0);
    assert!(listener.deliveries.try_recv().is_err(), "nothing arrives before its time");
    let (start, mut arrived) = (tokio::time::Instant::now(), Vec::new());
    while arrived.len() < 50 {
        // The paused clock goes on to the next arrival by itself.
        arrived.push(memory_support::text(&listener.deliveries.recv().await.unwrap()));
    }
    assert!(start.elapsed() <= Duration::from_secs(60), "{:?}", start.elapsed());
    assert_ne!(arrived, numbers(0..50));
    assert_eq!(broker.heal().delayed, 50);
}

#[tokio::test]
async fn killed_consumers_get_their_messages_again() {
    let (broker, driver) = driver();
    let topic = topic("topic");
    let mut listener = listen(&*driver, &topic, 0).await;
    broker.faults(FaultPlan { kill: 1.0, most: Some(1), ..FaultPlan::seeded(7) });
    send(&*driver, &topic, "1");
    let (first, again) = (listener.next().await, listener.next().await);
    assert!(!first.redelivered && again.redelivered);
    first.ack.ack();
    assert_eq!(broker.unacknowledged("topic"), Some(1), "the first delivery's handle means nothing any more");
    again.ack.ack();
    assert_eq!(broker.unacknowledged("topic"), Some(0));
    send(&*driver, &topic, "2");
    assert!(!listener.next().await.redelivered);
    assert_eq!(broker.fault_counts().killed, 1);
}

#[tokio::test]
async fn a_withheld_confirmation_says_nothing_of_the_message() {
    for (lose, arrives) in [(0.0, 1), (1.0, 0)] {
        let (broker, driver) = driver();
        let topic = topic("topic");
        leave_queue(&*driver, &topic).await;
        broker.faults(FaultPlan { unconfirmed: 1.0, lose, ..FaultPlan::seeded(8) });
        let outcome = publish(&*driver, message(&topic, "1")).try_recv().unwrap();
        assert!(matches!(outcome, Err(PublishError::Unconfirmed { .. })), "{outcome:?}");
        assert_eq!(broker.queue("topic").unwrap().messages, arrives);
    }
}

#[tokio::test]
async fn a_plan_for_requests_leaves_notifications_alone() {
    let (broker, driver) = driver();
    let topic = topic("topic");
    let notification = Route::Notification {
        exchange: "exchange".into(),
        topic: "notifications".into(),
        priority: "info".into(),
        pool: None,
    };
    leave_queue(&*driver, &topic).await;
    broker.faults(FaultPlan { lose: 1.0, scope: FaultScope::Requests, ..FaultPlan::seeded(9) });
    send(&*driver, &topic, "1");
    send(&*driver, &notification, "2");
    assert_eq!(broker.queue("topic").unwrap().messages, 0);
    assert_eq!(broker.queue("notifications.info").unwrap().messages, 1);
}

#[tokio::test(start_paused = true)]
async fn expiry_follows_the_paused_clock() {
    let (broker, driver) = driver();
    let topic = topic("topic");
    leave_queue(&*driver, &topic).await;
    let mut expiring = message(&topic, "1");
    expiring.properties.expiration = Some(Duration::from_secs(60));
    publish(&*driver, expiring).try_recv().unwrap().unwrap();
    let before = Instant::now();
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(broker.queue("topic").unwrap().messages, 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(broker.queue("topic").unwrap().messages, 0);
    assert!(before.elapsed() < Duration::from_secs(59), "nobody waited");
}
