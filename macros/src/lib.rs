//! Entry points of the `#[endpoint]` attribute and the `RpcError` derive; their documentation lives at the
//! re-exports in the runtime crate, where doctests can run.
