use oslo_messaging::RpcError;

#[derive(Debug, thiserror::Error, RpcError)]
#[rpc_error(module = "nova.exception")]
enum Failure {
    #[error("one")]
    #[rpc_error(also = ["nova.One", "One"])]
    One,
}

fn main() {}
