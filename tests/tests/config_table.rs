//! Configuration files are asked of the installed oslo.config: a free text among our options, `control_exchange`, must
//! come out of them the same here, or both sides must refuse the files. So must the options of notifications.

// A test that cannot go on stops with a sentence.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::config::Config;
use oslo_messaging::drivers::rabbit::RabbitOptions;
use oslo_messaging::transport::TransportUrl;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Written after `control_exchange` in `[DEFAULT]`.
const VALUES: &[&str] = &[
    " = nova",
    "=nova",
    ": nova",
    " : a=b",
    " = a:b",
    "\t=\tnova \t",
    " = \"nova\"",
    " = 'nova'",
    " = \"nova",
    " = nova\"",
    " = \"a\" b",
    " = \"'a'\"",
    " = \"",
    " = a # b",
    " = a ; b",
    " = #a",
    " = a\n b",
    " = a\n\tb\n  c ",
    " =\n a",
    " = a\n# comment",
    " = a\n; comment\nother = x",
    " = a\n\n b",
    " = a\n# comment\n b",
    " = a\r\n",
    " = a\\nb",
    " = é",
    " = a\u{a0}",
    " = [a]",
    " = a\ncontrol_exchange = b",
    " = a\n[DEFAULT]\ncontrol_exchange = b",
    " = a\n[other]\ncontrol_exchange = b",
    " = a\n[default]\ncontrol_exchange = b",
    " = a\n[ DEFAULT ]\ncontrol_exchange = b",
    " = a\nCONTROL_EXCHANGE = b",
    " = a$$b",
    " = a\\$b",
    " = $",
    " = a$ b",
    " = a$1",
    " = $rpc_response_timeout",
    " = ${rpc_response_timeout}s",
    " = ${rpc_response_timeout",
    " = ${}",
    " = $rpc_response_timeout.",
    " = $RPC_RESPONSE_TIMEOUT",
    " = $nothing",
    " = $nothing.of.this",
    " = $control_exchange",
    " = $rpc_response_timeout\nrpc_response_timeout = 5",
    " = $oslo_messaging_rabbit.rabbit_retry_interval\n[oslo_messaging_rabbit]\nrabbit_retry_interval = 7",
    " = ${OSLO_messaging_rabbit.kombu_reconnect_delay}\n[oslo_messaging_rabbit]\nkombu_reconnect_delay = 0.5",
    " = $transport_url\ntransport_url = rabbit://$rpc_response_timeout\nrpc_response_timeout = 9",
    " = $transport_url\ntransport_url = $control_exchange",
    "",
    " nova",
    " = a\nno assignment",
    " = a\n= b",
    " = a\n[open",
    " = a\n[]",
    " = a\n[group] # comment",
];

/// Files with `[oslo_messaging_notifications]`; where several, the later ones over the earlier ones.
const NOTIFICATIONS: &[&[&str]] = &[
    &[""],
    &["driver = messagingv2"],
    &["driver = messagingv2\ndriver = log"],
    &["driver = log\ndriver = messagingv2\ndriver = log"],
    &["driver ="],
    &["driver =\ndriver = noop"],
    &["driver = \"test\""],
    &["driver = routing\n[other]\ndriver = nothing\n[oslo_messaging_notifications]\ndriver = log"],
    &["driver = log\ndriver = noop", "driver = test"],
    &["driver = log", "topics = a", "driver = test\ndriver = messaging"],
    &["driver = $control_exchange\n[DEFAULT]\ncontrol_exchange = log"],
    &["driver = ${routing_config}v2\nrouting_config = messaging"],
    &["driver = $nothing"],
    &["topics = a"],
    &["topics = a,b"],
    &["topics = a , b ,"],
    &["topics = a b,c,,"],
    &["topics = \"a,b\""],
    &["topics = 'a','b'"],
    &["topics = a,\n b,\n c"],
    &["topics = a\ntopics = b"],
    &["topics = a", "topics = b"],
    &["topics = $control_exchange,x\n[DEFAULT]\ncontrol_exchange = y,z"],
    &["retry = 0"],
    &["retry = -1"],
    &["retry = 12"],
    &["retry = +3"],
    &["retry = 1.5"],
    &["retry ="],
    &["retry = x"],
    &["routing_config = /etc/routing.yaml"],
    &["routing_config ="],
    &["transport_url = rabbit://u:p@h/v"],
    &["transport_url ="],
    &["transport_url = $transport_url"],
    &["transport_url = rabbit://$control_exchange\n[DEFAULT]\ncontrol_exchange = h"],
];

