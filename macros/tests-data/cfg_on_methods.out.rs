#[cfg(unix)]
/// Implement the methods with `async fn`; serve an implementation with [`AdminEndpoint`], call one with [`AdminClient`].
///
/// ```text
/// impl Admin for YourType {
///     async fn stop(&self) { .. }
#[cfg_attr(all(feature = "admin"), doc = "     async fn purge(&self) { .. }")]
/// }
/// ```
pub trait Admin: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn stop(&self) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
    /// Removes everything.
    #[cfg(feature = "admin")]
    fn purge(&self) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// Serves an implementation of [`Admin`]. Cheap to clone.
#[cfg(unix)]
pub struct AdminEndpoint<S> {
    service: ::oslo_messaging::__private::Arc<S>,
}
/// Calls a remote [`Admin`]. Cheap to clone.
#[cfg(unix)]
pub struct AdminClient {
    core: ::oslo_messaging::__private::ClientCore,
}
#[cfg(unix)]
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
        stop,
        #[cfg(feature = "admin")]
        purge,
    }
    static DESCRIPTOR: rt::EndpointDescriptor = rt::EndpointDescriptor::new(
            "Admin",
            rt::Version::new(1, 0),
            &[
                rt::MethodDescriptor::new(
                    "stop",
                    rt::MethodKind::Cast,
                    rt::Version::new(1, 0),
                ),
                #[cfg(feature = "admin")]
                rt::MethodDescriptor::new(
                        "purge",
                        rt::MethodKind::Cast,
                        rt::Version::new(1, 0),
                    )
                    .doc("Removes everything."),
            ],
        )
        .module(::core::module_path!());
    rt::submit!(DESCRIPTOR);
    impl<S: Admin> AdminEndpoint<S> {
        /// The contract as data.
        pub const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        const HANDLERS: &'static [rt::Handler<S>] = &[
            stop::<S>,
            #[cfg(feature = "admin")]
            purge::<S>,
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
    impl<S: Admin> rt::Endpoint for AdminEndpoint<S> {
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
    impl<S> ::core::clone::Clone for AdminEndpoint<S> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S> ::core::fmt::Debug for AdminEndpoint<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("AdminEndpoint")
                .field("namespace", &DESCRIPTOR.namespace)
                .field("version", &DESCRIPTOR.version)
                .finish()
        }
    }
    fn stop<S: Admin>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply_cast::<()>(Admin::stop(&*service).await)
            }),
        )
    }
    #[cfg(feature = "admin")]
    fn purge<S: Admin>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply_cast::<()>(Admin::purge(&*service).await)
            }),
        )
    }
    #[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
    impl AdminClient {
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
        pub fn in_process(service: impl Admin) -> Self {
            let endpoint = AdminEndpoint::new(service);
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
        /// Sends `stop` (since 1.0) to one server; nobody answers.
        pub fn stop(&self) -> rt::Cast {
            let request = self.core.request(Index::stop as ::core::primitive::usize);
            request.cast()
        }
        /// Removes everything.
        ///
        /// Sends `purge` (since 1.0) to one server; nobody answers.
        #[cfg(feature = "admin")]
        pub fn purge(&self) -> rt::Cast {
            let request = self.core.request(Index::purge as ::core::primitive::usize);
            request.cast()
        }
    }
    #[automatically_derived]
    impl ::core::clone::Clone for AdminClient {
        fn clone(&self) -> Self {
            Self {
                core: ::core::clone::Clone::clone(&self.core),
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for AdminClient {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_tuple("AdminClient").field(&self.core).finish()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<rt::Caller> for AdminClient {
        fn from(caller: rt::Caller) -> Self {
            Self::new(caller, <rt::Target as ::core::default::Default>::default())
        }
    }
    #[automatically_derived]
    impl ::core::convert::AsRef<rt::Caller> for AdminClient {
        fn as_ref(&self) -> &rt::Caller {
            self.core.caller()
        }
    }
};
