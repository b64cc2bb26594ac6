/// Implement the methods with `async fn`; serve an implementation with [`BorrowEndpoint`], call one with [`BorrowClient`].
///
/// ```text
/// impl Borrow for YourType {
///     async fn take(&self, name: &str, ids: &[u32], zone: Option<&str>, kind: &str) { .. }
/// }
/// ```
trait Borrow: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn take(
        &self,
        name: &str,
        ids: &[u32],
        zone: Option<&str>,
        kind: &str,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// Serves an implementation of [`Borrow`]. Cheap to clone.
struct BorrowEndpoint<S> {
    service: ::oslo_messaging::__private::Arc<S>,
}
/// Calls a remote [`Borrow`]. Cheap to clone.
struct BorrowClient {
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
        take,
    }
    static DESCRIPTOR: rt::EndpointDescriptor = rt::EndpointDescriptor::new(
            "Borrow",
            rt::Version::new(1, 0),
            &[
                rt::MethodDescriptor::new(
                        "take",
                        rt::MethodKind::Cast,
                        rt::Version::new(1, 0),
                    )
                    .args(
                        &[
                            rt::ArgDescriptor::new("name", "&str"),
                            rt::ArgDescriptor::new("ids", "&[u32]"),
                            rt::ArgDescriptor::new("zone", "Option<&str>"),
                            rt::ArgDescriptor::new("kind", "&str").has_default(true),
                        ],
                    ),
            ],
        )
        .module(::core::module_path!());
    rt::submit!(DESCRIPTOR);
    fn default_0_3() -> rt::Box<str> {
        ::core::convert::Into::into("web")
    }
    impl<S: Borrow> BorrowEndpoint<S> {
        /// The contract as data.
        const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        const HANDLERS: &'static [rt::Handler<S>] = &[take::<S>];
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
    impl<S: Borrow> rt::Endpoint for BorrowEndpoint<S> {
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
    impl<S> ::core::clone::Clone for BorrowEndpoint<S> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S> ::core::fmt::Debug for BorrowEndpoint<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("BorrowEndpoint")
                .field("namespace", &DESCRIPTOR.namespace)
                .field("version", &DESCRIPTOR.version)
                .finish()
        }
    }
    fn take<S: Borrow>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let name = request.take::<rt::Box<str>>("name")?;
        let ids = request.take::<rt::Box<[u32]>>("ids")?;
        let zone = request.take::<::core::option::Option<rt::Box<str>>>("zone")?;
        let kind = request.take_or::<rt::Box<str>>("kind", default_0_3)?;
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply_cast::<
                    (),
                >(Borrow::take(&*service, &*name, &*ids, zone.as_deref(), &*kind).await)
            }),
        )
    }
    #[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
    impl BorrowClient {
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
        fn in_process(service: impl Borrow) -> Self {
            let endpoint = BorrowEndpoint::new(service);
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
        /// Sends `take` (since 1.0) to one server; nobody answers.
        fn take(
            &self,
            name: &str,
            ids: &[u32],
            zone: Option<&str>,
            kind: &str,
        ) -> rt::Cast {
            let mut request = self.core.request(Index::take as ::core::primitive::usize);
            request.arg::<str>("name", name);
            request.arg::<[u32]>("ids", ids);
            request.arg::<Option<&str>>("zone", &zone);
            request.arg::<str>("kind", kind);
            request.cast()
        }
    }
    #[automatically_derived]
    impl ::core::clone::Clone for BorrowClient {
        fn clone(&self) -> Self {
            Self {
                core: ::core::clone::Clone::clone(&self.core),
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for BorrowClient {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_tuple("BorrowClient").field(&self.core).finish()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<rt::Caller> for BorrowClient {
        fn from(caller: rt::Caller) -> Self {
            Self::new(caller, <rt::Target as ::core::default::Default>::default())
        }
    }
    #[automatically_derived]
    impl ::core::convert::AsRef<rt::Caller> for BorrowClient {
        fn as_ref(&self) -> &rt::Caller {
            self.core.caller()
        }
    }
};
