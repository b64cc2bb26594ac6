//! What the output of `#[listener]` and `#[derive(Notification)]` does, without a transport: descriptors, decoding, what does
//! not fit, contexts, batches, and what handlers return.

#![forbid(unsafe_code)]
// The service under test and its helpers fail by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use oslo_messaging::context::{ContextError, RpcContext};
use oslo_messaging::notify::{Event, ListenerEndpoint, NotificationResult, Outcome, Priority, notifications};
use oslo_messaging::testing::block_on;
use oslo_messaging::{Context, Notification, Version, listener};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt;
use std::sync::{Arc, Mutex};

/// An instance has been created.
///
/// On whatever host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Notification)]
#[notification(event_type = "compute.instance.create.end", priority = "audit", version = "2.3")]
struct InstanceCreated {
    id: u32,
    name: String,
}

/// A payload of several forms.
#[derive(Debug, Serialize, Deserialize, Notification)]
#[notification(event_type = "volume.usage")]
#[serde(untagged)]
enum Usage {
    Bytes(u64),
    Text(String),
}

#[derive(Debug)]
struct Broken(std::num::ParseIntError);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot note it")
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

type Noted = Result<NotificationResult, Broken>;

struct Project(String);

impl RpcContext for Project {
    fn to_context(&self) -> Result<Context, ContextError> {
        Context::new().with("project_id", &self.0)
    }

    fn from_context(context: &Context) -> Result<Self, String> {
        match context.get::<String>("project_id") {
            Some(Ok(project)) => Ok(Self(project)),
            _ => Err("project_id is missing".to_owned()),
        }
    }
}

#[listener]
trait Events {
    #[on(info, warn, event_type = "compute.instance.*")]
    async fn changed(&self, ctx: &Context, event: Event<InstanceCreated>) -> Noted;