/// Names and values of variables.
type Variables = &'static [(&'static str, &'static str)];

/// Whole files, and variables.
const FILES: &[(&[&str], Variables)] = &[
    (&[], &[]),
    (&[""], &[]),
    (&["control_exchange = a"], &[]),
    (&["# comment\n\n[DEFAULT]\n control_exchange = a"], &[]),
    (&["[DEFAULT]\ncontrol_exchange = a", "[DEFAULT]\ncontrol_exchange = b"], &[]),
    (&["[DEFAULT]\ncontrol_exchange = a", "[other]\ncontrol_exchange = b"], &[]),
    (&["[DEFAULT]\ncontrol_exchange = $rpc_response_timeout", "[DEFAULT]\nrpc_response_timeout = 5"], &[]),
    (&["[DEFAULT]\ncontrol_exchange = a"], &[("OS_DEFAULT__CONTROL_EXCHANGE", "b")]),
    (&["[DEFAULT]\ncontrol_exchange = a"], &[("OS_CONTROL_EXCHANGE", "b")]),
    (&[], &[("OS_DEFAULT__CONTROL_EXCHANGE", " 'b' ")]),
    (
        &[],
        &[
            ("OS_DEFAULT__CONTROL_EXCHANGE", "$rpc_response_timeout"),
            ("OS_DEFAULT__RPC_RESPONSE_TIMEOUT", "5"),
        ],
    ),
    (&["\u{feff}[DEFAULT]\ncontrol_exchange = a"], &[]),
    (&["[DEFAULT]\rcontrol_exchange = a\r"], &[]),
];

struct Question {
    files: Vec<String>,
    environment: Vec<(&'static str, &'static str)>,
}

fn questions() -> Vec<Question> {
    let values = VALUES.iter().map(|value| Question {
        files: vec![format!("[DEFAULT]\ncontrol_exchange{value}\n")],
        environment: Vec::new(),
    });
    let files = FILES.iter().map(|(files, environment)| Question {
        files: files.iter().map(ToString::to_string).collect(),
        environment: environment.to_vec(),
    });
    values.chain(files).collect()
}

fn script() -> Command {
    let python = std::env::var("OSLO_TEST_PYTHON")
        .expect("OSLO_TEST_PYTHON is not set: this test asks a Python with oslo.config; run tests/run");
    let mut command = Command::new(python);
    command
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/config_table.py"))
        .env("PYTHONWARNINGS", "ignore");
    command
}

