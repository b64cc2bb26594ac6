use oslo_messaging::RpcError;

#[derive(RpcError)]
union Failure {
    id: u32,
}

fn main() {}
