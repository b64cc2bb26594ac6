/// Implement the methods with `async fn`; serve an implementation with [`NewerEndpoint`], call one with [`NewerClient`].
///
/// ```text
/// impl Newer for YourType {
///     async fn update(&self, zone: Option<String>, reason: Option<String>, count: u32) { .. }
/// }
/// ```
trait Newer: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn update(
        &self,
        zone: Option<String>,
        reason: Option<String>,
        count: u32,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// Serves an implementation of [`Newer`]. Cheap to clone.
struct NewerEndpoint<S> {
    service: ::oslo_messaging::__private::Arc<S>,
}
/// Calls a remote [`Newer`]. Cheap to clone.
struct NewerClient {
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
        update,
    }
    static DESCRIPTOR: rt::EndpointDescriptor = rt::EndpointDescriptor::new(
            "Newer",
            rt::Version::new(2, 4),
            &[
                rt::MethodDescriptor::new(
                        "update",
                        rt::MethodKind::Cast,
                        rt::Version::new(2, 1),
                    )
                    .args(
                        &[
                            rt::ArgDescriptor::new("zone", "Option<String>")
                                .since(rt::Version::new(2, 2)),
                            rt::ArgDescriptor::new("reason", "Option<String>")
                                .since(rt::Version::new(2, 3)),
                            rt::ArgDescriptor::new("count", "u32")
                                .since(rt::Version::new(2, 4))
                                .has_default(true),
                        ],
                    ),
            ],
        )
        .module(::core::module_path!());
    rt::submit!(DESCRIPTOR);
    fn default_0_2() -> u32 {
        1 + 2
    }
    impl<S: Newer> NewerEndpoint<S> {
        /// The contract as data.
        const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        const HANDLERS: &'static [rt::Handler<S>] = &[update::<S>];
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
    impl<S: Newer> rt::Endpoint for NewerEndpoint<S> {
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
    impl<S> ::core::clone::Clone for NewerEndpoint<S> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S> ::core::fmt::Debug for NewerEndpoint<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("NewerEndpoint")
                .field("namespace", &DESCRIPTOR.namespace)
                .field("version", &DESCRIPTOR.version)
                .finish()
        }
    }
    fn update<S: Newer>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let zone = request.take::<Option<String>>("zone")?;
        let reason = request.take::<Option<String>>("reason")?;
        let count = request.take_or::<u32>("count", default_0_2)?;
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply_cast::<()>(Newer::update(&*service, zone, reason, count).await)
            }),
        )
    }
    #[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
    impl NewerClient {
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
        fn in_process(service: impl Newer) -> Self {
            let endpoint = NewerEndpoint::new(service);
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
        /// Sends `update` (since 2.1) to one server; nobody answers.
        fn update(
            &self,
            zone: Option<String>,
            reason: Option<String>,
            count: u32,
        ) -> rt::Cast {
            let mut request = self
                .core
                .request(Index::update as ::core::primitive::usize);
            request
                .arg_since::<
                    Option<String>,
                >("zone", &zone, rt::Version::new(2, 2), false);
            request
                .arg_since::<
                    Option<String>,
                >("reason", &reason, rt::Version::new(2, 3), true);
            request
                .arg_since_or::<
                    u32,
                    u32,
                >("count", &count, rt::Version::new(2, 4), false, &default_0_2());
            request.cast()
        }
    }
    #[automatically_derived]
    impl ::core::clone::Clone for NewerClient {
        fn clone(&self) -> Self {
            Self {
                core: ::core::clone::Clone::clone(&self.core),
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for NewerClient {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_tuple("NewerClient").field(&self.core).finish()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<rt::Caller> for NewerClient {
        fn from(caller: rt::Caller) -> Self {
            Self::new(caller, <rt::Target as ::core::default::Default>::default())
        }
    }
    #[automatically_derived]
    impl ::core::convert::AsRef<rt::Caller> for NewerClient {
        fn as_ref(&self) -> &rt::Caller {
            self.core.caller()
        }
    }
};
