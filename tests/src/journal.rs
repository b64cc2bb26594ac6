//! A list of events that many tasks write and tests wait on.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// Events in the order in which they happened. Cheap to clone; clones share the list.
#[derive(Debug)]
pub struct Journal<T> {
    shared: Arc<Shared<T>>,
}

#[derive(Debug)]
struct Shared<T> {
    events: Mutex<Vec<T>>,
    count: watch::Sender<usize>,
}

impl<T> Clone for Journal<T> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone() }
    }
}

impl<T> Default for Journal<T> {
    fn default() -> Self {
        Self { shared: Arc::new(Shared { events: Mutex::default(), count: watch::Sender::new(0) }) }
    }
}

impl<T: Clone> Journal<T> {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes an event down and wakes who waits.
    pub fn push(&self, event: T) {
        let mut events = self.shared.events.lock().unwrap();
        events.push(event);
        self.shared.count.send_replace(events.len());
    }

    /// All events so far.
    pub fn all(&self) -> Vec<T> {
        self.shared.events.lock().unwrap().clone()
    }

    /// Those of the events so far that `wanted` takes.
    pub fn matching(&self, wanted: impl Fn(&T) -> bool) -> Vec<T> {
        self.shared.events.lock().unwrap().iter().filter(|event| wanted(event)).cloned().collect()
    }

    /// How many events there are: a mark from which [`after`](Self::after) reads on.
    pub fn len(&self) -> usize {
        self.shared.events.lock().unwrap().len()
    }

    /// Whether nothing has happened.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The events since `mark`.
    pub fn after(&self, mark: usize) -> Vec<T> {
        self.shared.events.lock().unwrap()[mark..].to_vec()
    }

    /// The first event, already there or to come, from which `pick` makes a value.
    pub async fn next<R>(&self, limit: Duration, what: &str, pick: impl Fn(&T) -> Option<R>) -> R
    where
        T: std::fmt::Debug,
    {
        let waiting = async {
            let mut count = self.shared.count.subscribe();
            let mut read = 0;
            loop {
                let events = self.after(read);
                read += events.len();
                if let Some(found) = events.iter().find_map(&pick) {
                    return found;
                }
                count.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(limit, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("{what}: not within {limit:?}; events: {:#?}", self.all()),
        }
    }

    /// The first `count` events that `wanted` takes, as soon as there are that many.
    pub async fn first(
        &self,
        count: usize,
        limit: Duration,
        what: &str,
        wanted: impl Fn(&T) -> bool,
    ) -> Vec<T>
    where
        T: std::fmt::Debug,
    {
        let mut seen = self.shared.count.subscribe();
        let waiting = async {
            loop {
                seen.mark_unchanged();
                let found = self.matching(&wanted);
                if found.len() >= count {
                    return found.into_iter().take(count).collect();
                }
                seen.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(limit, waiting).await {
            Ok(found) => found,
            Err(_) => panic!("{what}: not {count} within {limit:?}; events: {:#?}", self.all()),
        }
    }
}
