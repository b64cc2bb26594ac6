#[cfg(unix)]
impl api::Compute for Manager {
    async fn stop(&self) {}
}
#[cfg(unix)]
const _: () = {
    use ::oslo_messaging::__private as rt;
    fn build(
        state: &dyn ::core::any::Any,
    ) -> ::core::option::Option<rt::Arc<dyn rt::Endpoint>> {
        let state = state.downcast_ref::<crate::App>()?;
        let service = <Manager as ::core::convert::From<&crate::App>>::from(state);
        ::core::option::Option::Some(rt::Arc::new(api::ComputeEndpoint::new(service)))
    }
    rt::submit_factory!(
        rt::EndpointFactory::new(api::ComputeEndpoint:: < Manager > ::DESCRIPTOR,
        "Manager", "crate::App", ::core::module_path!(), build,)
    );
};
