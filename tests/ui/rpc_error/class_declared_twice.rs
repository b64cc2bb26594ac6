use oslo_messaging::RpcError;

#[derive(Debug, thiserror::Error, RpcError)]
#[rpc_error(module = "nova.exception")]
enum Failure {
    #[error("gone")]
    Gone,
    #[error("left")]
    #[rpc_error(class = "Gone")]
    Left,
}

fn main() {}
