use oslo_messaging::RpcError;

#[derive(Debug, thiserror::Error, RpcError)]
#[rpc_error(modul = "nova.exception")]
#[error("failed")]
struct Failure;

fn main() {}
