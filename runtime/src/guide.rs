//! The guide, a chapter a module. Its text lives in `docs/guide`; its programs run with the tests of the documentation.

#[doc = include_str!("../../docs/guide/contracts.md")]
pub mod contracts {}
#[doc = include_str!("../../docs/guide/serving.md")]
pub mod serving {}
#[doc = include_str!("../../docs/guide/calling.md")]
pub mod calling {}
#[doc = include_str!("../../docs/guide/errors.md")]
pub mod errors {}
#[doc = include_str!("../../docs/guide/connecting.md")]
pub mod connecting {}
#[doc = include_str!("../../docs/guide/versions.md")]
pub mod versions {}
#[doc = include_str!("../../docs/guide/python.md")]
pub mod python {}
#[doc = include_str!("../../docs/guide/notifications.md")]
pub mod notifications {}
#[doc = include_str!("../../docs/guide/testing.md")]
pub mod testing {}
#[doc = include_str!("../../docs/guide/performance.md")]
pub mod performance {}
