/// An instance has been created.
#[derive(Debug, Serialize, Notification)]
#[notification(event_type = "compute.instance.create.end", priority = "audit", version = "1.2")]
pub struct InstanceCreated {
    id: u32,
}
