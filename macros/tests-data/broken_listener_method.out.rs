::core::compile_error! {
    "method `broken` must be `async`"
}
::core::compile_error! {
    "method `has_a_body` must not have a body\nnote: a listener gets what each `#[on]` says, so each implementation has to say what it does with it"
}
/// Implement the methods with `async fn`; give an implementation to a listener as [`EventsEndpoint`].
///
/// ```text
/// impl Events for YourType {
///     fn broken(&self, event: Event<u8>) { .. }
///     async fn has_a_body(&self, event: Event<u8>) { .. }
///     async fn sound(&self, event: Event<u8>) { .. }
/// }
/// ```
trait Events: ::core::marker::Send + ::core::marker::Sync + 'static {
    fn broken(&self, event: Event<u8>);
    #[allow(clippy::manual_async_fn)]
    fn has_a_body(
        &self,
        event: Event<u8>,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send {
        async move {}
    }
    fn sound(
        &self,
        event: Event<u8>,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// Gives notifications to an implementation of [`Events`]. Cheap to clone.
struct EventsEndpoint<S> {
    service: ::oslo_messaging::__private::Arc<S>,
}
#[allow(deprecated, dead_code, non_snake_case, unused_qualifications)]
const _: () = {
    use ::oslo_messaging::__private as rt;
    impl<S: Events> EventsEndpoint<S> {
        const HANDLERS: &'static [rt::On<S>] = &[rt::On::One(sound::<S>)];
        /// Gives notifications to `service`.
        fn new(service: S) -> Self {
            Self::from_arc(rt::Arc::new(service))
        }
        /// Gives notifications to a service that is shared with others.
        fn from_arc(service: rt::Arc<S>) -> Self {
            Self { service }
        }
    }
    #[automatically_derived]
    impl<S: Events> rt::ListenerEndpoint for EventsEndpoint<S> {
        fn name(&self) -> &::core::primitive::str {
            "Events"
        }
        fn methods(&self) -> &[rt::OnDescriptor] {
            static METHODS: &[rt::OnDescriptor] = &[
                rt::OnDescriptor::new(
                    "sound",
                    &[rt::Priority::Info],
                    ::core::option::Option::None,
                    rt::FilterDescriptor::NONE,
                    false,
                ),
            ];
            METHODS
        }
        fn handle(
            &self,
            index: ::core::primitive::usize,
            event: rt::Event,
        ) -> rt::HandlerStarted {
            rt::on_one(Self::HANDLERS, index, &self.service, event)
        }
        fn handle_batch(
            &self,
            index: ::core::primitive::usize,
            events: rt::Vec<rt::Event>,
        ) -> rt::BatchStarted {
            rt::on_batch(Self::HANDLERS, index, &self.service, events)
        }
    }
    #[automatically_derived]
    impl<S> ::core::clone::Clone for EventsEndpoint<S> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S> ::core::fmt::Debug for EventsEndpoint<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("EventsEndpoint").finish_non_exhaustive()
        }
    }
    fn sound<S: Events>(service: rt::Arc<S>, event: rt::Event) -> rt::HandlerStarted {
        rt::start_one::<
            u8,
            _,
            (),
        >(event, |event| async move { Events::sound(&*service, event).await })
    }
};
