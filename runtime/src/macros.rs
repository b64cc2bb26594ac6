//! The macros of `oslo-messaging-macros` with their documentation, which lives here because doctests can run here.

/// Turns a trait into an RPC contract.
///
/// The trait that is written is the trait that exists: services implement it with plain `async fn`, nothing is added to
/// its methods. Beside it appear `<Trait>Client`, with the same methods returning pending [`Call`](crate::contract::Call)s
/// and [`Cast`](crate::contract::Cast)s, and `<Trait>Endpoint`, which a server (or a client, in the same process) serves.
///
/// ```
/// use oslo_messaging::{Context, RpcError, cast, endpoint};
///
/// #[derive(Debug, thiserror::Error, RpcError)]
/// #[rpc_error(module = "nova.exception")]
/// pub enum ComputeError {
///     #[error("Instance {id} could not be found.")]
///     InstanceNotFound { id: u32 },
/// }
///
/// #[endpoint(namespace = "compute", version = "5.1", timeout = "60s")]
/// pub trait Compute {
///     /// Name of an instance.
///     async fn name(&self, ctx: &Context, id: u32) -> Result<String, ComputeError>;
///
///     /// Restarts an instance.
///     #[cast(since = "5.1")]
///     async fn reboot(&self, ctx: &Context, id: u32, #[arg(default)] hard: bool);
/// }
///
/// struct Manager;
///
/// impl Compute for Manager {
///     async fn name(&self, _: &Context, id: u32) -> Result<String, ComputeError> {
///         if id == 7 { Ok("web".to_owned()) } else { Err(ComputeError::InstanceNotFound { id }) }
///     }
///     async fn reboot(&self, _: &Context, _: u32, _: bool) {}
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let compute = ComputeClient::in_process(Manager);
/// let ctx = Context::new();
/// assert_eq!(compute.name(&ctx, 7).await.unwrap(), "web");
/// let error = compute.name(&ctx, 8).await.unwrap_err();
/// assert!(matches!(error.as_remote(), Some(ComputeError::InstanceNotFound { id: 8 })));
/// compute.reboot(&ctx, 7, true).await.unwrap();
/// # });
/// ```
///
/// # Options of the trait
///
/// | key | value | default | meaning |
/// |---|---|---|---|
/// | `version` | `"MAJOR.MINOR"` | required | what servers of this contract implement |
/// | `namespace` | string | the null namespace | first part of the address of every method |
/// | `legacy_namespaces` | `["..", none, ..]` | `[]` | also accepted by servers; `none` is the null namespace |
/// | `timeout` | `"500ms"`, `"30s"`, `"10m"`, `"1h"` | the transport's | default for calls |
/// | `rename_all` | `"camelCase"`, .. (serde's words) | as written | wire names of methods |
/// | `unknown_args` | `"deny"`, `"ignore"` | `"deny"` | what a server does with arguments it does not know |
/// | `docs` | `true`, `false` | `true` | whether the descriptor holds the documentation |
/// | `client`, `endpoint` | name | `<Trait>Client`, `<Trait>Endpoint` | generated types |
/// | `crate` | path | `::oslo_messaging` | where this crate is found |
///
/// # Methods
///
/// A method is an `async fn` with `&self`. It is a call that answers with a `Result<T, E>` (`E` implements
/// [`RpcError`](trait@crate::RpcError)), with options in [`#[call]`](macro@crate::call), or one-way, marked
/// [`#[cast]`](macro@crate::cast). `new`, `in_process`, `prepare`, `clone`, `from` and `as_ref` are taken: rename such a
/// method and set `#[call(name = "..")]`.
///
/// The first argument may be the context: `&Context`, or `#[context] ctx: &Own` for a type that implements
/// [`RpcContext`](crate::context::RpcContext). Without it the client sends the context of its
/// [`CallOptions`](crate::contract::CallOptions), or an empty one.
///
/// # Arguments
///
/// Arguments travel by name. They are owned, or `&X` where serde has a `Box<X>` (`&str`, `&[T]`, `&T`), or `Option<&X>`. A
/// missing argument of an `Option` type is `None`. `#[arg(..)]` takes:
///
/// | key | meaning |
/// |---|---|
/// | `rename = ".."` | the name on the wire |
/// | `default`, `default = expr` | what a missing argument is |
/// | `since = "M.N"` | the version that brought it; it must be optional. A client that sets it asks for that version |
/// | `drop` | with `since`: leave it out for older peers instead of failing the call |
/// | `flatten` | the fields of a struct are arguments of their own |
///
/// # Versions
///
/// A call is sent as the lowest version that it needs: `MAJOR.0`, or the `since` of its method, or that of an argument
/// which is set. A new major version is a new trait.
///
/// Corresponds to an oslo.messaging endpoint class with its `target`, and to the `rpcapi.py` that calls it.
pub use oslo_messaging_macros::endpoint;

