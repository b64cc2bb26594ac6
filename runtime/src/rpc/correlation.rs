//! Calls in flight: who waits for which `_msg_id`, and what has happened to it.
//!
//! Knows replies and outcomes of publishes; knows no clock, no driver and no contract. A reply completes its waiter on the
//! thread that brings it: no task and no channel stand between them.

use crate::id::MessageId;
use crate::transport::PublishError;
use crate::wire::IncomingReply;
use std::collections::HashMap;
use std::fmt;
use std::future::poll_fn;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

/// All calls of a transport that wait for an answer.
#[derive(Default)]
pub(crate) struct Correlation {
    slots: Mutex<HashMap<MessageId, Arc<Slot>, BuildHasherDefault<IdHasher>>>,
}

/// What became of a reply.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It ended its call.
    Final,
    /// The first of two parts.
    FirstPart,
    /// A sign of life.
    Alive,
    /// Nobody waits for this `_msg_id`.
    Unknown(String),
}

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The server answered.
    Reply(Box<IncomingReply>),
    /// The server answered what is over a limit of this side; the text says which.
    Unreadable(String),
    /// The broker did not take the request.
    Failed(PublishError),
}

/// What a waiting call is woken for.
#[derive(Debug)]
pub(crate) enum Event {
    /// It has ended.
    Ended(Outcome),
    /// The server is alive, or had no way to say so until now: see [`Waiting::tell_signs_of_life`].
    Alive,
    /// The broker has said what became of the request. Only after [`Waiting::tell_when_settled`].
    Settled,
}

impl Correlation {
    /// Takes a slot for a call. It is free again when the value is dropped.
    pub(crate) fn wait_for(self: &Arc<Self>, id: MessageId) -> Waiting {
        let slot = Arc::new(Slot::default());
        lock(&self.slots).insert(id, Arc::clone(&slot));
        Waiting { id, slot, correlation: Arc::clone(self) }
    }

    /// Gives a reply to whoever waits for it.
    pub(crate) fn place(&self, reply: IncomingReply) -> Placed {
        let Ok(id) = reply.message_id.parse::<MessageId>() else { return Placed::Unknown(reply.message_id) };
        let slot = if reply.ending { self.take_out(&id) } else { lock(&self.slots).get(&id).cloned() };
        match slot {
            None => Placed::Unknown(reply.message_id),
            Some(slot) if reply.ending => slot.finish(reply),
            Some(slot) => slot.interim(reply),
        }
    }

    /// Takes a slot out; its call need not look for it any more.
    fn take_out(&self, id: &MessageId) -> Option<Arc<Slot>> {
        let slot = lock(&self.slots).remove(id)?;
        slot.flags.set(TAKEN_OUT);
        Some(slot)
    }

    /// Ends the call of a reply that cannot be read.
    pub(crate) fn unreadable(&self, message_id: &str, cause: String) {
        let Ok(id) = message_id.parse::<MessageId>() else { return };
        if let Some(slot) = self.take_out(&id) {
            slot.answered(|_| Outcome::Unreadable(cause));
        }
    }

    /// The way of the replies was cut off: what servers have said meanwhile comes later.
    pub(crate) fn interrupted(&self) {
        let monitored: Vec<_> =
            lock(&self.slots).values().filter(|slot| slot.is_monitored()).map(Arc::clone).collect();
        monitored.iter().for_each(|slot| slot.alive());
    }

    /// Ends every call that waits.
    pub(crate) fn fail_all(&self, error: impl Fn() -> PublishError) {
        let slots = std::mem::take(&mut *lock(&self.slots));
        for slot in slots.values() {
            slot.flags.set(TAKEN_OUT);
            slot.failed(error());
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        lock(&self.slots).len()
    }
}

impl fmt::Debug for Correlation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Correlation({} in flight)", lock(&self.slots).len())
    }
}