    #[on(any)]
    #[filter(
        event_type = r"compute\.",
        publisher_id = r"compute\..*",
        context(project_id = r"^p", r#type = "x"),
        metadata(timestamp = r"2026-"),
        payload(state = r"active|error", "os-type" = r"linux")
    )]
    async fn raw(&self, event: Event);

    #[on]
    async fn created(&self, #[context] project: &Project, event: Event<InstanceCreated>);

    #[on]
    async fn usages(&self, events: Vec<Event<Usage>>) -> NotificationResult;

    #[on(event_type = "volume.*")]
    async fn warning(&self, _: Event<serde_json::Value>) -> Result<(), &'static str>;

    #[oslo_messaging::on(sample)]
    async fn r#match(&self, events: Vec<Event<u32>>) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

#[derive(Default)]
struct Journal {
    lines: Mutex<Vec<String>>,
}

impl Journal {
    fn note(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

impl Events for Journal {
    async fn changed(&self, ctx: &Context, event: Event<InstanceCreated>) -> Noted {
        self.note(format!("{} {} by {}", event.payload.id, event.payload.name, ctx.user_id()));
        match event.payload.id {
            0 => Err(Broken("x".parse::<u8>().unwrap_err())),
            1 => Ok(NotificationResult::Requeue),
            _ => Ok(NotificationResult::Handled),
        }
    }

    async fn raw(&self, event: Event) {
        self.note(event.payload.to_string());
    }

    async fn created(&self, project: &Project, event: Event<InstanceCreated>) {
        self.note(format!("{} in {}", event.payload.name, project.0));
    }

    async fn usages(&self, events: Vec<Event<Usage>>) -> NotificationResult {
        self.note(format!("{:?}", events.iter().map(|event| &event.payload).collect::<Vec<_>>()));
        NotificationResult::Requeue
    }

    async fn warning(&self, event: Event<serde_json::Value>) -> Result<(), &'static str> {
        self.note(event.payload.to_string());
        Err("out of paper")
    }

    async fn r#match(&self, events: Vec<Event<u32>>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.note(events.iter().map(|event| event.payload).sum::<u32>().to_string());
        Ok(())
    }
}

const CHANGED: usize = 0;
const RAW: usize = 1;
const CREATED: usize = 2;
const USAGES: usize = 3;
const WARNING: usize = 4;
const MATCH: usize = 5;

fn endpoint() -> (EventsEndpoint<Journal>, Arc<Journal>) {
    let journal = Arc::new(Journal::default());
    (EventsEndpoint::from_arc(Arc::clone(&journal)), journal)
}

fn event(payload: serde_json::Value) -> Event {
    let mut event = Event::test(Priority::Info, "compute.instance.create.end", &payload).unwrap();
    event.context = Context::new().with("user_id", "ada").unwrap();
    event
}

#[test]
fn methods_are_described_in_their_order() {
    let endpoint = EventsEndpoint::new(Journal::default());
    assert_eq!(endpoint.name(), "Events");
    let methods = endpoint.methods();
    let names: Vec<&str> = methods.iter().map(|method| &*method.name).collect();
    assert_eq!(names, ["changed", "raw", "created", "usages", "warning", "match"]);
    let batches: Vec<bool> = methods.iter().map(|method| method.batch).collect();
    assert_eq!(batches, [false, false, false, true, false, true]);

    assert_eq!(*methods[CHANGED].priorities, [Priority::Info, Priority::Warn]);
    assert_eq!(methods[CHANGED].event_type.as_deref(), Some("compute.instance.*"));
    assert!(methods[CHANGED].filter.is_none());
    assert_eq!(*methods[RAW].priorities, Priority::ALL);
    assert_eq!(methods[RAW].event_type, None);
    assert_eq!(*methods[MATCH].priorities, [Priority::Sample]);
}

#[test]
fn filters_are_described_as_written() {
    let endpoint = EventsEndpoint::new(Journal::default());
    let filter = &endpoint.methods()[RAW].filter;
    assert_eq!(filter.event_type.as_deref(), Some(r"compute\."));
    assert_eq!(filter.publisher_id.as_deref(), Some(r"compute\..*"));
    assert_eq!(*filter.context, [("project_id", "^p"), ("type", "x")]);
    assert_eq!(*filter.metadata, [("timestamp", "2026-")]);
    assert_eq!(*filter.payload, [("state", "active|error"), ("os-type", "linux")]);
}

#[test]
fn a_bare_on_takes_what_the_payload_type_says() {
    let endpoint = EventsEndpoint::new(Journal::default());
    let methods = endpoint.methods();
    assert_eq!(*methods[CREATED].priorities, [Priority::Audit]);
    assert_eq!(methods[CREATED].event_type.as_deref(), Some("compute.instance.create.end"));
    assert_eq!(*methods[USAGES].priorities, [Priority::Info]);
    assert_eq!(methods[USAGES].event_type.as_deref(), Some("volume.usage"));
}

#[test]
fn a_method_named_after_a_priority_takes_that_one() {
    let endpoint = EventsEndpoint::new(Journal::default());
    assert_eq!(*endpoint.methods()[WARNING].priorities, [Priority::Warn]);
}

#[test]
fn payloads_are_decoded_and_contexts_lent() {
    let (endpoint, journal) = endpoint();
    let work = endpoint.handle(CHANGED, event(json!({"id": 7, "name": "web"}))).unwrap();
    assert!(journal.take().is_empty(), "the handler runs when its future does");
    assert_eq!(block_on(work), Outcome::Handled);
    assert_eq!(journal.take(), ["7 web by ada"]);
}

#[test]
fn an_untyped_payload_is_the_text_that_came() {
    let (endpoint, journal) = endpoint();
    let mut event = event(json!(null));
    event.payload = r#"{"nan":  NaN}"#.parse().unwrap();
    assert_eq!(block_on(endpoint.handle(RAW, event).unwrap()), Outcome::Handled);
    assert_eq!(journal.take(), [r#"{"nan":  NaN}"#]);
}

#[test]
fn a_payload_that_does_not_fit_never_reaches_its_method() {
    let (endpoint, journal) = endpoint();
    let Err(unfit) = endpoint.handle(CHANGED, event(json!({"id": "secret", "name": "web"}))) else {
        panic!("a text is no u32");
    };
    assert!(unfit.to_string().starts_with("the notification does not fit its handler: "), "{unfit}");
    assert_eq!(unfit.cause, "invalid type: string, expected u32 at line 1 column 14");
    assert!(journal.take().is_empty());
}

#[test]
fn an_own_context_is_made_or_the_notification_does_not_fit() {
    let (endpoint, journal) = endpoint();
    let mut fitting = event(json!({"id": 7, "name": "web"}));
    let Err(unfit) = endpoint.handle(CREATED, fitting.clone()) else { panic!("there is no project") };
    assert_eq!(unfit.cause, "context: project_id is missing");
    fitting.context = Project("p1".to_owned()).to_context().unwrap();
    assert_eq!(block_on(endpoint.handle(CREATED, fitting).unwrap()), Outcome::Handled);
    assert_eq!(journal.take(), ["web in p1"]);
}

#[test]
fn handlers_return_what_becomes_of_the_notification() {
    let (endpoint, _) = endpoint();
    let ended = |id: u32| block_on(endpoint.handle(CHANGED, event(json!({"id": id, "name": "w"}))).unwrap());
    assert_eq!(ended(2), Outcome::Handled);
    assert_eq!(ended(1), Outcome::Requeue);
    assert_eq!(ended(0), Outcome::Failed("cannot note it: invalid digit found in string".to_owned()));
    let warned = block_on(endpoint.handle(WARNING, event(json!([1]))).unwrap());
    assert_eq!(warned, Outcome::Failed("out of paper".to_owned()));
}

#[test]
fn a_batch_goes_on_without_those_that_do_not_fit() {
    let (endpoint, journal) = endpoint();
    let events = [json!(1), json!({}), json!("two"), json!([])].map(event).to_vec();
    let started = endpoint.handle_batch(USAGES, events);
    let unfit: Vec<usize> = started.unfit.iter().map(|(at, _)| *at).collect();
    assert_eq!(unfit, [1, 3]);
    assert_eq!(block_on(started.work.unwrap()), Outcome::Requeue);
    assert_eq!(journal.take(), [r#"[Bytes(1), Text("two")]"#]);

    let started = endpoint.handle_batch(MATCH, vec![event(json!(1)), event(json!(2))]);
    assert!(started.unfit.is_empty());
    assert_eq!(block_on(started.work.unwrap()), Outcome::Handled);
    assert_eq!(journal.take(), ["3"]);
}

#[test]
fn a_batch_of_which_nothing_fits_has_no_work() {
    let (endpoint, journal) = endpoint();
    let started = endpoint.handle_batch(MATCH, vec![event(json!("x")), event(json!(-1))]);
    assert!(started.work.is_none());
    assert_eq!(started.unfit.len(), 2);
    assert!(journal.take().is_empty());
}

#[test]
fn methods_are_not_mistaken_for_each_other() {
    let (endpoint, journal) = endpoint();
    assert!(endpoint.handle(MATCH, event(json!(1))).is_err());
    assert!(endpoint.handle(6, event(json!(1))).is_err());
    let started = endpoint.handle_batch(RAW, vec![event(json!(1)), event(json!(2))]);
    assert!(started.work.is_none());
    assert_eq!(started.unfit.len(), 2);
    assert!(journal.take().is_empty());
}

#[test]
fn endpoints_are_cloned_with_their_service_and_show_their_name_only() {
    let (endpoint, journal) = endpoint();
    let work = endpoint.clone().handle(RAW, event(json!(1))).unwrap();
    assert_eq!(block_on(work), Outcome::Handled);
    assert_eq!(journal.take(), ["1"]);
    assert_eq!(format!("{endpoint:?}"), "EventsEndpoint { .. }");
}

#[test]
fn payload_types_describe_themselves_and_are_registered() {
    let descriptor = InstanceCreated::DESCRIPTOR;
    assert_eq!(descriptor.name, "InstanceCreated");
    assert_eq!(descriptor.event_type, "compute.instance.create.end");
    assert_eq!((descriptor.priority, descriptor.version), (Priority::Audit, Version::new(2, 3)));
    assert_eq!(descriptor.doc, "An instance has been created.\n\nOn whatever host.");
    assert_eq!(descriptor.module, module_path!());
    assert_eq!((Usage::DESCRIPTOR.priority, Usage::DESCRIPTOR.version), (Priority::Info, Version::new(1, 0)));

    let mut registered: Vec<&str> = notifications().map(|known| known.name).collect();
    registered.sort_unstable();
    assert_eq!(registered, ["InstanceCreated", "Usage"]);
}
