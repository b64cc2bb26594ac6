//! Inside valgrind: does a scenario's operation again and again, in a function that callgrind knows by its name.

use std::hint::black_box;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region};

use crate::error::{Error, Outcome, Result};
use crate::scenarios::{Operation, Scenario};

/// What callgrind collects: this function and all that it calls.
pub(crate) const COUNTED: &str = "gate::counting::counted";

/// What comes before counting: buffers get their size, tables their capacity, lazy statics their values.
const WARMING_UP: u32 = 20;

/// What all repetitions together took from the heap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heap {
    /// Allocations and reallocations.
    pub(crate) allocations: usize,
    pub(crate) bytes: usize,
}

/// Does the operation as often as the scenario says.
pub(crate) fn count(scenario: &Scenario) -> Result<Heap> {
    let failed = |cause| Error::Operation { scenario: scenario.name.clone(), cause };
    let mut operation = scenario.prepare().map_err(failed)?;
    for _ in 0..WARMING_UP {
        operation().map_err(failed)?;
    }
    let region = Region::new(&INSTRUMENTED_SYSTEM);
    counted(&mut operation, black_box(scenario.times)).map_err(failed)?;
    let change = region.change();
    Ok(Heap { allocations: change.allocations + change.reallocations, bytes: change.bytes_allocated })
}

#[inline(never)]
fn counted(operation: &mut Operation, times: u32) -> Outcome<()> {
    for _ in 0..times {
        operation()?;
    }
    Ok(())
}
