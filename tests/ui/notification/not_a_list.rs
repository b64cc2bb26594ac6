use oslo_messaging::Notification;

#[derive(serde::Serialize, Notification)]
#[notification]
struct Created {
    id: u32,
}

fn main() {}
