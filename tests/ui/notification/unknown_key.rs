use oslo_messaging::Notification;

#[derive(serde::Serialize, Notification)]
#[notification(event = "created")]
struct Created {
    id: u32,
}

fn main() {}
