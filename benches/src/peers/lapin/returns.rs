//! Calls under way by correlation id, ended by a reply, a return or a confirm.
//!
//! lapin hands a returned message out with whichever confirm comes next, which is the wrong one when several are in flight;
//! so a return ends the call whose correlation id it carries.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapin::BasicProperties;
use tokio::sync::oneshot;

/// How a message ended.
pub(super) enum Ending {
    Reply(Vec<u8>),
    Returned,
}

#[derive(Default)]
pub(super) struct Pending {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Ending>>>,
}

impl Pending {
    pub(super) fn register(&self) -> (u64, oneshot::Receiver<Ending>) {
        let (sender, receiver) = oneshot::channel();
        let id = self.next.fetch_add(1, Relaxed);
        self.lock().insert(id, sender);
        (id, receiver)
    }

    pub(super) fn forget(&self, id: u64) {
        self.lock().remove(&id);
    }

    pub(super) fn end(&self, properties: &BasicProperties, ending: Ending) {
        let id = properties.correlation_id().as_ref().and_then(|id| id.as_str().parse().ok());
        if let Some(waiting) = id.and_then(|id: u64| self.lock().remove(&id)) {
            // The other end is gone when the call was given up, and then nobody is to be told.
            let _ = waiting.send(ending);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<Ending>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
