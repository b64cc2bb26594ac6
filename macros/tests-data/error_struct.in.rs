#[derive(Debug, thiserror::Error, RpcError)]
#[error("{reason}")]
#[rpc_error(class = "Forbidden")]
struct Denied {
    reason: String,
}
