/// Implement the methods with `async fn`; serve an implementation with [`Server`], call one with [`Caller`].
///
/// ```text
/// impl Names for YourType {
///     async fn r#match(&self, request: rt::S, service: Index, r#type: [u8; r#match()]) { .. }
/// }
/// ```
trait Names: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn r#match(
        &self,
        request: rt::S,
        service: Index,
        r#type: [u8; r#match()],
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
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
            ],
        )
        .module(::core::module_path!());
    rt_1::submit!(DESCRIPTOR);
    impl<S_1: Names> Server<S_1> {
        /// The contract as data.
        const DESCRIPTOR: &'static rt_1::EndpointDescriptor = &DESCRIPTOR;
        const HANDLERS: &'static [rt_1::Handler<S_1>] = &[match_handler::<S_1>];
        /// Serves `service`.
        fn new(service: S_1) -> Self {
            Self::from_arc(rt_1::Arc::new(service))
        }
        /// Serves a service that is shared with others.
        fn from_arc(service: rt_1::Arc<S_1>) -> Self {
            Self { service }
        }
    }
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
    impl<S_1> ::core::clone::Clone for Server<S_1> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
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
    }
    impl ::core::clone::Clone for Caller {
        fn clone(&self) -> Self {
            Self {
                core: ::core::clone::Clone::clone(&self.core),
            }
        }
    }
    impl ::core::fmt::Debug for Caller {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_tuple("Caller").field(&self.core).finish()
        }
    }
    impl ::core::convert::From<rt_1::Caller> for Caller {
        fn from(caller: rt_1::Caller) -> Self {
            Self::new(caller, <rt_1::Target as ::core::default::Default>::default())
        }
    }
    impl ::core::convert::AsRef<rt_1::Caller> for Caller {
        fn as_ref(&self) -> &rt_1::Caller {
            self.core.caller()
        }
    }
};
