//! What can go wrong with a call or a cast, and whether the request may have run.
//!
//! Plain data: no I/O, no knowledge of brokers. Who builds these errors: the caller in `rpc/` and `in_process`.

mod call;
mod failure_builder;
mod failure_reader;
mod fault;
mod remote;
mod rpc_error;

pub use call::{CallError, CallFault, CastError, ErrorKind};
pub(crate) use failure_builder::HIDDEN;
pub use failure_builder::{FailureBuilder, source_chain};
pub use failure_reader::FailureReader;
pub use fault::{
    BadReply, NotSent, NotSentReason, Ran, Rejection, RejectionKind, RequestInfo, ServerLost, TimeoutInfo,
    Unconfirmed, Unroutable,
};
pub use remote::RemoteFailure;
pub use rpc_error::{Failing, RpcError};
