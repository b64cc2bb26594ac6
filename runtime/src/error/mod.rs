//! What can go wrong with a call or a cast, and whether the request may have run.
//!
//! Plain data: no I/O, no knowledge of brokers. Who builds these errors: the caller in `rpc/` and `in_process`.

mod call;
mod fault;
mod remote;

pub use call::{CallError, CallFault, CastError, ErrorKind};
pub use fault::{
    BadReply, NotSent, NotSentReason, Ran, Rejection, RejectionKind, RequestInfo, ServerLost, TimeoutInfo,
    Unconfirmed, Unroutable,
};
pub use remote::RemoteFailure;