/// A call that waits. Dropping it gives its slot back; what comes for it later counts as unknown.
pub(crate) struct Waiting {
    id: MessageId,
    slot: Arc<Slot>,
    correlation: Arc<Correlation>,
}

impl Waiting {
    /// Where the outcome of publishing the request goes.
    pub(crate) fn slot(&self) -> &Arc<Slot> {
        &self.slot
    }

    /// The next thing that happens.
    pub(crate) async fn next(&self) -> Event {
        poll_fn(|cx| self.slot.poll(cx)).await
    }

    /// Asks to be woken when the server's time to give signs of life begins anew: when the broker has the request, and when
    /// replies were cut off.
    pub(crate) fn tell_signs_of_life(&self) {
        self.slot.flags.set(MONITORED);
    }

    /// Asks to be woken also by a confirmation, which is not worth a wake-up while a call is young.
    pub(crate) fn tell_when_settled(&self) {
        self.slot.flags.set(TELL_SETTLED);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // Whoever ends a call takes its slot out first, and nothing can put it back.
        if !self.slot.flags.has(TAKEN_OUT) {
            lock(&self.correlation.slots).remove(&self.id);
        }
    }
}

/// The broker has taken responsibility for the request.
const CONFIRMED: u8 = 1;
/// The broker has said what became of the request, or will not say it any more.
const SETTLED: u8 = 2;
/// The call wants to be woken by [`SETTLED`].
const TELL_SETTLED: u8 = 4;
/// The call wants to be woken by signs of life.
const MONITORED: u8 = 8;
/// The call's slot is no longer among those that wait.
const TAKEN_OUT: u8 = 16;

/// What is known of a call; flags are only ever set.
#[derive(Default)]
struct Flags(AtomicU8);

impl Flags {
    /// Sets flags; gives all that are then set.
    fn set(&self, flags: u8) -> u8 {
        self.0.fetch_or(flags, Ordering::SeqCst) | flags
    }

    /// Whether these are all set.
    fn has(&self, flags: u8) -> bool {
        self.0.load(Ordering::SeqCst) & flags == flags
    }
}

/// One call's place.
#[derive(Default)]
pub(crate) struct Slot {
    flags: Flags,
    node: OnceLock<Arc<str>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    outcome: Option<Outcome>,
    first_part: Option<IncomingReply>,
    alive: bool,
    waker: Option<Waker>,
}

impl Slot {
    /// The broker took responsibility for the request. Wakes nobody in the usual case.
    pub(crate) fn confirmed(&self, node: Option<Arc<str>>) {
        if let Some(node) = node {
            // A second confirmation cannot come; if it did, the first one's node would do.
            let _ = self.node.set(node);
        }
        self.settled(CONFIRMED | SETTLED);
    }

    /// The broker's word will not come, though it may have taken the request. The reply, or the deadline, decides.
    pub(crate) fn lost(&self) {
        self.settled(SETTLED);
    }

    fn settled(&self, flags: u8) {
        let now = self.flags.set(flags);
        let alive = now & (CONFIRMED | MONITORED) == CONFIRMED | MONITORED;
        if alive || now & TELL_SETTLED != 0 {
            self.change(|state| state.alive |= alive);
        }
    }

    /// The broker did not take the request. A reply that came first wins.
    pub(crate) fn failed(&self, error: PublishError) {
        self.change(|state| _ = state.outcome.get_or_insert(Outcome::Failed(error)));
    }

    /// The server's word has come. It counts more than a failure that nobody has heard of yet: what is answered was taken,
    /// and the answer comes once. Of two answers the first counts.
    fn answered(&self, outcome: impl FnOnce(&mut State) -> Outcome) {
        self.change(|state| {
            let outcome = outcome(state);
            if matches!(state.outcome, None | Some(Outcome::Failed(_))) {
                state.outcome = Some(outcome);
            }
        });
    }

    /// The server's time to give a sign of life begins anew.
    fn alive(&self) {
        self.change(|state| state.alive = true);
    }

