::core::compile_error! {
    "a cast has no answer to wait for, so `timeout` has no meaning here"
}
::core::compile_error! {
    "`since = \"2.0\"` has another major version than the endpoint (`1.0`)\nhelp: a new major is a new trait"
}
::core::compile_error! {
    "method `broken` must take `&self`, not `&mut self`\nnote: one value serves concurrent requests; use a lock or an atomic for mutable state"
}
/// The broken method stays in the trait; everything else is generated without it.
///
/// Implement the methods with `async fn`; serve an implementation with [`PartlyEndpoint`], call one with [`PartlyClient`].
///
/// ```text
/// impl Partly for YourType {
///     async fn fine(&self) { .. }
///     async fn broken(&mut self) { .. }
/// }
/// ```
trait Partly: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn fine(&self) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
    fn broken(
        &mut self,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// Serves an implementation of [`Partly`]. Cheap to clone.
struct PartlyEndpoint<S> {
    service: ::oslo_messaging::__private::Arc<S>,
}
/// Calls a remote [`Partly`]. Cheap to clone.
struct PartlyClient {
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
        fine,
    }
    static DESCRIPTOR: rt::EndpointDescriptor = rt::EndpointDescriptor::new(
            "Partly",
            rt::Version::new(1, 0),
            &[
                rt::MethodDescriptor::new(
                    "fine",
                    rt::MethodKind::Cast,
                    rt::Version::new(1, 0),
                ),
            ],
        )
        .module(::core::module_path!())
        .doc(
            "The broken method stays in the trait; everything else is generated without it.",
        );
    rt::submit!(DESCRIPTOR);
    impl<S: Partly> PartlyEndpoint<S> {
        /// The contract as data.
        const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        const HANDLERS: &'static [rt::Handler<S>] = &[fine::<S>];
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
    impl<S: Partly> rt::Endpoint for PartlyEndpoint<S> {
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
    impl<S> ::core::clone::Clone for PartlyEndpoint<S> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S> ::core::fmt::Debug for PartlyEndpoint<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("PartlyEndpoint")
                .field("namespace", &DESCRIPTOR.namespace)
                .field("version", &DESCRIPTOR.version)
                .finish()
        }
    }
    fn fine<S: Partly>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply_cast::<()>(Partly::fine(&*service).await)
            }),
        )
    }
    #[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
    impl PartlyClient {
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
        fn in_process(service: impl Partly) -> Self {
            let endpoint = PartlyEndpoint::new(service);
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
        /// Sends `fine` (since 1.0) to one server; nobody answers.
        fn fine(&self) -> rt::Cast {
            let request = self.core.request(Index::fine as ::core::primitive::usize);
            request.cast()
        }
    }
    #[automatically_derived]
    impl ::core::clone::Clone for PartlyClient {
        fn clone(&self) -> Self {
            Self {
                core: ::core::clone::Clone::clone(&self.core),
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for PartlyClient {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_tuple("PartlyClient").field(&self.core).finish()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<rt::Caller> for PartlyClient {
        fn from(caller: rt::Caller) -> Self {
            Self::new(caller, <rt::Target as ::core::default::Default>::default())
        }
    }
    #[automatically_derived]
    impl ::core::convert::AsRef<rt::Caller> for PartlyClient {
        fn as_ref(&self) -> &rt::Caller {
            self.core.caller()
        }
    }
};
