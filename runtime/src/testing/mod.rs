//! What tests of services and of drivers use.

mod block_on;
#[cfg(feature = "transport")]
pub mod conformance;
mod contract_lock;
#[cfg(feature = "transport")]
mod notifications;
mod recorder;

pub use crate::contract::{in_process, in_process_all};
pub use block_on::block_on;
pub use contract_lock::assert_contract;
#[cfg(feature = "transport")]
pub use notifications::{SentNotification, TestDriver};
pub use recorder::{Expectation, Recorded, Recorder, Unmet};
