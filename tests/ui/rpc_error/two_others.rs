use oslo_messaging::error::RemoteFailure;
use oslo_messaging::RpcError;

#[derive(Debug, thiserror::Error, RpcError)]
#[rpc_error(module = "nova.exception")]
enum Failure {
    #[error("one")]
    #[rpc_error(other)]
    One(RemoteFailure),
    #[error("two")]
    #[rpc_error(other)]
    Two(RemoteFailure),
}

fn main() {}
