//! What the suite measures: cases that are compared with one another stand in one group.

use bench_load::What;

use crate::case::Case;
use crate::cli::{LapinMode, OursMode};
use crate::peers::{Contender, Framework};

pub(crate) const OURS: Contender = Contender::Ours(OursMode::Thread);
pub(crate) const OURS_IN_RUNTIME: Contender = Contender::Ours(OursMode::Runtime);
pub(crate) const OURS_UNCONFIRMED: Contender = Contender::Ours(OursMode::Unconfirmed);
pub(crate) const LAPIN: Contender = Contender::Lapin(LapinMode::Equal);
pub(crate) const REPLIES_UNACKED: Contender = Contender::Lapin(LapinMode::RepliesUnacked);
pub(crate) const TUNED: Contender = Contender::Lapin(LapinMode::Tuned);
pub(crate) const TUNED_IN_RUNTIME: Contender = Contender::Lapin(LapinMode::TunedInRuntime);
pub(crate) const UNCONFIRMED: Contender = Contender::Lapin(LapinMode::Unconfirmed);
pub(crate) const PYTHON: Contender = Contender::Python;
pub(crate) const TARPC: Contender = Contender::Framework(Framework::Tarpc);

/// Arguments of a real cloud (half of them are smaller than the first, nine tenths than the second, all up to the third), and
/// two that are larger than any.
const SIZES: [usize; 5] = [2_450, 6_480, 11_292, 65_536, 1_048_576];
const MEMORY: &str = "memory://bench";

/// Cases under one heading; the first of the same size and number in flight is compared with the others.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) note: &'static str,
    pub(crate) cases: Vec<Case>,
}

pub(crate) fn all(url: &str) -> Vec<Group> {
    let case = |contender, what, inflight| Case {
        contender,
        what,
        inflight,
        size: 100,
        durable: false,
        url: url.to_owned(),
    };
    let calls = |inflight, of: &[Contender]| -> Vec<Case> {
        of.iter().map(|one| case(*one, What::Call, inflight)).collect()
    };
    let of_three = |what| [OURS, LAPIN, PYTHON].map(|one| case(one, what, 64)).to_vec();
    let in_memory = |inflight| Case { url: MEMORY.to_owned(), ..case(OURS, What::Call, inflight) };
    let direct = |inflight| {
        let others = [Framework::Tarpc, Framework::Tonic, Framework::Jsonrpsee, Framework::Nats];
        let others = others.map(|one| case(Contender::Framework(one), What::Call, inflight));
        [vec![in_memory(inflight)], others.to_vec()].concat()
    };
    let group = |title, note, cases| Group { title, note, cases };
    vec![
        group(
            "Calls over RabbitMQ, 100 B",
            "",
            [
                calls(1, &[OURS, OURS_UNCONFIRMED, LAPIN, PYTHON]),
                calls(8, &[OURS, OURS_UNCONFIRMED, LAPIN, REPLIES_UNACKED, PYTHON]),
                calls(32, &[OURS, OURS_UNCONFIRMED, PYTHON]),
                calls(64, &[OURS, OURS_UNCONFIRMED, LAPIN, REPLIES_UNACKED, TUNED, UNCONFIRMED, PYTHON]),
                calls(512, &[OURS, LAPIN]),
                calls(4096, &[OURS, LAPIN]),
            ]
            .concat(),
        ),
        group(
            "The same with the I/O in the callers' runtime",
            "On both sides there is no driver thread, but for lapin's own.",
            calls(64, &[OURS_IN_RUNTIME, TUNED_IN_RUNTIME]),
        ),
        group(
            "Calls over RabbitMQ by size",
            "2,450, 6,480 and 11,292 B are the median, the ninth decile and the largest of a real cloud's messages.",
            SIZES
                .iter()
                .flat_map(|size| [OURS, LAPIN].map(|one| Case { size: *size, ..case(one, What::Call, 64) }))
                .collect(),
        ),
        group(
            "Calls over durable queues, 100 B",
            "Requests are written to the disk, replies are not: reply queues are never durable.",
            of_three(What::Call).into_iter().map(|case| Case { durable: true, ..case }).collect(),
        ),
        group("Casts over RabbitMQ, 100 B", "The rate is what the server has handled.", of_three(What::Cast)),
        group(
            "Fanout over RabbitMQ, 100 B, to four servers",
            "The rate counts messages that all four have handled.",
            of_three(What::Fanout),
        ),
        group("Notifications sent, 100 B", "", of_three(What::Notify)),
        group("Notifications handled, 100 B", "", of_three(What::Listen)),
        group(
            "In memory, beside frameworks without RabbitMQ, calls of 100 B",
            "Ours has client and server in one process on the broker in the process; the others are two processes over TCP on \
             one machine, NATS with its server between them. None of them confirms anything. The processors are as far \
             apart, before each round, as a word takes from one to the other and back: with virtual ones that changes by the \
             minute, and sometimes within a round; far apart, what happens within one process mostly takes longer.",
            [direct(1), direct(64), vec![in_memory(4096)]].concat(),
        ),
    ]
}