fn ask(questions: &[Question]) -> Vec<Value> {
    let mut child = script()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python of OSLO_TEST_PYTHON starts");
    let line = |question: &Question| {
        let environment: Value = question.environment.iter().map(|(name, value)| (*name, *value)).collect();
        format!("{}\n", json!({ "files": question.files, "environment": environment }))
    };
    let lines: String = questions.iter().map(line).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().expect("config_table.py reads every question");
    assert!(output.status.success(), "config_table.py ended with {}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(answers.len(), questions.len(), "config_table.py answers every question");
    answers
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let id = oslo_messaging::id::MessageId::random();
        let path = std::env::temp_dir().join(format!("oslo-messaging-config-table-{id}"));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn load(&self, question: &Question) -> Result<Config, String> {
        let mut builder = Config::builder().environment(question.environment.iter().copied());
        for (number, text) in question.files.iter().enumerate() {
            let path = self.0.join(format!("{number}.conf"));
            std::fs::write(&path, text).unwrap();
            builder = builder.file(path);
        }
        builder.load().map_err(|error| error.to_string())
    }

    fn read(&self, question: &Question) -> Result<String, String> {
        self.load(question).map(|config| config.transport_options().control_exchange.clone())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn configuration_files_say_what_they_say_to_python() {
    let questions = questions();
    let folder = Folder::new();
    let mut wrong = Vec::new();
    for (question, python) in questions.iter().zip(ask(&questions)) {
        let ours = folder.read(question);
        let same = match (&ours, python["control_exchange"].as_str()) {
            (Ok(ours), Some(pythons)) => ours == pythons,
            // An exchange without a name is what Python would fail with at the first message.
            (Err(error), Some("")) => error.contains("takes the name of an exchange"),
            (Err(_), None) => true,
            _ => false,
        };
        if !same {
            wrong.push(format!("{:?} {:?}: {ours:?} and {python}", question.files, question.environment));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), questions.len(), wrong.join("\n"));
}

#[test]
fn what_is_said_of_notifications_is_what_it_is_to_python() {
    let of_group = |text: &&str| format!("[oslo_messaging_notifications]\n{text}\n");
    let mut questions: Vec<_> = NOTIFICATIONS
        .iter()
        .map(|files| Question { files: files.iter().map(of_group).collect(), environment: Vec::new() })
        .collect();
    for variable in
        [("OS_OSLO_MESSAGING_NOTIFICATIONS__TOPICS", "b, c"), ("OS_OSLO_MESSAGING_NOTIFICATIONS__RETRY", "5")]
    {
        questions.push(Question { files: vec![of_group(&"topics = a")], environment: vec![variable] });
    }
    let folder = Folder::new();
    let mut wrong = Vec::new();
    for (question, python) in questions.iter().zip(ask(&questions)) {
        let ours = folder.load(question).map(|config| notifications(&config));
        let pythons = python.get("notifications").map(pythons_notifications);
        if ours.as_ref().ok() != pythons.as_ref() {
            wrong.push(format!("{:?} {:?}: {ours:?} and {python}", question.files, question.environment));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), questions.len(), wrong.join("\n"));
}

/// Our options of notifications as Python prints them.
fn notifications(config: &Config) -> Value {
    let options = config.notification_options();
    json!({
        "driver": options.drivers.iter().map(|driver| driver.as_str()).collect::<Vec<_>>(),
        "topics": options.topics,
        "retry": options.retry.map_or(-1, i64::from),
        "routing_config": options.routing_config.clone().unwrap_or_default(),
        "transport_url": config.notification_transport_url().expose(),
    })
}

/// Python's options, with what its notifier and transport make of them: each driver once, none without a name, no limit
/// where there is no number, and the URL for RPC where there is no other.
fn pythons_notifications(options: &Value) -> Value {
    let mut options = options.clone();
    let mut drivers: Vec<Value> = Vec::new();
    for driver in options["driver"].as_array().unwrap() {
        if driver != "" && !drivers.contains(driver) {
            drivers.push(driver.clone());
        }
    }
    options["driver"] = drivers.into();
    if options["retry"].is_null() {
        options["retry"] = json!(-1);
    }
    let url = options["transport_url"].as_str().filter(|url| !url.is_empty()).unwrap_or("rabbit://");
    options["transport_url"] = url.parse::<TransportUrl>().unwrap().expose().into();
    options
}

#[test]
fn every_rabbit_option_of_python_is_known() {
    let output = script().arg("names").output().expect("the Python of OSLO_TEST_PYTHON starts");
    let pythons: Vec<String> = serde_json::from_slice(&output.stdout).expect("config_table.py prints names");
    let mut ours: Vec<_> = RabbitOptions::names().collect();
    ours.sort_unstable();
    let missing: Vec<_> = pythons.iter().filter(|name| !ours.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "unknown here: {missing:?}");
    ours.retain(|name| !pythons.iter().any(|python| python == name));
    assert_eq!(
        ours,
        ["heartbeat_in_pthread"],
        "known here only; removed in oslo.messaging 18, and still in many files"
    );
}
