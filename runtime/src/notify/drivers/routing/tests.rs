//! Rules in; drivers, or an error with its place, out.

use super::*;
use crate::context::Context;
use crate::notify::{LogDriver, NoopDriver, Notifier};
use crate::testing::TestDriver;

fn drivers() -> [(&'static str, Arc<dyn NotifyDriver>); 3] {
    [("log", Arc::new(LogDriver)), ("noop", Arc::new(NoopDriver)), ("test", Arc::new(TestDriver::new()))]
}

fn refusal(text: &str) -> String {
    RoutingDriver::from_yaml(text, drivers()).expect_err(text).to_string()
}

#[test]
fn rules_of_a_driver_are_anded_and_groups_are_ored() {
    let routing = RoutingDriver::from_yaml(
        "a:\n  log: {accepted_events: [compute.*, volume.?], accepted_priorities: [ERROR, cri*]}\n\
         b:\n  log: {accepted_events: [image.*]}\n  noop: {}\n  test: {accepted_events: []}\n",
        drivers(),
    )
    .unwrap();
    for (event_type, priority, expected) in [
        ("compute.start", Priority::Error, vec!["log", "noop"]),
        ("volume.x", Priority::Critical, vec!["log", "noop"]),
        ("compute.start", Priority::Info, vec!["noop"]),
        ("volume.xy", Priority::Error, vec!["noop"]),
        ("image.upload", Priority::Debug, vec!["log", "noop"]),
        ("Compute.start", Priority::Error, vec!["noop"]),
    ] {
        assert_eq!(routing.explain(event_type, priority), expected, "{event_type} {priority}");
    }
    assert!(RoutingDriver::from_yaml("", drivers()).unwrap().explain("e", Priority::Info).is_empty());
}

#[test]
fn what_is_wrong_is_named_with_line_group_and_driver() {
    for (text, words) in [
        ("- a", "line 1: the rules are a mapping of groups, but there is a list"),
        ("a: x", "line 1: group `a`: a group is a mapping of drivers, but there is a text"),
        ("a:\n  log:\n", "line 2: group `a`, driver `log`: a driver's rules are a mapping, `{}` for one"),
        ("a:\n  log: [x]\n", "line 2: group `a`, driver `log`: a driver's rules are a mapping"),
        (
            "a:\n  log:\n    accepted_events: x\n",
            "line 3: group `a`, driver `log`: a rule takes a list of patterns",
        ),
        ("a: {log: {accepted_events: [x, 5]}}", "a pattern is a text, but there is a number"),
        ("a: {log: {accepted_priorities: [on]}}", "a truth value or a date (quote it if it is a text)"),
        ("a: {log: {accepted_events: [~]}}", "a pattern is a text, but there is nothing"),
        ("5: {log: {}}", "line 1: a name is a text"),
        ("a: {log: {}}\n\na: {noop: {}}", "line 3: `a` is there twice"),
        ("a: {log: {}, log: {}}", "line 1: group `a`: `log` is there twice"),
        (
            "a: {lug: {}}",
            "line 1: group `a`: no driver is called `lug`; did you mean `log`?; there are: log, noop, test",
        ),
        (
            "a:\n  routing: {}\n",
            "line 2: group `a`: no driver is called `routing`; there are: log, noop, test",
        ),
        (
            "a:\n  log:\n    accepted_event: [x]\n",
            "line 3: group `a`, driver `log`: no rule is called `accepted_event`; did you mean `accepted_events`?",
        ),
        (
            "a:\n  log:\n    rejected_events: [x]\n",
            "no rule is called `rejected_events`; did you mean `accepted_events`?",
        ),
        ("a: [", "no YAML"),
    ] {
        let error = refusal(text);
        assert!(error.contains(words), "{text}: {error}");
    }
    let twice = drivers().into_iter().chain(drivers());
    assert_eq!(RoutingDriver::from_yaml("", twice).unwrap_err(), RoutingError::SameName("log".to_owned()));
}

#[test]
fn an_error_of_a_file_has_its_name() {
    let path = std::env::temp_dir().join(format!("oslo-messaging-routing-{}.yaml", uuid::Uuid::new_v4()));
    let read = || RoutingDriver::from_file(&path, drivers()).map(drop).map_err(|error| error.to_string());
    assert!(read().unwrap_err().starts_with(&format!("{}: cannot be read: ", path.display())));
    std::fs::write(&path, "a: {log: {rule: []}}").unwrap();
    assert!(
        read().unwrap_err().starts_with(&format!("{}: line 1: group `a`, driver `log`: ", path.display()))
    );
    std::fs::write(&path, "a: {log: {}}").unwrap();
    assert_eq!(read(), Ok(()));
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn each_driver_gets_a_notification_once_and_a_failure_names_the_driver() {
    let (good, bad) = (TestDriver::new(), TestDriver::new());
    let drivers: [(_, Arc<dyn NotifyDriver>); 2] =
        [("good", Arc::new(good.clone())), ("bad", Arc::new(bad.clone()))];
    let rules = "a: {good: {}, bad: {accepted_events: [b.*]}}\nb: {good: {}}\n";
    let routing = RoutingDriver::from_yaml(rules, drivers).unwrap();
    let notifier = Notifier::without_transport().driver(routing).build().unwrap();

    notifier.info(&Context::new(), "a.b", &1).await.unwrap();
    assert_eq!((good.sent().len(), bad.sent().len()), (1, 0));

    bad.fail_next("no room");
    let error = notifier.info(&Context::new(), "b.c", &1).await.unwrap_err();
    assert_eq!(good.sent().len(), 2);
    assert!(error.may_have_arrived());
    assert!(
        error.to_string().ends_with("driver `routing`: driver `bad`: no room; taken by `good`"),
        "{error}"
    );
}
