use oslo_messaging::Notification;

#[derive(serde::Serialize, Notification)]
#[notification(event_type = "compute.instance.*")]
struct Created {
    id: u32,
}

fn main() {}
