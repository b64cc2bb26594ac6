/// Implement the methods with `async fn`; serve an implementation with [`ListsEndpoint`], call one with [`ListsClient`].
///
/// ```text
/// impl Lists for YourType {
///     async fn list(&self, ctx: &Context, query: ListQuery) -> Result<Vec<String>, Infallible> { .. }
///     async fn tag(&self, tags: HashMap<String, String>, id: u32) -> Result<(), Infallible> { .. }
/// }
/// ```
trait Lists: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn list(
        &self,
        ctx: &Context,
        query: ListQuery,
    ) -> impl ::core::future::Future<
        Output = Result<Vec<String>, Infallible>,
    > + ::core::marker::Send;
    fn tag(
        &self,
        tags: HashMap<String, String>,
        id: u32,
    ) -> impl ::core::future::Future<
        Output = Result<(), Infallible>,
    > + ::core::marker::Send;
}
/// Serves an implementation of [`Lists`]. Cheap to clone.
struct ListsEndpoint<S> {
    service: ::oslo_messaging::__private::Arc<S>,
}
/// Calls a remote [`Lists`]. Cheap to clone.
struct ListsClient {
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
        list,
        tag,
    }
    static DESCRIPTOR: rt::EndpointDescriptor = rt::EndpointDescriptor::new(
            "Lists",
            rt::Version::new(1, 0),
            &[
                rt::MethodDescriptor::new(
                        "list",
                        rt::MethodKind::Call,
                        rt::Version::new(1, 0),
                    )
                    .args(&[rt::ArgDescriptor::new("query", "ListQuery").flatten(true)])
                    .returns("Result<Vec<String>, Infallible>"),
                rt::MethodDescriptor::new(
                        "tag",
                        rt::MethodKind::Call,
                        rt::Version::new(1, 0),
                    )
                    .args(
                        &[
                            rt::ArgDescriptor::new("tags", "HashMap<String, String>")
                                .flatten(true),
                            rt::ArgDescriptor::new("id", "u32"),
                        ],
                    )
                    .returns("Result<(), Infallible>"),
            ],
        )
        .module(::core::module_path!())
        .ignore_unknown_args(true);
    rt::submit!(DESCRIPTOR);
    impl<S: Lists> ListsEndpoint<S> {
        /// The contract as data.
        const DESCRIPTOR: &'static rt::EndpointDescriptor = &DESCRIPTOR;
        const HANDLERS: &'static [rt::Handler<S>] = &[list::<S>, tag::<S>];
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
    impl<S: Lists> rt::Endpoint for ListsEndpoint<S> {
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
    impl<S> ::core::clone::Clone for ListsEndpoint<S> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S> ::core::fmt::Debug for ListsEndpoint<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("ListsEndpoint")
                .field("namespace", &DESCRIPTOR.namespace)
                .field("version", &DESCRIPTOR.version)
                .finish()
        }
    }
    fn list<S: Lists>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let query = request.take_flat::<ListQuery>()?;
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply::<
                    Result<Vec<String>, Infallible>,
                >(Lists::list(&*service, request.context(), query).await)
            }),
        )
    }
    fn tag<S: Lists>(service: rt::Arc<S>, mut request: rt::Request) -> rt::Started {
        let id = request.take::<u32>("id")?;
        let tags = request.take_flat::<HashMap<String, String>>()?;
        request.finish()?;
        ::core::result::Result::Ok(
            rt::Box::pin(async move {
                rt::reply::<
                    Result<(), Infallible>,
                >(Lists::tag(&*service, tags, id).await)
            }),
        )
    }
    #[allow(clippy::needless_pass_by_value, clippy::too_many_arguments)]
    impl ListsClient {
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
        fn in_process(service: impl Lists) -> Self {
            let endpoint = ListsEndpoint::new(service);
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
        /// Sends `list` (since 1.0) and waits for the answer.
        fn list(
            &self,
            ctx: &Context,
            query: ListQuery,
        ) -> rt::Call<Result<Vec<String>, Infallible>> {
            let mut request = self.core.request(Index::list as ::core::primitive::usize);
            request.context(ctx);
            request.arg_flat::<ListQuery>(&query);
            request.call::<Result<Vec<String>, Infallible>>()
        }
        /// Sends `tag` (since 1.0) and waits for the answer.
        fn tag(
            &self,
            tags: HashMap<String, String>,
            id: u32,
        ) -> rt::Call<Result<(), Infallible>> {
            let mut request = self.core.request(Index::tag as ::core::primitive::usize);
            request.arg_flat::<HashMap<String, String>>(&tags);
            request.arg::<u32>("id", &id);
            request.call::<Result<(), Infallible>>()
        }
    }
    #[automatically_derived]
    impl ::core::clone::Clone for ListsClient {
        fn clone(&self) -> Self {
            Self {
                core: ::core::clone::Clone::clone(&self.core),
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for ListsClient {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_tuple("ListsClient").field(&self.core).finish()
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<rt::Caller> for ListsClient {
        fn from(caller: rt::Caller) -> Self {
            Self::new(caller, <rt::Target as ::core::default::Default>::default())
        }
    }
    #[automatically_derived]
    impl ::core::convert::AsRef<rt::Caller> for ListsClient {
        fn as_ref(&self) -> &rt::Caller {
            self.core.caller()
        }
    }
};
