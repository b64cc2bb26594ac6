use oslo_messaging::Notification;

#[derive(serde::Serialize, Notification)]
#[notification(priority = "audit")]
struct Created {
    id: u32,
}

fn main() {}
