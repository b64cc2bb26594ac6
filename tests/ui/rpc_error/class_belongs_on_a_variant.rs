use oslo_messaging::RpcError;

#[derive(Debug, thiserror::Error, RpcError)]
#[rpc_error(class = "Gone")]
enum Failure {
    #[error("gone")]
    Gone,
}

fn main() {}