/// Options of a method that answers, inside a trait marked [`#[endpoint]`](macro@crate::endpoint); optional.
///
/// | key | value | meaning |
/// |---|---|---|
/// | `name` | string | the name on the wire |
/// | `aliases` | `["..", ..]` | other names that servers accept |
/// | `since` | `"MAJOR.MINOR"` | the version that brought the method; `MAJOR.0` by default |
/// | `timeout` | `"10m"` | default timeout of this method |
/// | `call_monitor` | `"60s"` | ask the server for signs of life, and give up when none comes for this long |
///
/// ```
/// use oslo_messaging::{call, endpoint, error::RemoteFailure};
///
/// #[endpoint(version = "1.4")]
/// pub trait Images {
///     #[call(name = "image_create", since = "1.2", timeout = "10m", call_monitor = "60s")]
///     async fn create(&self, name: &str) -> Result<u64, RemoteFailure>;
/// }
///
/// let method = &ImagesClient::DESCRIPTOR.methods[0];
/// assert_eq!((method.wire_name, method.timeout.unwrap().as_secs()), ("image_create", 600));
/// ```
///
/// Corresponds to `RPCClient.call`.
pub use oslo_messaging_macros::call;

/// Marks a one-way method inside a trait marked [`#[endpoint]`](macro@crate::endpoint): the client does not wait for the
/// handler, only for the broker.
///
/// | key | value | meaning |
/// |---|---|---|
/// | `name` | string | the name on the wire |
/// | `aliases` | `["..", ..]` | other names that servers accept |
/// | `since` | `"MAJOR.MINOR"` | the version that brought the method; `MAJOR.0` by default |
/// | `fanout` | | goes to every server instead of one |
///
/// ```
/// use oslo_messaging::{Context, cast, endpoint};
///
/// #[endpoint(version = "1.0")]
/// pub trait Caches {
///     /// Tells every host to drop what it has cached.
///     #[cast(fanout)]
///     async fn refresh(&self, ctx: &Context);
/// }
///
/// assert!(CachesClient::DESCRIPTOR.methods[0].fanout);
/// ```
///
/// Corresponds to `RPCClient.cast`, with `fanout` to `prepare(fanout=True).cast`.
pub use oslo_messaging_macros::cast;

