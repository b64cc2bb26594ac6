/// Kept on this side.
///
/// Implement the methods with `async fn`; serve an implementation with [`QuietEndpoint`], call one with [`QuietClient`].
///
/// ```text
/// impl Quiet for YourType {
///     async fn show(&self, id: u32) -> Result<u32, Infallible> { .. }
/// }
/// ```
trait Quiet: ::core::marker::Send + ::core::marker::Sync + 'static {
    /// Kept on this side.
    fn show(
        &self,
        id: u32,
    ) -> impl ::core::future::Future<
        Output = Result<u32, Infallible>,
    > + ::core::marker::Send;
}
/// Serves an implementation of [`Quiet`]. Cheap to clone.
struct QuietEndpoint<S> {
    service: ::oslo_messaging::__private::Arc<S>,
}
/// Calls a remote [`Quiet`]. Cheap to clone.
struct QuietClient {
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
    }
    static DESCRIPTOR: rt::EndpointDescriptor = rt::EndpointDescriptor::new(
            "Quiet",
            rt::Version::new(1, 0),
            &[
                rt::MethodDescriptor::new(
                        "show",
                        rt::MethodKind::Call,
                        rt::Version::new(1, 0),
                    )
                    .args(&[rt::ArgDescriptor::new("id", "u32")])
                    .returns("Result<u32, Infallible>"),
            ],
        )
        .module(::core::module_path!());
    rt::submit!(DESCRIPTOR);
    impl<S: Quiet> QuietEndpoint<S> {
        /// The contract as data.
        const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        const HANDLERS: &'static [rt::Handler<S>] = &[show::<S>];
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
    impl<S: Quiet> rt::Endpoint for QuietEndpoint<S> {
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
    impl<S> ::core::clone::Clone for QuietEndpoint<S> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S> ::core::fmt::Debug for QuietEndpoint<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("QuietEndpoint")
                .field("namespace", &DESCRIPTOR.namespace)
                .field("version", &DESCRIPTOR.version)
                .finish()
        }
    }
    fn show<S: Quiet>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let id = request.take::<u32>("id")?;
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply::<Result<u32, Infallible>>(Quiet::show(&*service, id).await)
            }),
        )
    }
    #[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
    impl QuietClient {
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
        fn in_process(service: impl Quiet) -> Self {
            let endpoint = QuietEndpoint::new(service);
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
        /// Kept on this side.
        ///
        /// # Arguments
        ///
        /// * `id`: Kept on this side.
        ///
        /// Sends `show` (since 1.0) and waits for the answer.
        fn show(&self, id: u32) -> rt::Call<Result<u32, Infallible>> {
            let mut request = self.core.request(Index::show as ::core::primitive::usize);
            request.arg::<u32>("id", &id);
            request.call::<Result<u32, Infallible>>()
        }
    }
    #[automatically_derived]
    impl ::core::clone::Clone for QuietClient {
        fn clone(&self) -> Self {
            Self {
                core: ::core::clone::Clone::clone(&self.core),
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for QuietClient {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_tuple("QuietClient").field(&self.core).finish()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<rt::Caller> for QuietClient {
        fn from(caller: rt::Caller) -> Self {
            Self::new(caller, <rt::Target as ::core::default::Default>::default())
        }
    }
    #[automatically_derived]
    impl ::core::convert::AsRef<rt::Caller> for QuietClient {
        fn as_ref(&self) -> &rt::Caller {
            self.core.caller()
        }
    }
};
