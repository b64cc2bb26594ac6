use oslo_messaging::Notification;

#[derive(serde::Serialize, Notification)]
struct Created {
    id: u32,
}

fn main() {}
