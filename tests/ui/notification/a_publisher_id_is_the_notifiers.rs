use oslo_messaging::Notification;

#[derive(serde::Serialize, Notification)]
#[notification(event_type = "created", publisher_id = "compute")]
struct Created {
    id: u32,
}

fn main() {}
