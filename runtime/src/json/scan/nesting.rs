//! Which containers are open, one bit each: without memory of its own down to a depth that no honest message has.

/// A stack of containers.
#[derive(Debug, Default)]
pub(super) struct Nesting {
    /// The innermost one is the lowest bit: set for an object.
    bits: u64,
    depth: usize,
    /// What was pushed out of the bits, 64 at a time.
    outer: Vec<u64>,
}

impl Nesting {
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.bits);
        }
        self.bits = self.bits << 1 | u64::from(object);
        self.depth += 1;
    }

    pub(super) fn pop(&mut self) {
        self.bits >>= 1;
        self.depth = self.depth.saturating_sub(1);
        if self.depth.is_multiple_of(64) {
            self.bits = self.outer.pop().unwrap_or_default();
        }
    }

    /// Whether the innermost container is an object; `None` when none is open.
    pub(super) fn innermost(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.bits & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_stack_of_any_depth() {
        let object = |at: usize| at.is_multiple_of(3);
        let mut nesting = Nesting::default();
        for at in 0..300 {
            nesting.push(object(at));
        }
        // Around a border of the bits too.
        for _ in 0..2 {
            for at in (120..300).rev() {
                assert_eq!((nesting.depth(), nesting.innermost()), (at + 1, Some(object(at))));
                nesting.pop();
            }
            for at in 120..300 {
                nesting.push(object(at));
            }
        }
        for at in (0..300).rev() {
            assert_eq!(nesting.innermost(), Some(object(at)));
            nesting.pop();
        }
        assert_eq!(nesting.innermost(), None);
    }
}
