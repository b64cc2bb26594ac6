//! What `#[endpoint]` and `#[listener]` share: a trait as written, what stands in its methods, and the trait as it is emitted.

pub(crate) mod ast;
pub(crate) mod doc;
pub(crate) mod kept;
pub(crate) mod shape;
pub(crate) mod signature;
pub(crate) mod types;
