use oslo_messaging::Notification;

#[derive(serde::Serialize, Notification)]
#[notification(event_type = "created", priority = "imfo")]
struct Created {
    id: u32,
}

fn main() {}
