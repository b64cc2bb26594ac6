//! Measurements that other processes disturbed are repeated; the quietest counts, and what the others gave is kept beside it.
//!
//! A repetition that gives no measurement ends the repeating: the quietest of those before it counts, and the failure is kept
//! with it as an error.

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
    let best = quietest(rig.tools.repeats, place, async || measure(case, rig).await).await?;
    eprintln!("{place}: {}", round_line(&best));
    Ok(best)
}

async fn quietest(
    repeats: usize,
    place: &str,
    mut measure: impl AsyncFnMut() -> Result<Measurement>,
) -> Result<Measurement> {
    let mut best = measure().await?;
    let mut set_aside = Vec::new();
    for _ in 0..repeats {
        // A failure is no noise: it must not be repeated until it is gone.
        if best.other_cores <= NOISY_CORES || !best.client.is_sound() {
            break;
        }
        eprintln!("{place}: {}, again", round_line(&best));
        let mut next = match measure().await {
            Ok(next) => next,
            Err(error) => {
                eprintln!("{place}: FAILED when repeated: {error}");
                best.failed_repetition = Some(error.to_string());
                break;
            }
        };
        if next.other_cores < best.other_cores || !next.client.is_sound() {
            std::mem::swap(&mut best, &mut next);
        }
        set_aside.push(SetAside { rate: next.client.rate(), other_cores: next.other_cores });
    }
    best.set_aside = set_aside;
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    /// What counts of measurements with so much other load, one after the other; none is one that fails.
    async fn counts(loads: &[Option<f64>]) -> Measurement {
        let mut loads = loads.iter();
        let measure = async || {
            let load = loads.next().unwrap().ok_or_else(|| Error::Peer("no broker".to_owned()))?;
            Ok(Measurement { other_cores: load, ..Measurement::sample(100) })
        };
        quietest(3, "x", measure).await.unwrap()
    }

    #[tokio::test]
    async fn the_quietest_counts_and_the_others_are_kept_beside_it() {
        let best = counts(&[Some(0.9), Some(0.5), Some(0.7), Some(0.6)]).await;
        let aside: Vec<f64> = best.set_aside.iter().map(|one| one.other_cores).collect();
        assert_eq!((best.other_cores, aside), (0.5, vec![0.9, 0.7, 0.6]));
        assert!(counts(&[Some(0.1)]).await.set_aside.is_empty(), "a quiet one is not repeated");
    }

    #[tokio::test]
    async fn a_repetition_that_fails_costs_no_measurement() {
        let best = counts(&[Some(0.9), Some(0.5), None]).await;
        assert_eq!((best.other_cores, best.set_aside.len()), (0.5, 1));
        assert_eq!(best.failed_repetition.as_deref(), Some("no broker"));
    }
}