    /// Changes the state and wakes who waits; unlocked by then, for a waker may do anything.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.state);
        change(&mut state);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn is_monitored(&self) -> bool {
        self.flags.has(MONITORED)
    }

    /// Whether the broker has said what became of the request, or will not say it any more.
    pub(crate) fn is_settled(&self) -> bool {
        self.flags.has(SETTLED)
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.flags.has(CONFIRMED)
    }

    /// The node that confirmed the request.
    pub(crate) fn node(&self) -> Option<String> {
        self.node.get().map(|node| node.to_string())
    }

    fn finish(&self, mut reply: IncomingReply) -> Placed {
        self.answered(|state| {
            // The old two-part protocol: the payload came with `ending: false`, and the end repeats nothing of it.
            let first = state.first_part.take();
            if let (Some(first), None, None) = (first, &reply.result, &reply.failure) {
                reply = first;
            }
            Outcome::Reply(Box::new(reply))
        });
        Placed::Final
    }

    fn interim(&self, reply: IncomingReply) -> Placed {
        if reply.result.is_some() || reply.failure.is_some() {
            lock(&self.state).first_part = Some(reply);
            return Placed::FirstPart;
        }
        self.alive();
        Placed::Alive
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Event> {
        let mut state = lock(&self.state);
        if let Some(outcome) = state.outcome.take() {
            return Poll::Ready(Event::Ended(outcome));
        }
        if std::mem::take(&mut state.alive) {
            return Poll::Ready(Event::Alive);
        }
        match &mut state.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        // After the waker is in place: the broker's word either finds it there or is seen here.
        if self.flags.has(TELL_SETTLED | SETTLED) {
            return Poll::Ready(Event::Settled);
        }
        Poll::Pending
    }
}

/// A poisoned lock only means that some thread panicked between two assignments of plain data.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Message ids are random hex digits already: folding sixteen of them is a hash.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks_exact(8).take(2) {
            let word = chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
            // A hex digit holds four random bits of its eight; the multiplication spreads them over the word.
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::sync::atomic::AtomicBool;

    fn reply(id: &MessageId, result: Option<&str>, ending: bool) -> IncomingReply {
        IncomingReply {
            message_id: id.to_string(),
            unique_id: None,
            result: result.map(crate::json::RawJson::from_checked),
            failure: None,
            ending,
            rust_peer: false,
            refused: None,
        }
    }