/// Lets an error type cross the wire in both directions: implements the trait [`RpcError`](trait@crate::RpcError).
///
/// The message is what `Display` prints; named fields travel as keyword arguments, tuple fields as positional ones. On
/// receipt, class and module select the variant, `_Remote` suffixes ignored. A failure whose fields do not fit is none of
/// this type: the caller gets it whole, as [`CallError::Undeclared`](crate::error::CallError::Undeclared).
///
/// | where | key | meaning |
/// |---|---|---|
/// | type | `module = ".."` | Python module of the classes; the Rust module by default |
/// | type | `crate = path` | where this crate is found |
/// | variant | `class = ".."` | class on the wire; the variant's name by default |
/// | variant | `module = ".."` | a module of its own |
/// | variant | `also = "module.Class"` or `[..]` | other classes that select it on receipt |
/// | variant | `internal` | hidden: peers see the class and a fixed text, the source chain is logged at error here |
/// | variant | `other` | `Other(RemoteFailure)`, or a `Box` of it, takes every failure that is none of the others and that the peer itself raised |
///
/// A struct is an error with one class, its keys stand on the type.
///
/// ```
/// use oslo_messaging::RpcError;
/// use oslo_messaging::error::{RemoteFailure, RpcError as _};
///
/// #[derive(Debug, thiserror::Error, RpcError)]
/// #[rpc_error(module = "nova.exception")]
/// enum ComputeError {
///     #[error("Quota exceeded for {resource}: {requested} requested")]
///     #[rpc_error(class = "OverQuota", also = "nova.exception_old.QuotaError")]
///     QuotaExceeded { resource: String, requested: u32 },
///
///     #[error(transparent)]
///     #[rpc_error(internal)]
///     Internal(#[from] std::io::Error),
///
///     #[error("{0}")]
///     #[rpc_error(other)]
///     Other(RemoteFailure),
/// }
///
/// let failure = RemoteFailure::new("nova.exception", "Forbidden", "no");
/// assert!(matches!(ComputeError::from_failure(&failure), Some(ComputeError::Other(_))));
/// ```
///
/// Corresponds to an exception class in `allowed_remote_exmods`; declared variants to `ExpectedException`.
pub use oslo_messaging_macros::RpcError;

/// Registers an implementation of a contract, so that `RpcServerBuilder::discover` serves it. Opt-in: an explicit
/// `.endpoint(..)` always works too, and says in one place what a server serves.
///
/// | key | value | meaning |
/// |---|---|---|
/// | `state` | path of a type, `App` or `App::<Db>` | what the service is made from: `Service` implements `From<&State>`; required |
/// | `endpoint` | path | the generated endpoint, where it is not `<Trait>Endpoint` beside the trait |
/// | `crate` | path | where this crate is found |
///
/// ```
/// use oslo_messaging::contract::discover;
/// use oslo_messaging::{RemoteFailure, endpoint, register};
///
/// #[endpoint(version = "1.0")]
/// pub trait Names {
///     async fn name(&self) -> Result<String, RemoteFailure>;
/// }
///
/// struct App { name: String }
/// struct Service { name: String }
///
/// impl From<&App> for Service {
///     fn from(app: &App) -> Self {
///         Self { name: app.name.clone() }
///     }
/// }
///
/// #[register(state = App)]
/// impl Names for Service {
///     async fn name(&self) -> Result<String, RemoteFailure> {
///         Ok(self.name.clone())
///     }
/// }
///
/// let app = App { name: "host-1".to_owned() };
/// assert_eq!(discover(&app).unwrap().len(), 1);
///
/// let error = discover(&()).unwrap_err();
/// assert_eq!((error.misfits[0].contract, error.misfits[0].state), ("Names", "App"));
/// ```
///
/// Registered crates must be linked: one that is only listed in `Cargo.toml` is not, until something refers to it
/// (`use nova_extra as _;`).
pub use oslo_messaging_macros::register;

