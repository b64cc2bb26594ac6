//! The measured operations.

mod codec;
mod contract;
mod sample;

use crate::error::{Error, Outcome, Result};

/// Does the measured thing once.
pub(crate) type Operation = Box<dyn FnMut() -> Outcome<()>>;

/// An operation, and how often it is done while counting.
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) times: u32,
    prepare: Box<dyn Fn() -> Outcome<Operation>>,
}

impl Scenario {
    fn new(name: impl Into<String>, times: u32, prepare: impl Fn() -> Outcome<Operation> + 'static) -> Self {
        Self { name: name.into(), times, prepare: Box::new(prepare) }
    }

    /// Makes what the operation needs.
    pub(crate) fn prepare(&self) -> Outcome<Operation> {
        (self.prepare)()
    }
}

/// All of them, in the order of the table.
pub(crate) fn all() -> Vec<Scenario> {
    let mut all = codec::scenarios();
    all.extend(contract::scenarios());
    all
}

/// The one of this name.
pub(crate) fn named(name: &str) -> Result<Scenario> {
    let known = || all().iter().map(|scenario| scenario.name.clone()).collect::<Vec<_>>().join(", ");
    let found = all().into_iter().find(|scenario| scenario.name == name);
    found.ok_or_else(|| Error::NoScenario { name: name.to_owned(), known: known() })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_operation_can_be_repeated() {
        for scenario in super::all() {
            let mut operation = scenario.prepare().unwrap();
            for _ in 0..3 {
                operation().unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
            }
        }
    }
}
