use oslo_messaging::Notification;

#[derive(Notification)]
#[notification(event_type = "created")]
union Created {
    id: u32,
}

fn main() {}
