use oslo_messaging::on;

#[on(info)]
fn changed() {}

fn main() {}
