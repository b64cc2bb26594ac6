//! Counts beside their baseline: how far they may be apart, and what it means when they are further.

use crate::callgrind::Counts;

/// How far counts may be from the baseline's. Why these numbers: `benches/gate/README.md`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tolerance {
    /// As a share.
    instructions: f64,
    /// Fewer instructions are told, but no reason to count anew.
    better_is_fine: bool,
}

/// In number, for one operation.
const ALLOCATIONS: f64 = 0.5;

/// As a share.
const BYTES: f64 = 0.01;

impl Tolerance {
    /// Where everything is as it was when the baseline was counted.
    pub(crate) const CLOSE: Self = Self { instructions: 0.01, better_is_fine: false };
    /// Where something else also decides: another compiler, another processor.
    pub(crate) const WIDE: Self = Self { instructions: 0.25, better_is_fine: true };

    pub(crate) fn instructions(self) -> f64 {
        self.instructions
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Same,
    /// Costs more than the baseline says.
    Worse,
    /// Costs less: a baseline that stays above it would hide the next loss.
    Better,
}

impl Verdict {
    pub(crate) fn is_same(self) -> bool {
        self == Self::Same
    }
}

pub(crate) fn judge(then: &Counts, now: &Counts, tolerance: Tolerance) -> Verdict {
    let share = |then: u64, now: u64| change(then, now).unwrap_or(if now == 0 { 0.0 } else { f64::INFINITY });
    let apart = [
        share(then.instructions, now.instructions) / tolerance.instructions,
        (now.allocations - then.allocations) / ALLOCATIONS,
        share(then.bytes, now.bytes) / BYTES,
    ];
    if apart.iter().any(|&apart| apart > 1.0) {
        Verdict::Worse
    } else if !tolerance.better_is_fine && apart.iter().any(|&apart| apart < -1.0) {
        Verdict::Better
    } else {
        Verdict::Same
    }
}

/// By what share `now` is more than `then`; nothing where there was none.
pub(crate) fn change(then: u64, now: u64) -> Option<f64> {
    (then != 0).then(|| now as f64 / then as f64 - 1.0)
}

#[cfg(test)]
mod tests {
    use super::{Tolerance, Verdict, judge};
    use crate::callgrind::Counts;

    const THEN: Counts = Counts { instructions: 10_000, allocations: 10.0, bytes: 1_000 };

    fn close(now: Counts) -> Verdict {
        judge(&THEN, &now, Tolerance::CLOSE)
    }

    #[test]
    fn a_little_more_or_less_is_the_same() {
        assert_eq!(close(THEN), Verdict::Same);
        assert_eq!(close(Counts { instructions: 10_099, allocations: 10.1, bytes: 1_009 }), Verdict::Same);
        assert_eq!(close(Counts { instructions: 9_901, allocations: 9.9, bytes: 991 }), Verdict::Same);
    }

    #[test]
    fn each_count_alone_can_be_worse() {
        assert_eq!(close(Counts { instructions: 10_150, ..THEN }), Verdict::Worse);
        assert_eq!(close(Counts { allocations: 11.0, ..THEN }), Verdict::Worse);
        assert_eq!(close(Counts { bytes: 1_020, ..THEN }), Verdict::Worse);
        assert_eq!(close(Counts { instructions: 5_000, allocations: 11.0, ..THEN }), Verdict::Worse);
    }

    #[test]
    fn what_never_allocated_must_not_begin_to() {
        let none = Counts { allocations: 0.0, bytes: 0, ..THEN };
        assert_eq!(judge(&none, &none, Tolerance::CLOSE), Verdict::Same);
        assert_eq!(judge(&none, &Counts { bytes: 1, ..none }, Tolerance::CLOSE), Verdict::Worse);
    }

    #[test]
    fn less_asks_for_a_new_baseline_where_counts_compare() {
        let less = Counts { instructions: 9_000, ..THEN };
        assert_eq!(close(less), Verdict::Better);
        assert_eq!(judge(&THEN, &less, Tolerance::WIDE), Verdict::Same);
    }

    #[test]
    fn another_compiler_moves_instructions_but_not_allocations() {
        let wide = |now| judge(&THEN, &now, Tolerance::WIDE);
        assert_eq!(wide(Counts { instructions: 12_000, ..THEN }), Verdict::Same);
        assert_eq!(wide(Counts { instructions: 13_000, ..THEN }), Verdict::Worse);
        assert_eq!(wide(Counts { allocations: 11.0, ..THEN }), Verdict::Worse);
    }
}
