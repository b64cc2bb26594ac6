use oslo_messaging::cast;

trait Compute {
    #[cast]
    fn reboot(&self);
}

fn main() {}
