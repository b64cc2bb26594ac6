#[automatically_derived]
#[allow(deprecated)]
#[automatically_derived]
impl ::oslo_messaging::__private::RpcError for Denied {
    fn to_failure(&self) -> ::oslo_messaging::__private::Failing {
        match self {
            Self { reason: field_0 } => {
                ::oslo_messaging::__private::FailureBuilder::new(
                        ::core::module_path!(),
                        "Forbidden",
                        self,
                    )
                    .kwarg::<String>("reason", field_0)
                    .declared()
            }
        }
    }
    fn from_failure(
        failure: &::oslo_messaging::__private::RemoteFailure,
    ) -> ::core::option::Option<Self> {
        let reader = ::oslo_messaging::__private::FailureReader::new(failure);
        if reader.is(::core::module_path!(), "Forbidden") {
            if let (::core::option::Option::Some(field_0),) = (
                reader.kwarg::<String>("reason"),
            ) {
                return ::core::option::Option::Some(Self { reason: field_0 });
            }
        }
        ::core::option::Option::None
    }
}
