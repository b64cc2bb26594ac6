use oslo_messaging::filter;

trait Events {
    #[filter(event_type = r"compute")]
    fn changed(&self);
}

fn main() {}
