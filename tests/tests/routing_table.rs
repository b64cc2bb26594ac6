//! Every rule file of a table is asked of the installed oslo.messaging's routing driver, whose answers for a set of
//! notifications must be ours. Files that we refuse must be refused there too, or be listed with the reason.

// A test that cannot go on stops with a sentence.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::notify::{NoopDriver, NotifyDriver, Priority, RoutingDriver};
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Rules that both sides take, with the same answers, or that both refuse.
const RULES: &[&str] = &[
    "",
    "# nothing\n",
    "{}",
    "a: {}",
    "a: {log: {}}",
    "a: {log: {accepted_events: []}}",
    "a: {log: {accepted_priorities: []}}",
    "a: {log: {accepted_events: ['*']}}",
    "a: {log: {accepted_events: ['']}}",
    "a: {log: {accepted_events: [compute.*]}}",
    "a: {log: {accepted_events: [compute.instance]}}",
    "a: {log: {accepted_events: ['*.end', '*.start']}}",
    "a: {log: {accepted_events: [COMPUTE.*, Compute.*]}}",
    "a: {log: {accepted_events: ['compute.instance.?reate.*']}}",
    "a: {log: {accepted_events: ['[cv]o*']}}",
    "a: {log: {accepted_events: ['[!c]*']}}",
    "a: {log: {accepted_events: ['[a-c]*', '[c-a]*']}}",
    "a: {log: {accepted_events: ['[', '[]*', '[!]*', '[]]*']}}",
    "a: {log: {accepted_events: ['[x]', 'a b', \"new\\nline\", 'été*']}}",
    "a: {log: {accepted_events: ['compute.instance.*', 'a+b', '(a|b)', '^a$', '.*']}}",
    "a: {log: {accepted_priorities: [info]}}",
    "a: {log: {accepted_priorities: [INFO, Warn]}}",
    "a: {log: {accepted_priorities: [warning]}}",
    "a: {log: {accepted_priorities: ['*']}}",
    "a: {log: {accepted_priorities: ['[!D]*', 'DEBU?']}}",
    "a: {log: {accepted_priorities: ['[A-E]*']}}",
    "a: {log: {accepted_events: [compute.*], accepted_priorities: [error]}}",
    "a: {log: {accepted_events: [compute.*], accepted_priorities: []}}",
    "a: {log: {accepted_events: [compute.*]}, noop: {accepted_events: [volume.*]}}",
    "a: {log: {accepted_events: [compute.*]}}\nb: {log: {accepted_priorities: [error]}, test: {}}",
    "a: {log: {accepted_events: [compute.*]}}\nb: {log: {accepted_events: [volume.*]}}\nc: {noop: {}}",
    "'group one':\n  log:\n    accepted_events:\n      - compute.*\n      - 'volume.*'\n    accepted_priorities: [\n      error,\n    ]\n",
    "---\na: # group\n  log: {accepted_events: [compute.*]} # driver\n...\n",
    "a: {log: {accepted_events: &e [compute.*]}}\nb: {noop: {accepted_events: *e}}",
    "a: {log: &r {accepted_events: [compute.*]}, noop: *r}",
    "a: {log: {accepted_events: [!!str 5, y, 1.2.3, 10.0.0.1, 'on']}}",
    "a: {log: {accepted_events: [compute.instance\n.create.end]}}",
    "a:\n  log:\n    accepted_events:\n    - |-\n      compute.*\n",
    "a: {\"log\": {\"accepted_events\": [\"compute.\\x2a\"]}}",
    "{\"a\": {\"log\": {\"accepted_events\": [\"compute.*\"]}}}",
    // Both refuse.
    "a: [",
    "a: b: c",
    "a: {log: {accepted_events: [*]}}",
    "a: {log: {accepted_events: *nope}}",
    "a: 1\n---\nb: 2\n",
    "text",
    "[a, b]",
    "a: text",
    "a: [log]",
    "a:\n  log:\n",
    "a: {log: text}",
    "a: {log: [text]}",
    "a: {log: {accepted_events: }}",
    "a: {log: {accepted_events: 5}}",
    "a: {log: {accepted_events: true}}",
    "a: {log: {accepted_events: [5]}}",
    "a: {log: {accepted_events: [yes]}}",
    "a: {log: {accepted_events: [No]}}",
    "a: {log: {accepted_events: [~]}}",
    "a: {log: {accepted_events: [null]}}",
    "a: {log: {accepted_events: [1.5]}}",
    "a: {log: {accepted_events: [0x1f]}}",
    "a: {log: {accepted_events: [1_000]}}",
    "a: {log: {accepted_events: [190:20:30]}}",
    "a: {log: {accepted_events: [.inf]}}",
    "a: {log: {accepted_events: [2026-11-22]}}",
    "a: {log: {accepted_events: [[compute.*]]}}",
    "a: {log: {accepted_events: [{x: y}]}}",
    "a: {log: {accepted_priorities: [1]}}",
    "a: {log: {accepted_priorities: [off]}}",
];

