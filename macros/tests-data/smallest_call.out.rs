/// Implement the methods with `async fn`; serve an implementation with [`PingEndpoint`], call one with [`PingClient`].
///
/// ```text
/// impl Ping for YourType {
///     async fn ping(&self) -> Result<String, Infallible> { .. }
/// }
/// ```
trait Ping: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn ping(
        &self,
    ) -> impl ::core::future::Future<
        Output = Result<String, Infallible>,
    > + ::core::marker::Send;
}
/// Serves an implementation of [`Ping`]. Cheap to clone.
struct PingEndpoint<S> {
    service: ::oslo_messaging::__private::Arc<S>,
}
/// Calls a remote [`Ping`]. Cheap to clone.
struct PingClient {
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
        ping,
    }
    static DESCRIPTOR: rt::EndpointDescriptor = rt::EndpointDescriptor::new(
            "Ping",
            rt::Version::new(1, 0),
            &[
                rt::MethodDescriptor::new(
                        "ping",
                        rt::MethodKind::Call,
                        rt::Version::new(1, 0),
                    )
                    .returns("Result<String, Infallible>"),
            ],
        )
        .module(::core::module_path!());
    rt::submit!(DESCRIPTOR);
    impl<S: Ping> PingEndpoint<S> {
        /// The contract as data.
        const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        const HANDLERS: &'static [rt::Handler<S>] = &[ping::<S>];
        /// Serves `service`.
        fn new(service: S) -> Self {
            Self::from_arc(rt::Arc::new(service))
        }
        /// Serves a service that is shared with others.
        fn from_arc(service: rt::Arc<S>) -> Self {
            Self { service }
        }
    }
    #[automatically_derived]
    impl<S: Ping> rt::Endpoint for PingEndpoint<S> {
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
    impl<S> ::core::clone::Clone for PingEndpoint<S> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S> ::core::fmt::Debug for PingEndpoint<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("PingEndpoint")
                .field("namespace", &DESCRIPTOR.namespace)
                .field("version", &DESCRIPTOR.version)
                .finish()
        }
    }
    fn ping<S: Ping>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply::<Result<String, Infallible>>(Ping::ping(&*service).await)
            }),
        )
    }
    #[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
    impl PingClient {
        /// The contract as data.
        const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        /// A client that calls through `caller` (a transport converts into one) to `target`.
        fn new(
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
        fn in_process(service: impl Ping) -> Self {
            let endpoint = PingEndpoint::new(service);
            Self::new(
                rt::in_process(endpoint),
                <rt::Target as ::core::default::Default>::default(),
            )
        }
        /// A client with further options.
        #[must_use]
        fn prepare(
            &self,
            options: impl ::core::ops::FnOnce(rt::CallOptions) -> rt::CallOptions,
        ) -> Self {
            Self {
                core: self.core.prepare(options),
            }
        }
        /// Sends `ping` (since 1.0) and waits for the answer.
        fn ping(&self) -> rt::Call<Result<String, Infallible>> {
            let request = self.core.request(Index::ping as ::core::primitive::usize);
            request.call::<Result<String, Infallible>>()
        }
    }
    #[automatically_derived]
    impl ::core::clone::Clone for PingClient {
        fn clone(&self) -> Self {
            Self {
                core: ::core::clone::Clone::clone(&self.core),
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for PingClient {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_tuple("PingClient").field(&self.core).finish()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<rt::Caller> for PingClient {
        fn from(caller: rt::Caller) -> Self {
            Self::new(caller, <rt::Target as ::core::default::Default>::default())
        }
    }
    #[automatically_derived]
    impl ::core::convert::AsRef<rt::Caller> for PingClient {
        fn as_ref(&self) -> &rt::Caller {
            self.core.caller()
        }
    }
};