/// Turns a trait into a listener's endpoint: each method takes the notifications that its [`#[on]`](macro@crate::on) and
/// [`#[filter]`](macro@crate::filter) say, with its payload as a type.
///
/// The trait that is written is the trait that exists: it is implemented with plain `async fn`. Beside it appears
/// `<Trait>Endpoint`, a [`ListenerEndpoint`](crate::notify::ListenerEndpoint) made with `new(service)` or
/// `from_arc(service)`, which a listener is given.
///
/// ```
/// use oslo_messaging::notify::{Event, ListenerEndpoint, NotificationResult, Outcome, Priority};
/// use oslo_messaging::testing::block_on;
/// use oslo_messaging::{Context, listener};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// pub struct Instance { id: u32, state: String }
///
/// #[listener]
/// pub trait ComputeEvents {
///     /// What has become of an instance.
///     #[on(info, event_type = "compute.instance.*")]
///     async fn changed(&self, ctx: &Context, event: Event<Instance>) -> Result<NotificationResult, std::io::Error>;
///
///     /// Failures of any service, as JSON.
///     #[on(error, critical)]
///     async fn failed(&self, event: Event<serde_json::Value>);
///
///     /// Samples, as many at a time as the listener collects.
///     #[on(sample)]
///     async fn measured(&self, events: Vec<Event<f64>>);
/// }
///
/// struct Audit;
///
/// impl ComputeEvents for Audit {
///     async fn changed(&self, _: &Context, event: Event<Instance>) -> Result<NotificationResult, std::io::Error> {
///         let gone = event.payload.state == "deleted";
///         Ok(if gone { NotificationResult::Handled } else { NotificationResult::Requeue })
///     }
///     async fn failed(&self, _: Event<serde_json::Value>) {}
///     async fn measured(&self, _: Vec<Event<f64>>) {}
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint = ComputeEventsEndpoint::new(Audit);
/// assert_eq!(*endpoint.methods()[1].priorities, [Priority::Error, Priority::Critical]);
///
/// // What a listener does with a notification that fits the first method, and with one whose payload does not.
/// let instance = Instance { id: 7, state: "deleted".to_owned() };
/// let event = Event::test(Priority::Info, "compute.instance.delete.end", &instance)?;
/// assert_eq!(block_on(endpoint.handle(0, event)?), Outcome::Handled);
///
/// let event = Event::test(Priority::Info, "compute.instance.delete.end", &["no", "instance"])?;
/// assert!(endpoint.handle(0, event).is_err());
/// # Ok(())
/// # }
/// ```
///
/// # Options of the trait
///
/// | key | value | default | meaning |
/// |---|---|---|---|
/// | `endpoint` | name | `<Trait>Endpoint` | the generated type |
/// | `crate` | path | `::oslo_messaging` | where this crate is found |
///
/// # Methods
///
/// A method is an `async fn` with `&self`, without a body of its own, and takes one of these:
///
/// | arguments | meaning |
/// |---|---|
/// | `event: Event<P>` | one notification, its payload decoded as a `P` |
/// | `ctx: &Context, event: Event<P>` | its context too |
/// | `#[context] ctx: &Own, event: Event<P>` | the context as a type that implements [`RpcContext`](crate::context::RpcContext) |
/// | `event: Event` | the payload as JSON text, a [`RawJson`](crate::json::RawJson) |
/// | `events: Vec<Event<P>>` | several; each has its own `context` |
///
/// `P` is anything that serde reads, such as a struct or `serde_json::Value`. A payload that is no `P`, or a context that
/// is no `Own`, never reaches the method: the listener's policy says what becomes of the notification.
///
/// A method returns nothing, a [`NotificationResult`](crate::notify::NotificationResult), or a `Result` of either with any
/// error. An error is logged with its sources, and the notification is treated as one to requeue.
///
/// Corresponds to an endpoint of an oslo.messaging notification listener: a class whose methods are named after
/// priorities, with its `filter_rule`.
pub use oslo_messaging_macros::listener;

/// Which notifications a method takes, inside a trait marked [`#[listener]`](macro@crate::listener); required there.
///
/// | written | meaning |
/// |---|---|
/// | `audit`, `critical`, `debug`, `error`, `info`, `sample`, `warn` | of this priority; several may stand. `warning` is `warn` |
/// | `any` | of every priority |
/// | `event_type = ".."` | whose whole event type matches this glob: `*`, `?`, `[seq]`, `[!seq]`; any event type without it |
/// | nothing: `#[on]` | of the priority and the event type of the payload type, a [`Notification`](macro@crate::Notification) |
///
/// Where an event type is given and no priority, the method's own name is the priority, as in Python.
///
/// ```
/// use oslo_messaging::notify::{Event, ListenerEndpoint, Priority};
/// use oslo_messaging::{Notification, listener};
///
/// #[derive(serde::Serialize, serde::Deserialize, Notification)]
/// #[notification(event_type = "volume.create.end", priority = "audit")]
/// pub struct VolumeCreated { id: u32 }
///
/// #[listener]
/// pub trait Volumes {
///     #[on]
///     async fn created(&self, event: Event<VolumeCreated>);
///
///     #[on(event_type = "volume.*")]
///     async fn error(&self, event: Event);
///
///     #[on(any, event_type = "volume.*.start")]
///     async fn begun(&self, event: Event);
/// }
///
/// # struct Nobody;
/// # impl Volumes for Nobody {
/// #     async fn created(&self, _: Event<VolumeCreated>) {}
/// #     async fn error(&self, _: Event) {}
/// #     async fn begun(&self, _: Event) {}
/// # }
/// let endpoint = VolumesEndpoint::new(Nobody);
/// let [created, error, begun] = endpoint.methods() else { unreachable!() };
/// assert_eq!(*created.priorities, [Priority::Audit]);
/// assert_eq!(created.event_type.as_deref(), Some("volume.create.end"));
/// assert_eq!(*error.priorities, [Priority::Error]);
/// assert_eq!(*begun.priorities, Priority::ALL);
/// ```
///
/// Corresponds to the name of an endpoint's method in oslo.messaging.
pub use oslo_messaging_macros::on;

