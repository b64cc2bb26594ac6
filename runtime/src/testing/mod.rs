//! What tests of services and of drivers use.

mod block_on;
#[cfg(feature = "transport")]
pub mod conformance;
mod contract_lock;
mod recorder;

pub use crate::contract::{in_process, in_process_all};
pub use block_on::block_on;
pub use contract_lock::assert_contract;
pub use recorder::{Expectation, Recorded, Recorder, Unmet};
