#[automatically_derived]
#[allow(deprecated)]
#[automatically_derived]
impl ::oslo_messaging::__private::RpcError for ComputeError {
    fn to_failure(&self) -> ::oslo_messaging::__private::Failing {
        match self {
            Self::InstanceNotFound { instance_id: field_0 } => {
                ::oslo_messaging::__private::FailureBuilder::new(
                        "nova.exception",
                        "InstanceNotFound",
                        self,
                    )
                    .kwarg::<Uuid>("instance_id", field_0)
                    .declared()
            }
            Self::QuotaExceeded(field_0, field_1) => {
                ::oslo_messaging::__private::FailureBuilder::new(
                        "nova.exception",
                        "OverQuota",
                        self,
                    )
                    .arg::<String>(field_0)
                    .arg::<u32>(field_1)
                    .declared()
            }
            Self::Busy => {
                ::oslo_messaging::__private::FailureBuilder::new(
                        "nova.exception",
                        "Busy",
                        self,
                    )
                    .declared()
            }
            Self::Internal { .. } => {
                ::oslo_messaging::__private::FailureBuilder::new(
                        "nova.exception",
                        "Internal",
                        self,
                    )
                    .internal(::oslo_messaging::__private::source_chain(self))
            }
            Self::Other(failure) => {
                ::oslo_messaging::__private::RpcError::to_failure(failure)
            }
        }
    }
    fn from_failure(
        failure: &::oslo_messaging::__private::RemoteFailure,
    ) -> ::core::option::Option<Self> {
        let reader = ::oslo_messaging::__private::FailureReader::new(failure);
        if reader.is("nova.exception", "InstanceNotFound") {
            if let (::core::option::Option::Some(field_0),) = (
                reader.kwarg::<Uuid>("instance_id"),
            ) {
                return ::core::option::Option::Some(Self::InstanceNotFound {
                    instance_id: field_0,
                });
            }
        }
        if reader.is("nova.exception", "OverQuota")
            || reader.is("nova.exception_old", "QuotaError")
        {
            if let (
                ::core::option::Option::Some(field_0),
                ::core::option::Option::Some(field_1),
            ) = (reader.arg::<String>(0usize), reader.arg::<u32>(1usize)) {
                return ::core::option::Option::Some(
                    Self::QuotaExceeded(field_0, field_1),
                );
            }
        }
        if reader.is("nova.exception", "Busy") {
            return ::core::option::Option::Some(Self::Busy);
        }
        ::core::option::Option::map(
            ::oslo_messaging::__private::RpcError::from_failure(failure),
            Self::Other,
        )
    }
}
