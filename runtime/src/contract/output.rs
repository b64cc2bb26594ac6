//! What methods may return, checked by the compiler with words of our own.

use super::endpoint::Reply;
use super::refusal::internal_error;
use crate::error::{Failing, RpcError};
use crate::json::RawJson;
use serde::{Deserialize, Serialize};

/// What a call can return: `Result<T, E>` with a wire-able `T` and an [`RpcError`] `E`.
///
/// `Result` is itself serializable; without this check `{"Ok": ..}` could cross the wire unseen.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what an RPC call can return",
    label = "expected `Result<T, E>`",
    note = "write `Result<u32, YourError>`; for one-way methods use `#[cast]`"
)]
pub trait CallOutput {
    /// Encodes what the method ended with.
    fn into_reply(self) -> Reply;
}

impl<T: Serialize + for<'de> Deserialize<'de>, E: RpcError> CallOutput for Result<T, E> {
    fn into_reply(self) -> Reply {
        match self {
            Ok(value) => reply_with(RawJson::encode(&value)),
            Err(error) => fail_with(error.to_failure()),
        }
    }
}

/// What a cast can return: nothing, or `Result<(), E>`, whose error is logged.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what an RPC cast can return",
    label = "expected nothing, or `Result<(), E>`",
    note = "nobody waits for the answer of a cast; for a method that answers use `#[call]`"
)]
pub trait CastOutput {
    /// Encodes what the method ended with.
    fn into_reply(self) -> Reply;
}

impl CastOutput for () {
    fn into_reply(self) -> Reply {
        Reply::Result(RawJson::default())
    }
}

impl<E: RpcError> CastOutput for Result<(), E> {
    fn into_reply(self) -> Reply {
        match self {
            Ok(()) => Reply::Result(RawJson::default()),
            Err(error) => fail_with(error.to_failure()),
        }
    }
}

/// What a call's handler ended with, as a reply.
pub fn reply<O: CallOutput>(output: O) -> Reply {
    output.into_reply()
}

/// What a cast's handler ended with, as a reply: the answer that a peer gets who calls it.
pub fn reply_cast<O: CastOutput>(output: O) -> Reply {
    output.into_reply()
}

fn reply_with(encoded: Result<RawJson, crate::json::JsonError>) -> Reply {
    match encoded {
        Ok(value) => Reply::Result(value),
        Err(e) => {
            Reply::Internal { failure: internal_error(), cause: format!("the result does not encode: {e}") }
        }
    }
}

fn fail_with(failing: Failing) -> Reply {
    match failing {
        Failing::Declared(failure) => Reply::Declared(failure),
        Failing::Internal { failure, cause } => Reply::Internal { failure, cause },
    }
}
