//! Reply addresses behind which there is no queue.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Most addresses remembered, as Python.
const MOST: usize = 200;

/// How long an address that is given up gets no reply, as Python.
const GIVEN_UP_FOR: Duration = Duration::from_secs(60);

/// The missing reply addresses of one server. An address is given up when it has been missing for the whole time that
/// replies are retried, counted over all replies to it: the end of one short call's deadline says nothing about the next.
#[derive(Debug)]
pub(crate) struct MissingAddresses {
    retry_for: Duration,
    /// Spares the usual case, in which nothing is missing, the lock.
    any: AtomicBool,
    addresses: Mutex<HashMap<Arc<str>, Missing>>,
}

#[derive(Debug, Clone, Copy)]
struct Missing {
    since: Instant,
    last: Instant,
    given_up: bool,
}

impl MissingAddresses {
    pub(crate) fn new(retry_for: Duration) -> Self {
        Self { retry_for, any: AtomicBool::new(false), addresses: Mutex::default() }
    }

    /// Whether replies to `address` are thrown away at this time.
    pub(crate) fn is_given_up(&self, address: &str, now: Instant) -> bool {
        if !self.any.load(Ordering::Acquire) {
            return false;
        }
        let mut addresses = self.lock();
        match addresses.get(address) {
            Some(missing) if missing.given_up && now < missing.last + GIVEN_UP_FOR => true,
            Some(missing) if missing.given_up => {
                self.forget(&mut addresses, address);
                false
            }
            _ => false,
        }
    }

    /// A reply to `address` was returned; whether the address is given up now.
    pub(crate) fn returned(&self, address: &Arc<str>, now: Instant) -> bool {
        let mut addresses = self.lock();
        if addresses.len() >= MOST && !addresses.contains_key(address) {
            let oldest = addresses
                .iter()
                .min_by_key(|(_, missing)| missing.last)
                .map(|(address, _)| Arc::clone(address));
            if let Some(oldest) = oldest {
                addresses.remove(&oldest);
            }
        }
        let fresh = Missing { since: now, last: now, given_up: false };
        let missing = addresses.entry(Arc::clone(address)).or_insert(fresh);
        // Long ago and not given up: replies came through meanwhile, or nobody asked; it counts anew.
        if now.saturating_duration_since(missing.last) > GIVEN_UP_FOR {
            *missing = fresh;
        }
        missing.last = now;
        missing.given_up |= now.saturating_duration_since(missing.since) >= self.retry_for;
        let given_up = missing.given_up;
        self.any.store(true, Ordering::Release);
        given_up
    }

    /// A reply to `address` found its queue.
    pub(crate) fn found(&self, address: &str) {
        if self.any.load(Ordering::Acquire) {
            let mut addresses = self.lock();
            self.forget(&mut addresses, address);
        }
    }

    fn forget(&self, addresses: &mut HashMap<Arc<str>, Missing>, address: &str) {
        addresses.remove(address);
        self.any.store(!addresses.is_empty(), Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Missing>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Duration = Duration::from_secs(60);

    #[test]
    fn an_address_is_given_up_after_the_whole_retry_time_and_for_a_minute() {
        let (missing, start) = (MissingAddresses::new(RETRY), Instant::now());
        let address: Arc<str> = "reply_a".into();
        assert!(!missing.returned(&address, start));
        assert!(!missing.is_given_up("reply_a", start + RETRY));
        assert!(!missing.returned(&address, start + RETRY / 2));
        assert!(missing.returned(&address, start + RETRY));
        assert!(missing.is_given_up("reply_a", start + RETRY * 2 - Duration::from_secs(1)));
        assert!(!missing.is_given_up("reply_a", start + RETRY * 2));
        assert!(!missing.returned(&address, start + RETRY * 2), "it counts anew");
    }

    #[test]
    fn a_reply_that_came_through_clears_the_address() {
        let (missing, start) = (MissingAddresses::new(RETRY), Instant::now());
        let address: Arc<str> = "reply_a".into();
        missing.returned(&address, start);
        missing.found("reply_a");
        assert!(!missing.returned(&address, start + RETRY));
    }

    #[test]
    fn the_number_of_addresses_is_bounded() {
        let (missing, start) = (MissingAddresses::new(RETRY), Instant::now());
        for n in 0..MOST + 50 {
            missing.returned(&format!("reply_{n}").into(), start + Duration::from_millis(n as u64));
        }
        assert_eq!(missing.lock().len(), MOST);
        assert!(!missing.lock().contains_key("reply_0"));
    }
}
