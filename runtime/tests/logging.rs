//! A line that is logged may come back to the library at once, from a layer that makes notifications of lines for one: none
//! is written under a lock.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::Context;
use oslo_messaging::notify::{Notifier, Priority, WhenFull};
use oslo_messaging::testing::TestDriver;
use oslo_messaging::wire::{Limits, Oslo2, Properties, WireFormat};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Looks at something of the library at each line, from another thread so that a lock makes it late and not dead.
struct Looks {
    look: Arc<dyn Fn() + Send + Sync>,
    in_time: Arc<AtomicUsize>,
}

impl Subscriber for Looks {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn event(&self, _: &Event<'_>) {
        let (looked, seen) = mpsc::channel();
        let look = Arc::clone(&self.look);
        thread::spawn(move || {
            look();
            looked.send(())
        });
        if seen.recv_timeout(Duration::from_secs(2)).is_ok() {
            self.in_time.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// How many lines were written on this thread until `_guard` is dropped at which `look` could look.
fn looking(look: impl Fn() + Send + Sync + 'static) -> (Arc<AtomicUsize>, tracing::subscriber::DefaultGuard) {
    let in_time = Arc::new(AtomicUsize::new(0));
    let looks = Looks { look: Arc::new(look), in_time: Arc::clone(&in_time) };
    (in_time, tracing::subscriber::set_default(looks))
}

#[tokio::test]
async fn a_queue_that_drops_its_oldest_says_so_unlocked() {
    let notifier = Notifier::without_transport().driver(TestDriver::new()).build().unwrap();
    let queue = notifier.queued(1, WhenFull::DropOldest);
    let theirs = queue.clone();
    let (in_time, _guard) = looking(move || _ = theirs.stats());
    // The sending task has no turn before the test waits.
    for _ in 0..2 {
        queue.push(Priority::Info, &Context::new(), "evt", &()).await.unwrap();
    }
    assert_eq!((queue.stats().dropped, in_time.load(Ordering::SeqCst)), (1, 1));
}

#[test]
fn a_format_that_meets_an_oddity_says_so_unlocked() {
    let format = Oslo2::new();
    let theirs = format.clone();
    let (in_time, _guard) = looking(move || _ = theirs.oddities());
    let inner = r#"{"method": "show", "args": {"x": NaN}, "_unique_id": "u"}"#;
    let body = json!({"oslo.version": "2.0", "oslo.message": inner}).to_string();
    let properties = Properties { content_type: Some("application/json".into()), ..Properties::default() };
    format.decode_request(body.as_bytes(), &properties, &Limits::default()).unwrap();
    assert_eq!((format.oddities().total(), in_time.load(Ordering::SeqCst)), (1, 1));
}