    fn result(event: Option<Event>) -> String {
        match event {
            Some(Event::Ended(Outcome::Reply(reply))) => reply.result.unwrap_or_default().to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_reply_ends_the_call_with_its_id_and_no_other() {
        let correlation = Arc::new(Correlation::default());
        let ids: Vec<_> = (0..100).map(|_| MessageId::random()).collect();
        let waiting: Vec<_> = ids.iter().map(|id| correlation.wait_for(*id)).collect();
        for (n, id) in ids.iter().enumerate().rev() {
            let placed = correlation.place(reply(id, Some(&n.to_string()), true));
            assert_eq!(placed, Placed::Final);
        }
        for (n, waiting) in waiting.iter().enumerate() {
            assert_eq!(result(waiting.next().now_or_never()), n.to_string());
        }
        assert_eq!(correlation.len(), 0);
        assert_eq!(correlation.place(reply(&ids[0], None, true)), Placed::Unknown(ids[0].to_string()));
    }

    #[test]
    fn dropping_a_call_frees_its_slot() {
        let correlation = Arc::new(Correlation::default());
        let id = MessageId::random();
        let waiting = correlation.wait_for(id);
        assert_eq!(correlation.len(), 1);
        drop(waiting);
        assert_eq!(correlation.len(), 0);
        assert_eq!(correlation.place(reply(&id, None, false)), Placed::Unknown(id.to_string()));
    }

    #[test]
    fn the_first_outcome_wins() {
        let correlation = Arc::new(Correlation::default());
        let id = MessageId::random();
        let waiting = correlation.wait_for(id);
        assert_eq!(correlation.place(reply(&id, Some("1"), true)), Placed::Final);
        waiting.slot().failed(PublishError::Unconfirmed { cause: "lost".to_owned(), node: None });
        assert_eq!(result(waiting.next().now_or_never()), "1");
    }

    #[test]
    fn an_answer_counts_more_than_a_refusal_that_nobody_has_heard_of() {
        let refused = || PublishError::Refused { cause: "full".to_owned(), node: None };
        let correlation = Arc::new(Correlation::default());
        let (first, second) = (MessageId::random(), MessageId::random());
        let (answered, garbled) = (correlation.wait_for(first), correlation.wait_for(second));
        answered.slot().failed(refused());
        assert_eq!(correlation.place(reply(&first, Some("1"), true)), Placed::Final);
        assert_eq!(result(answered.next().now_or_never()), "1");
        garbled.slot().failed(refused());
        correlation.unreadable(&second.to_string(), "too deep".to_owned());
        let event = garbled.next().now_or_never();
        assert!(matches!(event, Some(Event::Ended(Outcome::Unreadable(_)))), "{event:?}");
    }

    /// A waker that looks at the slot at once, as one may that polls where it is woken.
    struct Looks {
        slot: Arc<Slot>,
        was_free: AtomicBool,
    }

    impl std::task::Wake for Looks {
        fn wake(self: Arc<Self>) {
            self.was_free.store(self.slot.state.try_lock().is_ok(), Ordering::SeqCst);
        }
    }

    #[test]
    fn nobody_is_woken_while_the_slot_is_locked() {
        let ways: [fn(&Slot); 4] = [
            |slot| slot.confirmed(None),
            Slot::lost,
            Slot::alive,
            |slot| slot.failed(PublishError::Unconfirmed { cause: "lost".to_owned(), node: None }),
        ];
        for way in ways {
            let correlation = Arc::new(Correlation::default());
            let waiting = correlation.wait_for(MessageId::random());
            waiting.tell_when_settled();
            let looks =
                Arc::new(Looks { slot: Arc::clone(waiting.slot()), was_free: AtomicBool::new(false) });
            let waker = Waker::from(Arc::clone(&looks));
            assert!(waiting.slot().poll(&mut Context::from_waker(&waker)).is_pending());
            way(waiting.slot());
            assert!(looks.was_free.load(Ordering::SeqCst));
        }
    }

    #[test]
    fn a_confirmation_wakes_nobody_unless_asked() {
        let correlation = Arc::new(Correlation::default());
        let waiting = correlation.wait_for(MessageId::random());
        waiting.slot().confirmed(Some("node:5672".into()));
        assert!(waiting.next().now_or_never().is_none());
        assert!(waiting.slot().is_confirmed());
        assert_eq!(waiting.slot().node().as_deref(), Some("node:5672"));
        waiting.tell_when_settled();
        assert!(matches!(waiting.next().now_or_never(), Some(Event::Settled)));
    }

    #[test]
    fn closing_ends_every_call() {
        let correlation = Arc::new(Correlation::default());
        let waiting = [correlation.wait_for(MessageId::random()), correlation.wait_for(MessageId::random())];
        correlation.fail_all(|| PublishError::Unconfirmed { cause: "closed".to_owned(), node: None });
        for waiting in &waiting {
            let event = waiting.next().now_or_never();
            assert!(matches!(event, Some(Event::Ended(Outcome::Failed(_)))), "{event:?}");
        }
    }

    #[test]
    fn ids_spread_over_the_map() {
        let hashes: std::collections::HashSet<u64> = (0..10_000)
            .map(|_| {
                use std::hash::BuildHasher;
                BuildHasherDefault::<IdHasher>::default().hash_one(MessageId::random()) >> 48
            })
            .collect();
        // 10,000 draws of 65,536 places leave about 9,270 different ones.
        assert!(hashes.len() > 9_000, "{}", hashes.len());
    }
}
