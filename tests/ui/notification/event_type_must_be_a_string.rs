use oslo_messaging::Notification;

#[derive(serde::Serialize, Notification)]
#[notification(event_type = created)]
struct Created {
    id: u32,
}

fn main() {}
