//! Notifications are logged by this crate's driver `log` and by the installed oslo.messaging's, and both lines must say the
//! same at the same level, with the same secrets hidden.

// A test that cannot go on stops with a sentence.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::Context;
use oslo_messaging::json::RawJson;
use oslo_messaging::notify::{LogDriver, Notifier, Priority};
use oslo_messaging::testing::block_on;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

/// Payloads, as JSON text.
const PAYLOADS: &[&str] = &[
    "null",
    "true",
    "[]",
    "{}",
    "-1.5",
    r#""text""#,
    r#"{"a": 1, "b": [true, null, {"c": "é中😀"}]}"#,
    r#"[NaN, -Infinity, 1180591620717411303424, "\ud800"]"#,
    // By the key.
    r#"{"password": "x"}"#,
    r#"{"PassWord": "x", "a_password_b": "y", "pass": "z"}"#,
    r#"{"password": 1, "token": null, "secret": true, "auth_token": 1.5}"#,
    r#"{"password": [1, {"a": "b"}], "tokens": []}"#,
    r#"{"password": {}, "secret": {"a": "b", "token": "c", "d": {"sslkey": "e"}}}"#,
    r#"{"a": [{"adminPass": "x"}, [{"admin_pass": "y"}], "adminPass=z"]}"#,
    r#"[{"token": "x"}, "token=y"]"#,
    r#"{"p\u0061ssword": "x", "tok\u0045n": "y", "ſecret": "z", "toKen": "k"}"#,
    r#"{"admin": {"user": "u", "private_key": "-----BEGIN\nKEY"}, "keys": ["private_key"]}"#,
    r#"{"connection": "mysql://u:p@h/v", "auth": "Basic x"}"#,
    r#"{"lone \ud800 password": "x", "a": "password='\ud800'"}"#,
];

/// Texts with a secret behind `@`, for which every word stands once.
const TEXTS: &[&str] = &[
    "@",
    "@=x",
    "@ = x y",
    "@1=x",
    "@=x&b=c",
    "a=b&@=x&c=d",
    "@=^x",
    "@='x'",
    "@ = \"x\"",
    "@=\"it's\"",
    "@='say \"x\"'",
    "@='x",
    "@ 'x' y",
    "@\t\"x\"",
    "--@ x --other y",
    "--@=x",
    "--my_@ x",
    "cmd --@\u{1c}x",
    "<@>x</@>",
    "<@>x\ny</@> <b>c</b>",
    "<@>x</b>",
    "<@2>x</@3>",
    "{'@': 'x'}",
    "{\"@\": \"x\", \"b\": \"c\"}",
    "{'my_@': 'x', 'b': 'c'}",
    "{u'my_@': u'x'}",
    "{'@' : \"x\"}",
    "{'@': 'it\\'s', 'b': 1}",
    "{'@': 5}",
    "['@', '--opt', 'x']",
    "['my_@','-v',u'x', 'y']",
    "@ -v x",
    "@ --value x y",
    "@--x_[]^`y z",
    "@: x",
    "@@=x",
    "é@=é ü",
    "x @\u{a0}=\u{2003}y z",
    "{'@': 'a', '@': 'b'}, {'@': 'c'}",
];

/// All words are tried on each text; more are in the unit tests of the words themselves.
const WORDS: &[&str] =
    &["password", "adminPass", "ADMIN_PASS", "auth_token", "secret_uuid", "chapSecret", "cephClusterFSID"];

/// Pieces of random texts.
const PIECES: &[&str] = &[
    "password",
    "token",
    "Secret",
    "admin_pass",
    "ſecret",
    "1",
    " ",
    "=",
    "'",
    "\"",
    ":",
    ",",
    "--",
    "-",
    "u",
    "x",
    "<",
    ">",
    "</",
    "\\",
    "\n",
    "^",
    "é",
    "{",
    "}",
    "a_",
];

/// A line that was logged.
#[derive(Debug, Default, Clone, PartialEq)]
struct Line {
    level: String,
    event_type: String,
    text: String,
}

/// Keeps the lines of the driver.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Line>>>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "oslo.messaging.notification"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line { level: event.metadata().level().to_string(), ..Line::default() };
        event.record(&mut line);
        self.0.lock().unwrap().push(line);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "event_type" {
            self.event_type = value.to_owned();
        }
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.text = format!("{value:?}");
        }
    }
}

/// What to log.
struct Case {
    priority: Priority,
    event_type: &'static str,
    payload: RawJson,
}

