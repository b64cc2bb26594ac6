#[automatically_derived]
#[allow(deprecated)]
impl ::oslo_messaging::__private::Notification for InstanceCreated {
    const DESCRIPTOR: ::oslo_messaging::__private::NotificationDescriptor = ::oslo_messaging::__private::NotificationDescriptor::new(
        "InstanceCreated",
        "compute.instance.create.end",
        ::oslo_messaging::__private::Priority::Audit,
        ::oslo_messaging::__private::Version::new(1, 2),
        "An instance has been created.",
        ::core::module_path!(),
    );
}
const _: () = {
    static DESCRIPTOR: ::oslo_messaging::__private::NotificationDescriptor = <InstanceCreated as ::oslo_messaging::__private::Notification>::DESCRIPTOR;
    ::oslo_messaging::__private::submit_notification!(DESCRIPTOR);
};
