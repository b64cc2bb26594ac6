/// Implement the methods with `async fn`; serve an implementation with [`DefaultsEndpoint`], call one with [`DefaultsClient`].
///
/// ```text
/// impl Defaults for YourType {
///     async fn hello(&self, name: &str) -> Result<String, Infallible> { .. }
/// }
/// ```
trait Defaults: Named + ::core::marker::Send + ::core::marker::Sync + 'static {
    /// Says hello.
    #[deprecated(note = "use `greet`")]
    #[tracing::instrument(skip_all)]
    #[allow(clippy::manual_async_fn)]
    fn hello(
        &self,
        name: &str,
    ) -> impl ::core::future::Future<
        Output = Result<String, Infallible>,
    > + ::core::marker::Send {
        async move { Ok(format!("hello {name}")) }
    }
}
/// Serves an implementation of [`Defaults`]. Cheap to clone.
struct DefaultsEndpoint<S> {
    service: ::oslo_messaging::__private::Arc<S>,
}
/// Calls a remote [`Defaults`]. Cheap to clone.
struct DefaultsClient {
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
        hello,
    }
    static DESCRIPTOR: rt::EndpointDescriptor = rt::EndpointDescriptor::new(
            "Defaults",
            rt::Version::new(1, 0),
            &[
                rt::MethodDescriptor::new(
                        "hello",
                        rt::MethodKind::Call,
                        rt::Version::new(1, 0),
                    )
                    .args(&[rt::ArgDescriptor::new("name", "&str")])
                    .returns("Result<String, Infallible>")
                    .deprecated("use `greet`"),
            ],
        )
        .module(::core::module_path!());
    rt::submit!(DESCRIPTOR);
    impl<S: Defaults> DefaultsEndpoint<S> {
        /// The contract as data.
        const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        const HANDLERS: &'static [rt::Handler<S>] = &[hello::<S>];
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
    impl<S: Defaults> rt::Endpoint for DefaultsEndpoint<S> {
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
    impl<S> ::core::clone::Clone for DefaultsEndpoint<S> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S> ::core::fmt::Debug for DefaultsEndpoint<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("DefaultsEndpoint")
                .field("namespace", &DESCRIPTOR.namespace)
                .field("version", &DESCRIPTOR.version)
                .finish()
        }
    }
    fn hello<S: Defaults>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let name = request.take::<rt::Box<str>>("name")?;
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply::<
                    Result<String, Infallible>,
                >(Defaults::hello(&*service, &*name).await)
            }),
        )
    }
    #[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
    impl DefaultsClient {
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
        fn in_process(service: impl Defaults) -> Self {
            let endpoint = DefaultsEndpoint::new(service);
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
        /// Says hello.
        #[deprecated(note = "use `greet`")]
        ///
        /// Sends `hello` (since 1.0) and waits for the answer.
        fn hello(&self, name: &str) -> rt::Call<Result<String, Infallible>> {
            let mut request = self
                .core
                .request(Index::hello as ::core::primitive::usize);
            request.arg::<str>("name", name);
            request.call::<Result<String, Infallible>>()
        }
    }
    #[automatically_derived]
    impl ::core::clone::Clone for DefaultsClient {
        fn clone(&self) -> Self {
            Self {
                core: ::core::clone::Clone::clone(&self.core),
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for DefaultsClient {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_tuple("DefaultsClient").field(&self.core).finish()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<rt::Caller> for DefaultsClient {
        fn from(caller: rt::Caller) -> Self {
            Self::new(caller, <rt::Target as ::core::default::Default>::default())
        }
    }
    #[automatically_derived]
    impl ::core::convert::AsRef<rt::Caller> for DefaultsClient {
        fn as_ref(&self) -> &rt::Caller {
            self.core.caller()
        }
    }
};
