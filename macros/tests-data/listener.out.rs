/// What computes tell.
///
/// Implement the methods with `async fn`; give an implementation to a listener as [`ComputeEventsEndpoint`].
///
/// ```text
/// impl ComputeEvents for YourType {
///     async fn changed(&self, ctx: &Context, event: Event<InstancePayload>) -> Result<NotificationResult, Failure> { .. }
///     async fn failed(&self, event: Event<serde_json::Value>) { .. }
///     async fn created(&self, ctx: &NovaContext, event: Event<InstanceCreated>) { .. }
///     async fn many(&self, events: Vec<Event<Payload>>) { .. }
///     async fn warning(&self, event: oslo_messaging::notify::Event) { .. }
/// }
/// ```
pub trait ComputeEvents: ::core::marker::Send + ::core::marker::Sync + 'static {
    /// What has become of an instance.
    fn changed(
        &self,
        ctx: &Context,
        event: Event<InstancePayload>,
    ) -> impl ::core::future::Future<
        Output = Result<NotificationResult, Failure>,
    > + ::core::marker::Send;
    fn failed(
        &self,
        event: Event<serde_json::Value>,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
    fn created(
        &self,
        ctx: &NovaContext,
        event: Event<InstanceCreated>,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
    fn many(
        &self,
        events: Vec<Event<Payload>>,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
    fn warning(
        &self,
        event: oslo_messaging::notify::Event,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
/// Gives notifications to an implementation of [`ComputeEvents`]. Cheap to clone.
pub struct ComputeEventsEndpoint<S> {
    service: ::oslo_messaging::__private::Arc<S>,
}
#[allow(deprecated, dead_code, non_snake_case, unused_qualifications)]
const _: () = {
    use ::oslo_messaging::__private as rt;
    impl<S: ComputeEvents> ComputeEventsEndpoint<S> {
        const HANDLERS: &'static [rt::On<S>] = &[
            rt::On::One(changed::<S>),
            rt::On::One(failed::<S>),
            rt::On::One(created::<S>),
            rt::On::Batch(many::<S>),
            rt::On::One(warning::<S>),
        ];
        /// Gives notifications to `service`.
        pub fn new(service: S) -> Self {
            Self::from_arc(rt::Arc::new(service))
        }
        /// Gives notifications to a service that is shared with others.
        pub fn from_arc(service: rt::Arc<S>) -> Self {
            Self { service }
        }
    }
    #[automatically_derived]
    impl<S: ComputeEvents> rt::ListenerEndpoint for ComputeEventsEndpoint<S> {
        fn name(&self) -> &::core::primitive::str {
            "ComputeEvents"
        }
        fn methods(&self) -> &[rt::OnDescriptor] {
            static METHODS: &[rt::OnDescriptor] = &[
                rt::OnDescriptor::new(
                    "changed",
                    &[rt::Priority::Info],
                    ::core::option::Option::Some("compute.instance.*"),
                    rt::FilterDescriptor::NONE,
                    false,
                ),
                rt::OnDescriptor::new(
                    "failed",
                    &[rt::Priority::Error, rt::Priority::Critical],
                    ::core::option::Option::None,
                    rt::FilterDescriptor::new(
                        ::core::option::Option::Some("compute"),
                        ::core::option::Option::Some("compute\\..*"),
                        &[("project_id", "^p")],
                        &[("timestamp", "2026")],
                        &[("state", "active|error"), ("os-type", "linux")],
                    ),
                    false,
                ),
                rt::OnDescriptor::new(
                    "created",
                    const {
                        &[<InstanceCreated as rt::Notification>::DESCRIPTOR.priority]
                    },
                    ::core::option::Option::Some(
                        <InstanceCreated as rt::Notification>::DESCRIPTOR.event_type,
                    ),
                    rt::FilterDescriptor::NONE,
                    false,
                ),
                rt::OnDescriptor::new(
                    "many",
                    &rt::Priority::ALL,
                    ::core::option::Option::None,
                    rt::FilterDescriptor::NONE,
                    true,
                ),
                rt::OnDescriptor::new(
                    "warning",
                    &[rt::Priority::Warn],
                    ::core::option::Option::Some("volume.*"),
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
    impl<S> ::core::clone::Clone for ComputeEventsEndpoint<S> {
        fn clone(&self) -> Self {
            Self {
                service: ::core::clone::Clone::clone(&self.service),
            }
        }
    }
    #[automatically_derived]
    impl<S> ::core::fmt::Debug for ComputeEventsEndpoint<S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.debug_struct("ComputeEventsEndpoint").finish_non_exhaustive()
        }
    }
    fn changed<S: ComputeEvents>(
        service: rt::Arc<S>,
        event: rt::Event,
    ) -> rt::HandlerStarted {
        rt::start_one::<
            InstancePayload,
            _,
            Result<NotificationResult, Failure>,
        >(
            event,
            |event| async move {
                let context = ::core::clone::Clone::clone(&event.context);
                ComputeEvents::changed(&*service, &context, event).await
            },
        )
    }
    fn failed<S: ComputeEvents>(
        service: rt::Arc<S>,
        event: rt::Event,
    ) -> rt::HandlerStarted {
        rt::start_one::<
            serde_json::Value,
            _,
            (),
        >(event, |event| async move { ComputeEvents::failed(&*service, event).await })
    }
    fn created<S: ComputeEvents>(
        service: rt::Arc<S>,
        event: rt::Event,
    ) -> rt::HandlerStarted {
        let context = rt::own_context::<NovaContext>(&event)?;
        rt::start_one::<
            InstanceCreated,
            _,
            (),
        >(
            event,
            |event| async move {
                ComputeEvents::created(&*service, &context, event).await
            },
        )
    }
    fn many<S: ComputeEvents>(
        service: rt::Arc<S>,
        events: rt::Vec<rt::Event>,
    ) -> rt::BatchStarted {
        rt::start_batch::<
            Payload,
            _,
            (),
        >(events, |events| async move { ComputeEvents::many(&*service, events).await })
    }
    fn warning<S: ComputeEvents>(
        service: rt::Arc<S>,
        event: rt::Event,
    ) -> rt::HandlerStarted {
        rt::start_one::<
            rt::RawJson,
            _,
            (),
        >(event, |event| async move { ComputeEvents::warning(&*service, event).await })
    }
};
