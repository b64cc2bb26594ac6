const _: () = {
    use ::oslo_messaging::__private as rt;
    const DESCRIPTOR: rt::NotificationDescriptor = rt::NotificationDescriptor::new(
        "InstanceCreated",
        "compute.instance.create.end",
        rt::Priority::Audit,
        rt::Version::new(1, 2),
        "An instance has been created.",
        ::core::module_path!(),
    );
    #[automatically_derived]
    #[allow(deprecated)]
    #[automatically_derived]
    impl rt::Notification for InstanceCreated {
        const DESCRIPTOR: rt::NotificationDescriptor = DESCRIPTOR;
    }
    rt::submit_notification!(DESCRIPTOR);
};