/// Rules that we refuse and Python takes, and why.
const REFUSED: &[(&str, &str)] = &[
    ("a: {lug: {}}", "no driver has the name, so that Python's notifications go nowhere"),
    ("a: {log: {accepted_event: [x]}}", "Python ignores the rule and lets everything pass"),
    ("a: {log: {rejected_events: [x]}}", "Python ignores the rule and lets everything pass"),
    ("a: {log: {5: [x]}}", "Python ignores the rule and lets everything pass"),
    ("5: {log: {}}", "a name is a text"),
    ("a: {log: {}}\na: {noop: {}}", "Python forgets the first group"),
    ("a: {log: {accepted_events: [x], accepted_events: [y]}}", "Python forgets the first rule"),
    ("a: {log: {accepted_events: compute.*}}", "Python takes each letter for a pattern"),
    ("a: {log: {accepted_events: {compute.*: x}}}", "Python takes the keys for patterns"),
    ("a: &x {log: {}}\nb: {<<: *x}", "no driver is called `<<`; Python merges"),
];

/// Rules that Python cannot read, and why we can.
const ACCEPTED: &[(&str, &str)] = &[
    (
        "a:\n  log:\n    accepted_events: [>-\n      compute.*\n      ]",
        "an indented text in a list with brackets",
    ),
    ("\ta: {}", "a tab before the first name"),
];

const EVENTS: &[&str] = &[
    "",
    "compute.instance",
    "compute.instance.create.end",
    "compute.instance.create.start",
    "Compute.instance",
    "volume.create.end",
    "x",
    "[",
    "[]",
    "]",
    "a b",
    "a+b",
    "new\nline",
    "été",
    "5",
    "y",
    "on",
    "1.2.3",
    "10.0.0.1",
    "compute.instance .create.end",
];

fn notifications() -> Vec<(&'static str, Priority)> {
    EVENTS.iter().flat_map(|event| Priority::ALL.map(|priority| (*event, priority))).collect()
}

fn ask(rules: &[&str]) -> Vec<Value> {
    let python = std::env::var("OSLO_TEST_PYTHON")
        .expect("OSLO_TEST_PYTHON is not set: this test asks a Python with oslo.messaging; run tests/run");
    let mut child = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/routing_table.py"))
        .env("PYTHONWARNINGS", "ignore")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python of OSLO_TEST_PYTHON starts");
    let notifications: Vec<_> =
        notifications().iter().map(|(event_type, priority)| json!([event_type, priority.wire()])).collect();
    let line = |rules: &&str| format!("{}\n", json!({ "rules": rules, "notifications": notifications }));
    let lines: String = rules.iter().map(line).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().expect("routing_table.py reads every question");
    assert!(output.status.success(), "routing_table.py ended with {}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(answers.len(), rules.len(), "routing_table.py answers every question");
    answers
}

/// Our answers, as Python prints its.
fn ours(rules: &str) -> Result<Value, String> {
    // In alphabetical order, which is that of the answers.
    let drivers = ["log", "noop", "test"].map(|name| (name, Arc::new(NoopDriver) as Arc<dyn NotifyDriver>));
    let routing = RoutingDriver::from_yaml(rules, drivers).map_err(|error| error.to_string())?;
    let notifications = notifications();
    let answers = notifications.iter().map(|(event_type, priority)| routing.explain(event_type, *priority));
    Ok(json!(answers.collect::<Vec<_>>()))
}

#[test]
fn rules_name_the_drivers_that_they_name_to_python() {
    let mut wrong = Vec::new();
    for (rules, python) in RULES.iter().zip(ask(RULES)) {
        match (ours(rules), python.get("drivers")) {
            (Ok(ours), Some(pythons)) if ours == *pythons => {}
            (Err(_), None) => {}
            (Ok(ours), Some(pythons)) => {
                let asked = notifications();
                let differing: Vec<_> = (0..asked.len()).filter(|at| ours[*at] != pythons[*at]).collect();
                let first = differing[0];
                wrong.push(format!("{rules:?}: {:?}: {} and {}", asked[first], ours[first], pythons[first]));
            }
            (ours, _) => wrong.push(format!("{rules:?}: {:?} and {python}", ours.err())),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), RULES.len(), wrong.join("\n"));
}

#[test]
fn what_only_we_can_read_is_listed() {
    let rules: Vec<_> = ACCEPTED.iter().map(|(rules, _)| *rules).collect();
    for ((rules, what), python) in ACCEPTED.iter().zip(ask(&rules)) {
        assert!(ours(rules).is_ok(), "{what}");
        assert_eq!(python["exception"], "ScannerError", "{what}: {python}");
    }
}

#[test]
fn what_is_refused_on_purpose_is_taken_by_python() {
    let rules: Vec<_> = REFUSED.iter().map(|(rules, _)| *rules).collect();
    for ((rules, reason), python) in REFUSED.iter().zip(ask(&rules)) {
        let error = ours(rules).expect_err(rules);
        assert!(error.starts_with("line "), "{rules}: {error}");
        assert!(
            python.get("drivers").is_some(),
            "{rules}: Python refuses it too, so `{reason}` is wrong: {python}"
        );
    }
}
