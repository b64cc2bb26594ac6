/// Life-cycle of instances on one compute host.
#[endpoint(namespace = "compute", legacy_namespaces = ["baseapi", none], version = "5.3", timeout = "60s")]
pub trait Compute {
    /// Returns one instance.
    async fn show(&self, ctx: &Context, id: Uuid) -> Result<Instance, ComputeError>;

    /// Boots `count` instances and returns their ids.
    #[call(name = "build_and_run_instance", timeout = "10m", call_monitor = "60s")]
    async fn build(
        &self,
        ctx: &Context,
        name: &str,
        /// How many to boot.
        #[arg(default = 1)]
        count: u32,
        #[arg(since = "5.2")] zone: Option<String>,
        #[arg(rename = "meta", default)] metadata: BTreeMap<String, String>,
    ) -> Result<Vec<Uuid>, ComputeError>;

    /// Restarts an instance. Nobody waits for the outcome.
    #[cast(since = "5.1")]
    async fn reboot(&self, ctx: &Context, id: Uuid, #[arg(default)] hard: bool);
}
