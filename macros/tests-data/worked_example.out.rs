/// Life-cycle of instances on one compute host.
///
/// Implement the methods with `async fn`; serve an implementation with [`ComputeEndpoint`], call one with [`ComputeClient`].
///
/// ```text
/// impl Compute for YourType {
///     async fn show(&self, ctx: &Context, id: Uuid) -> Result<Instance, ComputeError> { .. }
///     async fn build(&self, ctx: &Context, name: &str, count: u32, zone: Option<String>, metadata: BTreeMap<String, String>) -> Result<Vec<Uuid>, ComputeError> { .. }
///     async fn reboot(&self, ctx: &Context, id: Uuid, hard: bool) { .. }
/// }
/// ```
pub trait Compute: ::core::marker::Send + ::core::marker::Sync + 'static {
    /// Returns one instance.
    fn show(
        &self,
        ctx: &Context,
        id: Uuid,
    ) -> impl ::core::future::Future<
        Output = Result<Instance, ComputeError>,
    > + ::core::marker::Send;
    /// Boots `count` instances and returns their ids.
    fn build(
        &self,
        ctx: &Context,
        name: &str,
        count: u32,
        zone: Option<String>,
        metadata: BTreeMap<String, String>,
    ) -> impl ::core::future::Future<
        Output = Result<Vec<Uuid>, ComputeError>,
    > + ::core::marker::Send;
    /// Restarts an instance. Nobody waits for the outcome.
    fn reboot(
        &self,
        ctx: &Context,
        id: Uuid,
        hard: bool,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// Serves an implementation of [`Compute`]. Cheap to clone.
pub struct ComputeEndpoint<S> {
    service: ::oslo_messaging::__private::Arc<S>,
}
/// Calls a remote [`Compute`]. Cheap to clone.
pub struct ComputeClient {
    core: ::oslo_messaging::__private::ClientCore,
}
#[allow(
    deprecated,
    dead_code,
    non_camel_case_types,
    non_snake_case,
    unused_qualifications
)]
const _: () = {
    use ::oslo_messaging::__private as rt;
    /// Numbers the methods that `#[cfg]` leaves.
    enum Index {
        show,
        build,
        reboot,
    }
    static DESCRIPTOR: rt::EndpointDescriptor = rt::EndpointDescriptor::new(
            "Compute",
            rt::Version::new(5, 3),
            &[
                rt::MethodDescriptor::new(
                        "show",
                        rt::MethodKind::Call,
                        rt::Version::new(5, 0),
                    )
                    .args(&[rt::ArgDescriptor::new("id", "Uuid")])
                    .returns("Result<Instance, ComputeError>")
                    .doc("Returns one instance."),
                rt::MethodDescriptor::new(
                        "build",
                        rt::MethodKind::Call,
                        rt::Version::new(5, 0),
                    )
                    .wire_name("build_and_run_instance")
                    .timeout(rt::Duration::from_millis(600000))
                    .call_monitor(rt::Duration::from_millis(60000))
                    .args(
                        &[
                            rt::ArgDescriptor::new("name", "&str"),
                            rt::ArgDescriptor::new("count", "u32")
                                .has_default(true)
                                .doc("How many to boot."),
                            rt::ArgDescriptor::new("zone", "Option<String>")
                                .since(rt::Version::new(5, 2)),
                            rt::ArgDescriptor::new(
                                    "metadata",
                                    "BTreeMap<String, String>",
                                )
                                .wire_name("meta")
                                .has_default(true),
                        ],
                    )
                    .returns("Result<Vec<Uuid>, ComputeError>")
                    .doc("Boots `count` instances and returns their ids."),
                rt::MethodDescriptor::new(
                        "reboot",
                        rt::MethodKind::Cast,
                        rt::Version::new(5, 1),
                    )
                    .args(
                        &[
                            rt::ArgDescriptor::new("id", "Uuid"),
                            rt::ArgDescriptor::new("hard", "bool").has_default(true),
                        ],
                    )
                    .doc("Restarts an instance. Nobody waits for the outcome."),
            ],
        )
        .module(::core::module_path!())
        .namespace("compute")
        .legacy_namespaces(
            &[::core::option::Option::Some("baseapi"), ::core::option::Option::None],
        )
        .timeout(rt::Duration::from_millis(60000))
        .doc("Life-cycle of instances on one compute host.");
    rt::submit!(DESCRIPTOR);
    fn default_1_1() -> u32 {
        1
    }
    impl<S: Compute> ComputeEndpoint<S> {
        /// The contract as data.
        pub const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        const HANDLERS: &'static [rt::Handler<S>] = &[
            show::<S>,
            build::<S>,
            reboot::<S>,
        ];
        /// Serves `service`.
        pub fn new(service: S) -> Self {
            Self::from_arc(rt::Arc::new(service))
        }
        /// Serves a service that is shared with others.
        pub fn from_arc(service: rt::Arc<S>) -> Self {
            Self { service }
        }
    }
    #[automatically_derived]
    impl<S: Compute> rt::Endpoint for ComputeEndpoint<S> {
        fn descriptor(&self) -> &rt::EndpointDescriptor {
            &DESCRIPTOR
        }
        fn invoke(
            &self,
            index: ::core::primitive::usize,
            request: rt::Request,
        ) -> rt::Started {
            rt::dispatch(Self::HANDLERS, index, &self.service, request)
        }
    }
    #[automatically_derived]
    impl<S> ::core::clone::Clone for ComputeEndpoint<S> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S> ::core::fmt::Debug for ComputeEndpoint<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("ComputeEndpoint")
                .field("namespace", &DESCRIPTOR.namespace)
                .field("version", &DESCRIPTOR.version)
                .finish()
        }
    }
    fn show<S: Compute>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let id = request.take::<Uuid>("id")?;
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply::<
                    Result<Instance, ComputeError>,
                >(Compute::show(&*service, request.context(), id).await)
            }),
        )
    }
    fn build<S: Compute>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let name = request.take::<rt::Box<str>>("name")?;
        let count = request.take_or::<u32>("count", default_1_1)?;
        let zone = request.take::<Option<String>>("zone")?;
        let metadata = request
            .take_or::<
                BTreeMap<String, String>,
            >("meta", ::core::default::Default::default)?;
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply::<
                    Result<Vec<Uuid>, ComputeError>,
                >(
                    Compute::build(
                            &*service,
                            request.context(),
                            &*name,
                            count,
                            zone,
                            metadata,
                        )
                        .await,
                )
            }),
        )
    }
    fn reboot<S: Compute>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let id = request.take::<Uuid>("id")?;
        let hard = request.take_or::<bool>("hard", ::core::default::Default::default)?;
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply_cast::<
                    (),
                >(Compute::reboot(&*service, request.context(), id, hard).await)
            }),
        )
    }
    #[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
    impl ComputeClient {
        /// The contract as data.
        pub const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        /// A client that calls through `caller` (a transport converts into one) to `target`.
        pub fn new(
            caller: impl ::core::convert::Into<rt::Caller>,
            target: rt::Target,
        ) -> Self {
            Self {
                core: rt::ClientCore::new(
                    ::core::convert::Into::into(caller),
                    target,
                    Self::DESCRIPTOR,
                ),
            }
        }
        /// A client of a service in this process: arguments and answers are encoded and decoded as they would be
        /// on the wire, and the handler runs inside the call's own future.
        pub fn in_process(service: impl Compute) -> Self {
            let endpoint = ComputeEndpoint::new(service);
            Self::new(
                rt::in_process(endpoint),
                <rt::Target as ::core::default::Default>::default(),
            )
        }
        /// A client with further options.
        #[must_use]
        pub fn prepare(
            &self,
            options: impl ::core::ops::FnOnce(rt::CallOptions) -> rt::CallOptions,
        ) -> Self {
            Self {
                core: self.core.prepare(options),
            }
        }
        /// Returns one instance.
        ///
        /// Sends `compute.show` (since 5.0) and waits for the answer; default timeout 1 min.
        pub fn show(
            &self,
            ctx: &Context,
            id: Uuid,
        ) -> rt::Call<Result<Instance, ComputeError>> {
            let mut request = self.core.request(Index::show as ::core::primitive::usize);
            request.context(ctx);
            request.arg::<Uuid>("id", &id);
            request.call::<Result<Instance, ComputeError>>()
        }
        /// Boots `count` instances and returns their ids.
        ///
        /// # Arguments
        ///
        /// * `count`: How many to boot.
        ///
        /// Sends `compute.build_and_run_instance` (since 5.0) and waits for the answer; default timeout 10 min.
        pub fn build(
            &self,
            ctx: &Context,
            name: &str,
            count: u32,
            zone: Option<String>,
            metadata: BTreeMap<String, String>,
        ) -> rt::Call<Result<Vec<Uuid>, ComputeError>> {
            let mut request = self
                .core
                .request(Index::build as ::core::primitive::usize);
            request.context(ctx);
            request.arg::<str>("name", name);
            request.arg::<u32>("count", &count);
            request
                .arg_since::<
                    Option<String>,
                >("zone", &zone, rt::Version::new(5, 2), false);
            request.arg::<BTreeMap<String, String>>("meta", &metadata);
            request.call::<Result<Vec<Uuid>, ComputeError>>()
        }
        /// Restarts an instance. Nobody waits for the outcome.
        ///
        /// Sends `compute.reboot` (since 5.1) to one server; nobody answers.
        pub fn reboot(&self, ctx: &Context, id: Uuid, hard: bool) -> rt::Cast {
            let mut request = self
                .core
                .request(Index::reboot as ::core::primitive::usize);
            request.context(ctx);
            request.arg::<Uuid>("id", &id);
            request.arg::<bool>("hard", &hard);
            request.cast()
        }
    }
    #[automatically_derived]
    impl ::core::clone::Clone for ComputeClient {
        fn clone(&self) -> Self {
            Self {
                core: ::core::clone::Clone::clone(&self.core),
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for ComputeClient {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_tuple("ComputeClient").field(&self.core).finish()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<rt::Caller> for ComputeClient {
        fn from(caller: rt::Caller) -> Self {
            Self::new(caller, <rt::Target as ::core::default::Default>::default())
        }
    }
    #[automatically_derived]
    impl ::core::convert::AsRef<rt::Caller> for ComputeClient {
        fn as_ref(&self) -> &rt::Caller {
            self.core.caller()
        }
    }
};
