use oslo_messaging::RpcError;

#[derive(Debug, thiserror::Error, RpcError)]
#[rpc_error(module = "nova.exception")]
#[error("failed")]
struct Failure<T>(T);

fn main() {}
