/// What computes tell.
#[listener]
pub trait ComputeEvents {
    /// What has become of an instance.
    #[on(info, event_type = "compute.instance.*")]
    async fn changed(
        &self,
        ctx: &Context,
        event: Event<InstancePayload>,
    ) -> Result<NotificationResult, Failure>;

    #[on(error, critical)]
    #[filter(
        publisher_id = r"compute\..*",
        event_type = r"compute",
        context(project_id = r"^p"),
        metadata(timestamp = r"2026"),
        payload(state = r"active|error", "os-type" = r"linux")
    )]
    async fn failed(&self, event: Event<serde_json::Value>);

    #[on]
    async fn created(&self, #[context] ctx: &NovaContext, event: Event<InstanceCreated>);

    #[on(any)]
    async fn many(&self, events: Vec<Event<Payload>>);

    #[on(event_type = "volume.*")]
    async fn warning(&self, event: oslo_messaging::notify::Event);
}
