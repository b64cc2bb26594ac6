/// Implement the methods with `async fn`; serve an implementation with [`Server`], call one with [`Caller`].
///
/// ```text
/// impl Names for YourType {
///     async fn r#match(&self, request: rt::S, service: Index, r#type: [u8; r#match()]) { .. }
///     async fn show(&self, id: u32) -> Result<(), Infallible> { .. }
///     async fn show_handler(&self) -> Result<(), Infallible> { .. }
///     async fn default_1_0(&self) -> Result<(), Infallible> { .. }
/// }
/// ```
trait Names: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn r#match(
        &self,
        request: rt::S,
        service: Index,
        r#type: [u8; r#match()],
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
    fn show(
        &self,
        id: u32,
    ) -> impl ::core::future::Future<
        Output = Result<(), Infallible>,
    > + ::core::marker::Send;
    fn show_handler(
        &self,
    ) -> impl ::core::future::Future<
        Output = Result<(), Infallible>,
    > + ::core::marker::Send;
    fn default_1_0(
        &self,
    ) -> impl ::core::future::Future<
        Output = Result<(), Infallible>,
    > + ::core::marker::Send;
}
/// Serves an implementation of [`Names`]. Cheap to clone.
struct Server<S_1> {
    service: renamed::messaging::__private::Arc<S_1>,
}
/// Calls a remote [`Names`]. Cheap to clone.
struct Caller {
    core: renamed::messaging::__private::ClientCore,
}
#[allow(
    deprecated,
    dead_code,
    non_camel_case_types,
    non_snake_case,
    unused_qualifications
)]
const _: () = {
    use renamed::messaging::__private as rt_1;
    /// Numbers the methods that `#[cfg]` leaves.
    enum Index_1 {
        r#match,
        show,
        show_handler,
        default_1_0,
    }
    static DESCRIPTOR: rt_1::EndpointDescriptor = rt_1::EndpointDescriptor::new(
            "Names",
            rt_1::Version::new(1, 0),
            &[
                rt_1::MethodDescriptor::new(
                        "match",
                        rt_1::MethodKind::Cast,
                        rt_1::Version::new(1, 0),
                    )
                    .args(
                        &[
                            rt_1::ArgDescriptor::new("request", "rt::S"),
                            rt_1::ArgDescriptor::new("service", "Index"),
                            rt_1::ArgDescriptor::new("type", "[u8; r#match()]"),
                        ],
                    ),
                rt_1::MethodDescriptor::new(
                        "show",
                        rt_1::MethodKind::Call,
                        rt_1::Version::new(1, 0),
                    )
                    .args(&[rt_1::ArgDescriptor::new("id", "u32").has_default(true)])
                    .returns("Result<(), Infallible>"),
                rt_1::MethodDescriptor::new(
                        "show_handler",
                        rt_1::MethodKind::Call,
                        rt_1::Version::new(1, 0),
                    )
                    .returns("Result<(), Infallible>"),
                rt_1::MethodDescriptor::new(
                        "default_1_0",
                        rt_1::MethodKind::Call,
                        rt_1::Version::new(1, 0),
                    )
                    .returns("Result<(), Infallible>"),
            ],
        )
        .module(::core::module_path!());
    rt_1::submit!(DESCRIPTOR);
    fn default_1_0_1() -> u32 {
        show()
    }
    impl<S_1: Names> Server<S_1> {
        /// The contract as data.
        const DESCRIPTOR: &'static rt_1::EndpointDescriptor = &DESCRIPTOR;
        const HANDLERS: &'static [rt_1::Handler<S_1>] = &[
            match_handler::<S_1>,
            show_handler_1::<S_1>,
            show_handler::<S_1>,
            default_1_0::<S_1>,
        ];
        /// Serves `service`.
        fn new(service: S_1) -> Self {
            Self::from_arc(rt_1::Arc::new(service))
        }
        /// Serves a service that is shared with others.
        fn from_arc(service: rt_1::Arc<S_1>) -> Self {
            Self { service }
        }
    }
    #[automatically_derived]
    impl<S_1: Names> rt_1::Endpoint for Server<S_1> {
        fn descriptor(&self) -> &rt_1::EndpointDescriptor {
            &DESCRIPTOR
        }
        fn invoke(
            &self,
            index: ::core::primitive::usize,
            request: rt_1::Request,
        ) -> rt_1::Started {
            rt_1::dispatch(Self::HANDLERS, index, &self.service, request)
        }
    }
    #[automatically_derived]
    impl<S_1> ::core::clone::Clone for Server<S_1> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S_1> ::core::fmt::Debug for Server<S_1> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("Server")
                .field("namespace", &DESCRIPTOR.namespace)
                .field("version", &DESCRIPTOR.version)
                .finish()
        }
    }
    fn match_handler<S_1: Names>(
        service_1: rt_1::Arc<S_1>,
        mut request_1: rt_1::Request,
    ) -> rt_1::Started {
        let request = request_1.take::<rt::S>("request")?;
        let service = request_1.take::<Index>("service")?;
        let r#type = request_1.take::<[u8; r#match()]>("type")?;
        request_1.finish()?;
        ::core::result::Result::Ok(
            rt_1::Box::pin(async move {
                rt_1::reply_cast::<
                    (),
                >(Names::r#match(&*service_1, request, service, r#type).await)
            }),
        )
    }
    fn show_handler_1<S_1: Names>(
        service: rt_1::Arc<S_1>,
        mut request: rt_1::Request,
    ) -> rt_1::Started {
        let id = request.take_or::<u32>("id", default_1_0_1)?;
        request.finish()?;
        ::core::result::Result::Ok(
            rt_1::Box::pin(async move {
                rt_1::reply::<Result<(), Infallible>>(Names::show(&*service, id).await)
            }),
        )
    }
    fn show_handler<S_1: Names>(
        service: rt_1::Arc<S_1>,
        mut request: rt_1::Request,
    ) -> rt_1::Started {
        request.finish()?;
        ::core::result::Result::Ok(
            rt_1::Box::pin(async move {
                rt_1::reply::<
                    Result<(), Infallible>,
                >(Names::show_handler(&*service).await)
            }),
        )
    }
    fn default_1_0<S_1: Names>(
        service: rt_1::Arc<S_1>,
        mut request: rt_1::Request,
    ) -> rt_1::Started {
        request.finish()?;
        ::core::result::Result::Ok(
            rt_1::Box::pin(async move {
                rt_1::reply::<
                    Result<(), Infallible>,
                >(Names::default_1_0(&*service).await)
            }),
        )
    }
    #[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
    impl Caller {
        /// The contract as data.
        const DESCRIPTOR: &'static rt_1::EndpointDescriptor = &DESCRIPTOR;
        /// A client that calls through `caller` (a transport converts into one) to `target`.
        fn new(
            caller: impl ::core::convert::Into<rt_1::Caller>,
            target: rt_1::Target,
        ) -> Self {
            Self {
                core: rt_1::ClientCore::new(
                    ::core::convert::Into::into(caller),
                    target,
                    Self::DESCRIPTOR,
                ),
            }
        }
        /// A client of a service in this process: arguments and answers are encoded and decoded as they would be
        /// on the wire, and the handler runs inside the call's own future.
        fn in_process(service: impl Names) -> Self {
            let endpoint = Server::new(service);
            Self::new(
                rt_1::in_process(endpoint),
                <rt_1::Target as ::core::default::Default>::default(),
            )
        }
        /// A client with further options.
        #[must_use]
        fn prepare(
            &self,
            options: impl ::core::ops::FnOnce(rt_1::CallOptions) -> rt_1::CallOptions,
        ) -> Self {
            Self {
                core: self.core.prepare(options),
            }
        }
        /// Sends `match` (since 1.0) to one server; nobody answers.
        fn r#match(
            &self,
            request: rt::S,
            service: Index,
            r#type: [u8; r#match()],
        ) -> rt_1::Cast {
            let mut request_1 = self
                .core
                .request(Index_1::r#match as ::core::primitive::usize);
            request_1.arg::<rt::S>("request", &request);
            request_1.arg::<Index>("service", &service);
            request_1.arg::<[u8; r#match()]>("type", &r#type);
            request_1.cast()
        }
        /// Sends `show` (since 1.0) and waits for the answer.
        fn show(&self, id: u32) -> rt_1::Call<Result<(), Infallible>> {
            let mut request = self
                .core
                .request(Index_1::show as ::core::primitive::usize);
            request.arg::<u32>("id", &id);
            request.call::<Result<(), Infallible>>()
        }
        /// Sends `show_handler` (since 1.0) and waits for the answer.
        fn show_handler(&self) -> rt_1::Call<Result<(), Infallible>> {
            let request = self
                .core
                .request(Index_1::show_handler as ::core::primitive::usize);
            request.call::<Result<(), Infallible>>()
        }
        /// Sends `default_1_0` (since 1.0) and waits for the answer.
        fn default_1_0(&self) -> rt_1::Call<Result<(), Infallible>> {
            let request = self
                .core
                .request(Index_1::default_1_0 as ::core::primitive::usize);
            request.call::<Result<(), Infallible>>()
        }
    }
    #[automatically_derived]
    impl ::core::clone::Clone for Caller {
        fn clone(&self) -> Self {
            Self {
                core: ::core::clone::Clone::clone(&self.core),
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for Caller {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_tuple("Caller").field(&self.core).finish()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<rt_1::Caller> for Caller {
        fn from(caller: rt_1::Caller) -> Self {
            Self::new(caller, <rt_1::Target as ::core::default::Default>::default())
        }
    }
    #[automatically_derived]
    impl ::core::convert::AsRef<rt_1::Caller> for Caller {
        fn as_ref(&self) -> &rt_1::Caller {
            self.core.caller()
        }
    }
};
