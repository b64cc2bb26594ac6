/// Implement the methods with `async fn`; serve an implementation with [`CachesEndpoint`], call one with [`CachesClient`].
///
/// ```text
/// impl Caches for YourType {
///     async fn refresh(&self, ctx: &Context) { .. }
/// }
/// ```
pub(crate) trait Caches: ::core::marker::Send + ::core::marker::Sync + 'static {
    /// Drops what is cached.
    fn refresh(
        &self,
        ctx: &Context,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// Serves an implementation of [`Caches`]. Cheap to clone.
pub(crate) struct CachesEndpoint<S> {
    service: ::oslo_messaging::__private::Arc<S>,
}
/// Calls a remote [`Caches`]. Cheap to clone.
pub(crate) struct CachesClient {
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
        refresh,
    }
    static DESCRIPTOR: rt::EndpointDescriptor = rt::EndpointDescriptor::new(
            "Caches",
            rt::Version::new(1, 0),
            &[
                rt::MethodDescriptor::new(
                        "refresh",
                        rt::MethodKind::Cast,
                        rt::Version::new(1, 0),
                    )
                    .aliases(&["refresh_caches"])
                    .fanout(true)
                    .doc("Drops what is cached."),
            ],
        )
        .module(::core::module_path!());
    rt::submit!(DESCRIPTOR);
    impl<S: Caches> CachesEndpoint<S> {
        /// The contract as data.
        pub(crate) const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        const HANDLERS: &'static [rt::Handler<S>] = &[refresh::<S>];
        /// Serves `service`.
        pub(crate) fn new(service: S) -> Self {
            Self::from_arc(rt::Arc::new(service))
        }
        /// Serves a service that is shared with others.
        pub(crate) fn from_arc(service: rt::Arc<S>) -> Self {
            Self { service }
        }
    }
    #[automatically_derived]
    impl<S: Caches> rt::Endpoint for CachesEndpoint<S> {
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
    impl<S> ::core::clone::Clone for CachesEndpoint<S> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S> ::core::fmt::Debug for CachesEndpoint<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("CachesEndpoint")
                .field("namespace", &DESCRIPTOR.namespace)
                .field("version", &DESCRIPTOR.version)
                .finish()
        }
    }
    fn refresh<S: Caches>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply_cast::<()>(Caches::refresh(&*service, request.context()).await)
            }),
        )
    }
    #[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
    impl CachesClient {
        /// The contract as data.
        pub(crate) const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        /// A client that calls through `caller` (a transport converts into one) to `target`.
        pub(crate) fn new(
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
        pub(crate) fn in_process(service: impl Caches) -> Self {
            let endpoint = CachesEndpoint::new(service);
            Self::new(
                rt::in_process(endpoint),
                <rt::Target as ::core::default::Default>::default(),
            )
        }
        /// A client with further options.
        #[must_use]
        pub(crate) fn prepare(
            &self,
            options: impl ::core::ops::FnOnce(rt::CallOptions) -> rt::CallOptions,
        ) -> Self {
            Self {
                core: self.core.prepare(options),
            }
        }
        /// Drops what is cached.
        ///
        /// Sends `refresh` (since 1.0) to every server; nobody answers.
        pub(crate) fn refresh(&self, ctx: &Context) -> rt::Cast {
            let mut request = self
                .core
                .request(Index::refresh as ::core::primitive::usize);
            request.context(ctx);
            request.cast()
        }
    }
    #[automatically_derived]
    impl ::core::clone::Clone for CachesClient {
        fn clone(&self) -> Self {
            Self {
                core: ::core::clone::Clone::clone(&self.core),
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for CachesClient {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_tuple("CachesClient").field(&self.core).finish()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<rt::Caller> for CachesClient {
        fn from(caller: rt::Caller) -> Self {
            Self::new(caller, <rt::Target as ::core::default::Default>::default())
        }
    }
    #[automatically_derived]
    impl ::core::convert::AsRef<rt::Caller> for CachesClient {
        fn as_ref(&self) -> &rt::Caller {
            self.core.caller()
        }
    }
};
