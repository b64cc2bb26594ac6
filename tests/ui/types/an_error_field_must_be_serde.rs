use oslo_messaging::RpcError;

#[derive(Debug)]
struct Foo;

#[derive(Debug, thiserror::Error, RpcError)]
#[rpc_error(module = "nova.exception")]
#[error("failed")]
struct Failure {
    foo: Foo,
}

fn main() {}
