#[cfg(unix)]
/// Implement the methods with `async fn`; give an implementation to a listener as [`Sink`].
///
/// ```text
/// impl Collide for YourType {
#[cfg_attr(
    all(feature = "rt"),
    doc = "     async fn r#match(&self, event: Event<rt::METHODS<S>>) -> S { .. }"
)]
///     async fn METHODS(&self, event: Event<u8>) { .. }
/// }
/// ```
pub(crate) trait Collide: ::core::marker::Send + ::core::marker::Sync + 'static {
    #[cfg(feature = "rt")]
    fn r#match(
        &self,
        event: Event<rt::METHODS<S>>,
    ) -> impl ::core::future::Future<Output = S> + ::core::marker::Send;
    fn METHODS(
        &self,
        event: Event<u8>,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// Gives notifications to an implementation of [`Collide`]. Cheap to clone.
#[cfg(unix)]
pub(crate) struct Sink<S_1> {
    service: messaging::__private::Arc<S_1>,
}
#[cfg(unix)]
#[allow(deprecated, dead_code, non_snake_case, unused_qualifications)]
const _: () = {
    use messaging::__private as rt_1;
    impl<S_1: Collide> Sink<S_1> {
        const HANDLERS: &'static [rt_1::On<S_1>] = &[
            #[cfg(feature = "rt")]
            rt_1::On::One(r#match::<S_1>),
            rt_1::On::One(METHODS_handler::<S_1>),
        ];
        /// Gives notifications to `service`.
        pub(crate) fn new(service: S_1) -> Self {
            Self::from_arc(rt_1::Arc::new(service))
        }
        /// Gives notifications to a service that is shared with others.
        pub(crate) fn from_arc(service: rt_1::Arc<S_1>) -> Self {
            Self { service }
        }
    }
    #[automatically_derived]
    impl<S_1: Collide> rt_1::ListenerEndpoint for Sink<S_1> {
        fn name(&self) -> &::core::primitive::str {
            "Collide"
        }
        fn methods(&self) -> &[rt_1::OnDescriptor] {
            static METHODS_1: &[rt_1::OnDescriptor] = &[
                #[cfg(feature = "rt")]
                rt_1::OnDescriptor::new(
                    "match",
                    &[rt_1::Priority::Info],
                    ::core::option::Option::None,
                    rt_1::FilterDescriptor::NONE,
                    false,
                ),
                rt_1::OnDescriptor::new(
                    "METHODS",
                    &[rt_1::Priority::Info],
                    ::core::option::Option::None,
                    rt_1::FilterDescriptor::NONE,
                    false,
                ),
            ];
            METHODS_1
        }
        fn handle(
            &self,
            index: ::core::primitive::usize,
            event: rt_1::Event,
        ) -> rt_1::HandlerStarted {
            rt_1::on_one(Self::HANDLERS, index, &self.service, event)
        }
        fn handle_batch(
            &self,
            index: ::core::primitive::usize,
            events: rt_1::Vec<rt_1::Event>,
        ) -> rt_1::BatchStarted {
            rt_1::on_batch(Self::HANDLERS, index, &self.service, events)
        }
    }
    #[automatically_derived]
    impl<S_1> ::core::clone::Clone for Sink<S_1> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S_1> ::core::fmt::Debug for Sink<S_1> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("Sink").finish_non_exhaustive()
        }
    }
    #[cfg(feature = "rt")]
    fn r#match<S_1: Collide>(
        service: rt_1::Arc<S_1>,
        event: rt_1::Event,
    ) -> rt_1::HandlerStarted {
        rt_1::start_one::<
            rt::METHODS<S>,
            _,
            S,
        >(event, |event| async move { Collide::r#match(&*service, event).await })
    }
    fn METHODS_handler<S_1: Collide>(
        service: rt_1::Arc<S_1>,
        event: rt_1::Event,
    ) -> rt_1::HandlerStarted {
        rt_1::start_one::<
            u8,
            _,
            (),
        >(event, |event| async move { Collide::METHODS(&*service, event).await })
    }
};