fn cases() -> Vec<Case> {
    let info = |payload: RawJson| Case { priority: Priority::Info, event_type: "compute.start", payload };
    let mut cases: Vec<_> = PAYLOADS.iter().map(|text| info(text.parse().unwrap())).collect();
    for priority in Priority::ALL {
        cases.push(Case { priority, ..info(RawJson::encode(&json!({ "token": "x" })).unwrap()) });
    }
    cases.push(Case { event_type: "token=x", ..info(RawJson::default()) });
    let text = |text: String| info(RawJson::encode(&json!({ "text": text })).unwrap());
    for word in WORDS {
        cases.extend(TEXTS.iter().map(|form| text(form.replace('@', word))));
    }
    // The same random texts each time: xorshift.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..1_000 {
        let length = 2 + random(14);
        cases.push(text((0..length).map(|_| PIECES[random(PIECES.len())]).collect()));
    }
    cases
}

/// What our driver writes, one line a case.
fn ours(cases: &[Case]) -> Vec<Line> {
    let lines = Lines::default();
    let notifier = Notifier::without_transport().driver(LogDriver).publisher_id("compute.h").build().unwrap();
    tracing::subscriber::with_default(lines.clone(), || {
        for case in cases {
            let sent = notifier.send(case.priority, &Context::new(), case.event_type, &case.payload);
            block_on(sent).unwrap();
        }
    });
    let lines = lines.0.lock().unwrap().clone();
    assert_eq!(lines.len(), cases.len(), "a line for each case");
    lines
}

/// The message that Python's driver would have been given for our line: its own id and time, the case's payload.
fn message(case: &Case, line: &Line) -> String {
    let logged: BTreeMap<String, RawJson> = line.text.parse::<RawJson>().unwrap().decode().expect(&line.text);
    format!(
        "[{}, {{\"message_id\": {}, \"publisher_id\": \"compute.h\", \"event_type\": {}, \"priority\": {}, \
         \"payload\": {}, \"timestamp\": {}}}]\n",
        json!(case.priority.wire()),
        logged["message_id"],
        json!(case.event_type),
        json!(case.priority.wire()),
        case.payload,
        logged["timestamp"],
    )
}

fn ask(lines: String) -> Vec<Value> {
    let python = std::env::var("OSLO_TEST_PYTHON")
        .expect("OSLO_TEST_PYTHON is not set: this test asks a Python with oslo.messaging; run tests/run");
    let mut child = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/log_table.py"))
        .env("PYTHONWARNINGS", "ignore")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python of OSLO_TEST_PYTHON starts");
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().expect("log_table.py reads every question");
    assert!(output.status.success(), "log_table.py ended with {}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.parse::<RawJson>().unwrap().decode().expect(line)).collect()
}

#[test]
fn lines_say_what_pythons_say_with_the_same_secrets_hidden() {
    let cases = cases();
    let lines = ours(&cases);
    let answers = ask(cases.iter().zip(&lines).map(|(case, line)| message(case, line)).collect());
    assert_eq!(answers.len(), cases.len(), "log_table.py answers every question");
    let mut wrong = Vec::new();
    for ((case, line), answer) in cases.iter().zip(&lines).zip(answers) {
        let python = answer.as_array().map(|answer| Line {
            level: match answer[1].as_str().unwrap() {
                "WARNING" => "WARN",
                "CRITICAL" => "ERROR",
                level => level,
            }
            .to_owned(),
            event_type: answer[0]
                .as_str()
                .unwrap()
                .trim_start_matches("oslo.messaging.notification.")
                .to_owned(),
            text: answer[2].as_str().unwrap().to_owned(),
        });
        let same = match &python {
            Some(python) => same_text(&line.text, &python.text) && line.level == python.level,
            // Python's loggers have no method for these; here they are logged.
            None => matches!(case.priority, Priority::Audit | Priority::Sample) && line.level == "INFO",
        };
        let masked = case.event_type == "token=x" && line.event_type == "token=***";
        let event_type = masked || line.event_type == case.event_type;
        if !same || !event_type {
            wrong.push(format!("{}: {line:?} and {python:?}", case.payload));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// Python escapes what is not ASCII; everything else is written alike, blanks and order included.
fn same_text(ours: &str, pythons: &str) -> bool {
    let value = |text: &str| text.parse::<RawJson>().unwrap().decode::<Value>().expect(text);
    if ours.is_ascii() { ours == pythons } else { value(ours) == value(pythons) }
}
