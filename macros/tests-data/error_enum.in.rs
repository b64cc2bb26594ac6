#[derive(Debug, thiserror::Error, RpcError)]
#[rpc_error(module = "nova.exception")]
pub enum ComputeError {
    #[error("Instance {instance_id} could not be found.")]
    InstanceNotFound { instance_id: Uuid },
    #[error("Quota exceeded for {0}: {1} requested")]
    #[rpc_error(class = "OverQuota", also = ["nova.exception_old.QuotaError"])]
    QuotaExceeded(String, u32),
    #[error("busy")]
    Busy,
    #[error(transparent)]
    #[rpc_error(internal)]
    Internal(#[from] anyhow::Error),
    #[error("{0}")]
    #[rpc_error(other)]
    Other(RemoteFailure),
}
