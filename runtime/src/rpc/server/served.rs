//! The queues that servers of this process consume and whose names look like reply addresses.
//!
//! A forged reply address could otherwise make one server post into another's queue. Nearly always there are none: it takes
//! a topic that starts with `reply_`.

use super::address::PREFIX;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

static TOPICS: Mutex<Vec<Arc<str>>> = Mutex::new(Vec::new());
/// How many there are; spares requests the lock while there are none.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Keeps a topic's queues from being reply addresses, while it is served.
#[derive(Debug)]
pub(crate) struct Served(Option<Arc<str>>);

impl Served {
    pub(crate) fn new(topic: &Arc<str>) -> Self {
        if !topic.starts_with(PREFIX) {
            return Self(None);
        }
        let mut topics = lock();
        topics.push(Arc::clone(topic));
        COUNT.store(topics.len(), Ordering::SeqCst);
        Self(Some(Arc::clone(topic)))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let Some(topic) = &self.0 else { return };
        let mut topics = lock();
        if let Some(index) = topics.iter().position(|served| served == topic) {
            topics.swap_remove(index);
        }
        COUNT.store(topics.len(), Ordering::SeqCst);
    }
}

/// Whether `address` is a queue of a topic that this process serves: the topic's, a server's of it, or a fanout's.
pub(super) fn is_served(address: &str) -> bool {
    COUNT.load(Ordering::SeqCst) > 0
        && lock().iter().any(|topic| {
            let rest = address.strip_prefix(&**topic);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest.starts_with("_fanout"))
        })
}

fn lock() -> MutexGuard<'static, Vec<Arc<str>>> {
    TOPICS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_served_topic_covers_its_queues_as_long_as_it_is_served() {
        let topic: Arc<str> = "reply_served_test".into();
        let (first, second) = (Served::new(&topic), Served::new(&topic));
        for queue in ["", ".host-1", "_fanout_0123"] {
            assert!(is_served(&format!("{topic}{queue}")), "{queue}");
        }
        assert!(!is_served("reply_served_tests"));
        drop(first);
        assert!(is_served(&topic));
        drop(second);
        assert!(!is_served(&topic));
    }
}
