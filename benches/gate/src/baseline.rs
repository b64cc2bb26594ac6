//! The committed counts: one TOML file, so that a review shows what a change costs and where.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::callgrind::{Counted, Counts};
use crate::conditions::Conditions;
use crate::error::{Error, Result};
use crate::profile::Profile;

/// A function is kept from this share of the instructions on.
pub(crate) const KEPT: f64 = 0.005;

const HEAD: &str = "# What one operation of each scenario costs: `cargo run --profile gate -p gate -- bless` writes this file.\n\
                    # `functions`: own instructions of those that take half a hundredth or more; `allocating`: allocations.\n\n";

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Baseline {
    /// Where it was counted.
    pub(crate) conditions: Conditions,
    pub(crate) scenarios: BTreeMap<String, Entry>,
}

/// One scenario's counts.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    #[serde(flatten)]
    pub(crate) counts: Counts,
    pub(crate) functions: Profile,
    pub(crate) allocating: Profile<f64>,
}

impl Baseline {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::File { path: path.into(), source })?;
        toml::from_str(&text)
            .map_err(|source| Error::NoBaseline { path: path.into(), source: Box::new(source) })
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = HEAD.to_owned() + &toml::to_string(self)?;
        std::fs::write(path, text).map_err(|source| Error::File { path: path.into(), source })
    }

    /// What is known of a scenario.
    pub(crate) fn entry(&self, scenario: &str) -> Result<&Entry> {
        self.scenarios.get(scenario).ok_or_else(|| Error::NotInBaseline(scenario.to_owned()))
    }
}

impl Entry {
    pub(crate) fn new(counted: &Counted) -> Self {
        let least = (counted.counts.instructions as f64 * KEPT) as u64;
        let mut functions = counted.functions.clone();
        functions.retain(|_, own| *own >= least);
        Self { counts: counted.counts, functions, allocating: counted.allocating.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::Baseline;
    use crate::scenarios;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    fn the_committed_baseline_has_every_scenario_and_no_other() {
        let baseline = Baseline::read(Path::new(crate::BASELINE)).unwrap();
        let known: BTreeSet<String> = baseline.scenarios.into_keys().collect();
        let there: BTreeSet<String> = scenarios::all().into_iter().map(|scenario| scenario.name).collect();
        assert_eq!(known, there);
    }
}