/// What a method's notifications must match beside its [`#[on]`](macro@crate::on): Python's regular expressions, each
/// anchored at the start of what it looks at.
///
/// | written | looks at |
/// |---|---|
/// | `event_type = r".."` | the event type |
/// | `publisher_id = r".."` | the publisher id |
/// | `context(name = r"..", ..)` | entries of the context |
/// | `metadata(message_id = r"..", timestamp = r"..")` | the metadata |
/// | `payload(name = r"..", ..)` | members of the payload |
///
/// All have to match. An entry that is missing or no text does not. A name that is no identifier stands in quotes:
/// `payload("os-type" = r"linux")`. The expressions are compiled when the listener is built, which refuses those that it
/// could not match as Python does.
///
/// ```
/// use oslo_messaging::listener;
/// use oslo_messaging::notify::{Event, ListenerEndpoint};
///
/// #[listener]
/// pub trait Failures {
///     #[on(error)]
///     #[filter(publisher_id = r"compute\..*", payload(state = r"active|error"))]
///     async fn failed(&self, event: Event<serde_json::Value>);
/// }
///
/// # struct Nobody;
/// # impl Failures for Nobody {
/// #     async fn failed(&self, _: Event<serde_json::Value>) {}
/// # }
/// let endpoint = FailuresEndpoint::new(Nobody);
/// let filter = &endpoint.methods()[0].filter;
/// assert_eq!(filter.publisher_id.as_deref(), Some(r"compute\..*"));
/// assert_eq!(*filter.payload, [("state", r"active|error")]);
/// ```
///
/// Corresponds to `oslo_messaging.NotificationFilter`.
pub use oslo_messaging_macros::filter;

/// Gives a payload type its event type, priority and version: implements the trait
/// [`Notification`](trait@crate::Notification), and registers the type in the program's
/// [`notifications`](crate::notify::notifications).
///
/// `#[notification(..)]` on the type takes:
///
/// | key | value | default | meaning |
/// |---|---|---|---|
/// | `event_type` | string of at most 255 bytes, no pattern | required | event type that it is sent with, and that a bare [`#[on]`](macro@crate::on) takes |
/// | `priority` | `"audit"`, `"critical"`, `"debug"`, `"error"`, `"info"`, `"sample"`, `"warn"` | `"info"` | priority that it is sent with unless told otherwise |
/// | `version` | `"MAJOR.MINOR"` | `"1.0"` | version of the payload's form, for catalogues and checks |
/// | `crate` | path | `::oslo_messaging` | where this crate is found |
///
/// The type is a struct or an enum without generic parameters, and serde writes it.
///
/// ```
/// use oslo_messaging::Notification;
/// use oslo_messaging::notify::{Priority, notifications};
///
/// /// An instance has been created.
/// #[derive(serde::Serialize, Notification)]
/// #[notification(event_type = "compute.instance.create.end", version = "1.2")]
/// pub struct InstanceCreated {
///     pub id: u32,
/// }
///
/// assert_eq!(InstanceCreated::DESCRIPTOR.priority, Priority::Info);
/// assert_eq!(InstanceCreated::DESCRIPTOR.doc, "An instance has been created.");
/// assert!(notifications().any(|known| known.event_type == "compute.instance.create.end"));
/// ```
///
/// oslo.messaging has no such thing: payloads are dicts there.
pub use oslo_messaging_macros::Notification;
