use oslo_messaging::call;

#[call]
fn show() {}

fn main() {}
