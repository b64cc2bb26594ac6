//! Measurements that other processes disturbed are repeated; the quietest counts, and what the others gave is kept beside it.

use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::cli::Rig;
use crate::error::Result;
use crate::figures::NOISY_CORES;
use crate::measure::{Measurement, measure};
use crate::report::round_line;

/// What a repeated measurement gave before.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct SetAside {
    pub(crate) rate: f64,
    pub(crate) other_cores: f64,
}

/// Measures `case`, again while it is noisy and `--repeats` allow. `place` begins the lines of progress.
pub(crate) async fn measure_quietly(case: &Case, rig: &Rig, place: &str) -> Result<Measurement> {
    let mut best = measure(case, rig).await?;
    let mut set_aside = Vec::new();
    for _ in 0..rig.tools.repeats {
        // A failure is no noise: it must not be repeated until it is gone.
        if best.other_cores <= NOISY_CORES || !best.client.is_sound() {
            break;
        }
        eprintln!("{place}: {}, again", round_line(&best));
        let mut next = measure(case, rig).await?;
        if next.other_cores < best.other_cores || !next.client.is_sound() {
            std::mem::swap(&mut best, &mut next);
        }
        set_aside.push(SetAside { rate: next.client.rate(), other_cores: next.other_cores });
    }
    best.set_aside = set_aside;
    eprintln!("{place}: {}", round_line(&best));
    Ok(best)
}
