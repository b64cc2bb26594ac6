//! Credentials of a context never go out with a notification: every body that reaches the broker, every line that is
//! logged and everything that other drivers get is searched for them.
#![cfg(feature = "memory")]
// A test that cannot go on stops with a sentence.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod memory_support;

use memory_support::{Listener, listen, text};
use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::notify::{LogDriver, MessagingDriver, Notifier, Priority, WhenFull};
use oslo_messaging::testing::TestDriver;
use oslo_messaging::transport::Route;
use oslo_messaging::{Context, Transport};
use serde_json::json;
use std::fmt;
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

/// Stands in every secret.
const SECRET: &str = "s3cr3t-m4rk3r";

/// A context as a service of a cloud has it, with credentials where they are known to be and elsewhere.
fn context() -> Context {
    Context::new()
        .with("user_id", "ada")
        .and_then(|context| context.with("request_id", "req-1"))
        .and_then(|context| context.with("roles", &["member"]))
        .and_then(|context| context.with("auth_token", SECRET))
        .and_then(|context| context.with("service_catalog", &json!([{"endpoints": [{"key": SECRET}]}])))
        .and_then(|context| context.with("our_own", &json!({"deep": {"deeper": [null, {"token": SECRET}]}})))
        .and_then(|context| context.with(format!("key-{SECRET}"), "value"))
        .and_then(|context| context.with("user_id2", SECRET))
        .and_then(|context| context.with("Auth_Token", SECRET))
        .unwrap()
        .with_extension(SECRET.to_owned())
}

/// Keeps every line that is logged, whoever logs it.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<String>>);

impl Subscriber for Logged {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut Text(&mut self.0.lock().unwrap()));
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Text(&mut self.0.lock().unwrap()));
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut Text(&mut self.0.lock().unwrap()));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Text<'a>(&'a mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push_str(&format!("{field}={value:?}\n"));
    }
}

/// A listener to each queue of the topic `notifications`, which must be there before what it shall get.
async fn listeners(driver: &MemoryDriver) -> Vec<Listener> {
    let mut listeners = Vec::new();
    for priority in Priority::ALL {
        let route = Route::Notification {
            exchange: "openstack".into(),
            topic: "notifications".into(),
            priority: priority.as_str().into(),
            pool: None,
        };
        listeners.push(listen(driver, &route, 0).await);
    }
    listeners
}

#[tokio::test]
async fn d18_a_token_in_the_context_never_goes_out() {
    let broker = "notify-secrets";
    let driver = MemoryDriver::new(MemoryBroker::named(broker));
    let mut listeners = listeners(&driver).await;
    let transport = Transport::connect(format!("memory://{broker}")).unwrap();
    let kept = TestDriver::new();
    let notifier = Notifier::builder(&transport)
        .driver(MessagingDriver::v2(&transport))
        .driver(MessagingDriver::v1(&transport))
        .driver(LogDriver)
        .driver(kept.clone())
        .build()
        .unwrap();
    let logged = Logged::default();
    let guard = tracing::subscriber::set_default(logged.clone());
    for priority in Priority::ALL {
        notifier.send(priority, &context(), "event.sent", &1).await.unwrap();
    }
    let other = notifier.prepare().publisher_id("other").retry(0);
    other.info(&context(), "event.prepared", &1).await.unwrap();
    let queue = notifier.queued(4, WhenFull::Wait);
    queue.push(Priority::Info, &context(), "event.queued", &1).await.unwrap();
    queue.flush().await;
    kept.fail_next("on purpose");
    let error =
        notifier.error(&context(), "event.failed", &json!({ "auth_token": SECRET })).await.unwrap_err();
    drop(guard);

    let mut bodies = Vec::new();
    for listener in &mut listeners {
        while let Ok(delivery) = listener.deliveries.try_recv() {
            bodies.push((text(&delivery), format!("{:?}", delivery.properties)));
            delivery.ack.ack();
        }
    }
    assert_eq!(bodies.len(), 2 * (Priority::ALL.len() + 3), "both formats of everything");
    for (body, properties) in &bodies {
        assert!(body.contains("_context_user_id") && body.contains("ada"), "{body}");
        // The failed one has the secret in its payload, which is its sender's to decide.
        let secrets = body.matches(SECRET).count();
        assert_eq!(secrets, usize::from(body.contains("event.failed")), "{body}");
        assert!(!properties.contains(SECRET), "{properties}");
    }
    for sent in kept.sent() {
        let entries: Vec<_> = sent.context.entries().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(entries, ["user_id=\"ada\"", "request_id=\"req-1\"", "roles=[\"member\"]"]);
    }
    let logged = logged.0.lock().unwrap();
    assert!(logged.contains("event.queued") && logged.contains("event.failed"), "{logged}");
    assert!(!logged.contains(SECRET), "{logged}");
    let shown = format!("{error} {error:?} {notifier:?} {queue:?} {kept:?} {:?}", kept.sent());
    assert!(!shown.contains(SECRET), "{shown}");
}

#[tokio::test]
async fn d18_only_what_is_named_goes_out_beside_what_is_safe() {
    let kept = TestDriver::new();
    let notifier =
        Notifier::without_transport().driver(kept.clone()).context_field("our_own").build().unwrap();
    notifier.info(&context(), "e", &1).await.unwrap();
    let sent = kept.assert_sent("e");
    let keys: Vec<_> = sent.context.entries().map(|(key, _)| key).collect();
    assert_eq!(keys, ["user_id", "request_id", "roles", "our_own"]);
}
