//! Notifiers as configuration files describe them, from the text to the broker in the process.
#![cfg(all(feature = "memory", feature = "config"))]
// A test that cannot go on stops with a sentence.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use oslo_messaging::config::Config;
use oslo_messaging::drivers::memory::MemoryBroker;
use oslo_messaging::notify::Notifier;
use oslo_messaging::testing::TestDriver;
use oslo_messaging::{Context, FromConfigError, Transport};
use std::path::PathBuf;

/// A file that goes with the test.
struct File(PathBuf);

impl File {
    fn new(text: &str) -> Self {
        let name = format!("oslo-messaging-notify-{}", oslo_messaging::id::MessageId::random());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn load(text: &str) -> Config {
    Config::builder().file(&File::new(text).0).load().unwrap()
}

fn notifier(text: &str) -> Result<Notifier, FromConfigError> {
    Notifier::from_config(&load(text), "compute.h")
}

fn waiting(broker: &str, queue: &str) -> Option<u64> {
    MemoryBroker::named(broker).queue(queue).map(|queue| u64::from(queue.messages))
}

#[tokio::test]
async fn notifications_go_to_their_own_broker_by_every_driver_and_topic() {
    let notifier = notifier(
        "[DEFAULT]\ntransport_url = memory://config-rpc\ncontrol_exchange = nova\n\
         [oslo_messaging_notifications]\ndriver = messagingv2\ndriver = messaging\ndriver = log\n\
         topics = notifications, versioned\ntransport_url = memory://config-events\nretry = 2\n",
    )
    .unwrap();
    assert_eq!(notifier.drivers().collect::<Vec<_>>(), ["messagingv2", "messaging", "log"]);
    notifier.info(&Context::new(), "compute.start", &1).await.unwrap();
    for queue in ["notifications.info", "versioned.info"] {
        assert_eq!(waiting("config-events", queue), Some(2), "{queue}");
        assert_eq!(waiting("config-rpc", queue), None, "{queue}");
    }
}

#[tokio::test]
async fn without_a_url_of_their_own_they_go_to_the_broker_of_rpc() {
    let text = "[DEFAULT]\ntransport_url = memory://config-one\n[oslo_messaging_notifications]\ndriver = messagingv2\n";
    notifier(text).unwrap().warn(&Context::new(), "e", &1).await.unwrap();
    assert_eq!(waiting("config-one", "notifications.warn"), Some(1));
}

#[tokio::test]
async fn a_transport_can_be_shared_and_drivers_added() {
    let config = load("[oslo_messaging_notifications]\ntopics = t\n");
    let transport = Transport::connect("memory://config-shared").unwrap();
    let none = Notifier::builder(&transport).options(config.notification_options()).unwrap().build().unwrap();
    assert!(!none.is_enabled(), "no driver is Python's default");
    let own = TestDriver::new();
    let builder = Notifier::builder(&transport).options(config.notification_options()).unwrap();
    let notifier = builder.driver(own.clone()).build().unwrap();
    notifier.info(&Context::new(), "e", &1).await.unwrap();
    assert_eq!(own.assert_sent("e").topics.iter().map(|topic| &**topic).collect::<Vec<_>>(), ["t"]);
    assert_eq!(waiting("config-shared", "t.info"), None);
}

#[tokio::test]
async fn test_and_noop_need_no_broker() {
    let own = notifier("[oslo_messaging_notifications]\ndriver = test\ndriver = noop\n").unwrap();
    let event_type = "notify_from_config.test";
    own.info(&Context::new(), event_type, &1).await.unwrap();
    let sent = TestDriver::shared().assert_sent(event_type);
    assert_eq!(sent.publisher_id.as_deref(), Some("compute.h"));
    assert!(own.is_enabled());
    assert!(!notifier("[oslo_messaging_notifications]\ndriver = noop\n").unwrap().is_enabled());
}

#[tokio::test]
async fn routing_gives_to_the_drivers_of_the_broker() {
    let rules = File::new("a:\n  messagingv2: {accepted_priorities: [error]}\n  log: {}\n");
    let text = |rules: &str| {
        format!(
            "[DEFAULT]\ntransport_url = memory://config-routing\n\
             [oslo_messaging_notifications]\ndriver = routing\nrouting_config = {rules}\n"
        )
    };
    let notifier = notifier(&text(&rules.0.display().to_string())).unwrap();
    notifier.info(&Context::new(), "e", &1).await.unwrap();
    assert_eq!(waiting("config-routing", "notifications.info"), None);
    notifier.error(&Context::new(), "e", &1).await.unwrap();
    assert_eq!(waiting("config-routing", "notifications.error"), Some(1));

    let error = |rules: &str| self::notifier(&text(rules)).unwrap_err().to_string();
    assert_eq!(error(""), "the notification driver `routing` needs the option `routing_config`");
    assert!(error("/nowhere").starts_with("routing of notifications: /nowhere: cannot be read"));
    let bad = File::new("a: {mesaging: {}}");
    let words = "no driver is called `mesaging`; did you mean `messaging`?";
    assert!(error(&bad.0.display().to_string()).contains(words));
}

#[test]
fn a_driver_that_needs_a_transport_says_so() {
    let config = load("[oslo_messaging_notifications]\ndriver = messaging\n");
    let error = Notifier::without_transport().options(config.notification_options()).unwrap_err();
    assert_eq!(error.to_string(), "the notification driver `messaging` needs a transport");
}
