use oslo_messaging::endpoint;

#[endpoint(version = "1.0")]
pub struct Manager;

fn main() {}
