use oslo_messaging::endpoint;

struct Manager;

trait Compute {}

#[endpoint(version = "1.0")]
impl Compute for Manager {}

fn main() {}
