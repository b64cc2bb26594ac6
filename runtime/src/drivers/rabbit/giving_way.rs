//! How the driver's own thread is scheduled: while many messages are under way it gives way to other threads that are ready.
//!
//! Woken by each of many messages, it would take the processor from those who are about to bring the next ones, the broker on the
//! same machine too, and write and read each by itself. As a batch job (Linux's `SCHED_BATCH`, which asks for no privilege) it
//! runs at once where a processor is idle; where none is, it waits for its turn, and finds more to do when it comes.
//! Without many messages nothing makes up for that wait, so the policy is the usual one then.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Of the current thread, which alone uses it.
#[derive(Default)]
pub(super) struct GivingWay(AtomicU8);

const USUAL: u8 = 0;
const GIVING_WAY: u8 = 1;
/// Somebody else has chosen a policy for this thread, or the system allows no other.
const LEFT_ALONE: u8 = 2;

impl GivingWay {
    /// Whether the thread is to give way from now on. Costs a system call where that changes.
    pub(super) fn set(&self, wanted: bool) {
        let next = match (self.0.load(Relaxed), wanted) {
            (USUAL, true) => system::give_way().map_or(LEFT_ALONE, |()| GIVING_WAY),
            (GIVING_WAY, false) => system::stand_firm().map_or(LEFT_ALONE, |()| USUAL),
            _ => return,
        };
        self.0.store(next, Relaxed);
    }
}

#[cfg(target_os = "linux")]
mod system {
    use preempt_rt::sched::{Pid, Scheduler, SchedulerParams, get_scheduler, set_scheduler};

    pub(super) fn give_way() -> Option<()> {
        // A policy that is not the usual one was chosen by whoever started the process.
        get_scheduler(Pid::current_thread()).ok().filter(|policy| *policy == Scheduler::SCHED_NORMAL)?;
        set(Scheduler::SCHED_BATCH)
    }

    pub(super) fn stand_firm() -> Option<()> {
        set(Scheduler::SCHED_NORMAL)
    }

    fn set(policy: Scheduler) -> Option<()> {
        set_scheduler(Pid::current_thread(), policy, SchedulerParams { priority: 0 }).ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn give_way() -> Option<()> {
        None
    }

    pub(super) fn stand_firm() -> Option<()> {
        None
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;
    use preempt_rt::sched::{Pid, Scheduler, SchedulerParams, get_scheduler, set_scheduler};

    fn policy() -> Scheduler {
        get_scheduler(Pid::current_thread()).unwrap()
    }

    /// The policies of a thread of its own that begins with `policy` and is told all of these.
    fn policies(begin: Scheduler, wanted: &'static [bool]) -> Vec<Scheduler> {
        let thread = std::thread::spawn(move || {
            set_scheduler(Pid::current_thread(), begin, SchedulerParams { priority: 0 }).unwrap();
            let giving_way = GivingWay::default();
            let told = wanted.iter().map(|wanted| {
                giving_way.set(*wanted);
                policy()
            });
            told.collect()
        });
        thread.join().unwrap()
    }

    #[test]
    fn it_gives_way_as_long_as_it_is_to() {
        use Scheduler::{SCHED_BATCH, SCHED_NORMAL};
        let seen = policies(SCHED_NORMAL, &[false, true, true, false, false, true]);
        assert_eq!(seen, [SCHED_NORMAL, SCHED_BATCH, SCHED_BATCH, SCHED_NORMAL, SCHED_NORMAL, SCHED_BATCH]);
    }

    #[test]
    fn a_policy_that_others_chose_stays() {
        for chosen in [Scheduler::SCHED_IDLE, Scheduler::SCHED_BATCH] {
            assert_eq!(policies(chosen, &[true, false, true]), [chosen; 3]);
        }
    }
}
