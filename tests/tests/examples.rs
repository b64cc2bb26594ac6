//! The examples as a person runs them: their command lines, what they print, how they end; with real Python halves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tests::python::{PythonListener, PythonNotifier, PythonServer};
use tests::site::Site;
use tests::wait::{eventually, within};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const LIMIT: Duration = Duration::from_secs(60);

/// The folder of the examples' programs, built once.
fn programs() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
        let build = std::process::Command::new(cargo)
            .args(["build", "--quiet", "-p", "examples", "--bins"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(build.unwrap().success(), "the examples build");
        // This test stands in `<target>/debug/deps`.
        std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned()
    })
}

fn program(name: &str) -> Command {
    let mut command = Command::new(programs().join(name));
    command.env_remove("RUST_LOG").stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn run(name: &str, arguments: &[&str]) -> Output {
    within(LIMIT, name, program(name).args(arguments).output()).await.unwrap()
}

async fn untyped(arguments: &[&str]) -> Result<Value, Value> {
    let output = run("untyped_client", arguments).await;
    let line = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text.trim_end().lines().count(), 1, "one line: {text:?}");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    match output.status.code() {
        Some(0) => {
            assert!(output.stderr.is_empty(), "{:?}", String::from_utf8_lossy(&output.stderr));
            Ok(line(&output.stdout))
        }
        Some(1) => {
            assert!(output.stdout.is_empty());
            Err(line(&output.stderr))
        }
        other => panic!("status {other:?}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// Waits for a line of standard output.
async fn printed(child: &mut Child, wanted: &str) {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    within(LIMIT, wanted, async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line == wanted {
                return;
            }
        }
        panic!("ended without printing {wanted:?}");
    })
    .await;
}

fn scenes(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn check_scenes(scenes: &[Value]) {
    let count = |name: &str| scenes.iter().filter(|scene| scene["scene"] == name).count();
    let counts =
        ["call", "typed_error", "cast", "fanout", "unroutable", "timeout", "notification"].map(count);
    assert_eq!(counts, [4, 1, 1, 2, 1, 1, 1], "{scenes:#?}");
    let by = |server: &str| scenes.iter().any(|s| s["scene"] == "call" && s["server"] == server);
    assert!(by("north") && by("south"), "calls are spread");
    for scene in scenes {
        let name = scene["scene"].as_str().unwrap();
        assert_eq!(scene["server"].is_string(), !["unroutable", "timeout"].contains(&name), "{scene}");
        // A cast has no id.
        let length = ["call", "typed_error", "unroutable", "timeout"].contains(&name).then_some(32);
        let length = length.or((name == "notification").then_some(36));
        assert_eq!(scene["message_id"].as_str().map(str::len), length, "{scene}");
    }
}

/// A program that has ended leaves neither queues nor exchanges.
async fn nothing_is_left(site: &Site) {
    eventually(LIMIT, "queues and exchanges go", async || {
        let left = (site.host.queue_names().await, site.host.exchange_names().await);
        if left.0.is_empty() && left.1.is_empty() { Ok(()) } else { Err(left) }
    })
    .await;
}

#[tokio::test]
async fn quickstart_tells_its_story_on_the_embedded_broker() {
    check_scenes(&scenes(&run("quickstart", &["--json"]).await));
    let told = run("quickstart", &[]).await;
    assert!(told.status.success() && told.stderr.is_empty());
    assert!(String::from_utf8(told.stdout).unwrap().contains("ran: maybe"));
}

#[tokio::test]
async fn quickstart_tells_the_same_story_over_rabbitmq() {
    let site = Site::new("quickstart").await;
    check_scenes(&scenes(&run("quickstart", &["--json", "--url", &site.url]).await));
    nothing_is_left(&site).await;
}

#[tokio::test]
async fn graceful_shutdown_and_version_cap_end_well() {
    let site = Site::new("graceful").await;
    for arguments in [vec![], vec!["--url", &site.url]] {
        let output = run("graceful_shutdown", &arguments).await;
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && text.contains("1 finished after the stop, 1 given back"),
            "{text}"
        );
    }
    assert!(run("version_cap", &[]).await.status.success());
    assert!(run("version_cap", &["--url", &site.url]).await.status.success());
    nothing_is_left(&site).await;
}

#[tokio::test]
async fn without_a_broker_a_program_says_so_in_words() {
    let nobody = "rabbit://127.0.0.1:1/";
    let ended = async |name: &str, arguments: &[&str]| {
        let output = run(name, arguments).await;
        let said = String::from_utf8(output.stderr).unwrap();
        let last = said.lines().last().unwrap_or_default();
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(last.starts_with("not ready after 10s"), "{name}: {last}");
        assert!(last.contains("127.0.0.1:1 cannot be reached: "), "{name}: {last}");
    };
    let url = ["--url", nobody];
    let (server, client) = (["server", "--url", nobody], ["client", "--url", nobody]);
    tokio::join!(
        ended("hello", &url[1..]),
        ended("quickstart", &url),
        ended("graceful_shutdown", &url),
        ended("version_cap", &url),
        ended("python_interop", &server),
        ended("python_interop", &client),
    );
}

#[tokio::test]
async fn python_interop_server_serves_the_documentations_python_client() {
    let site = Site::new("interop-s").await;
    let mut server = program("python_interop");
    let mut server = server.args(["server", "--url", &site.url]).stdout(Stdio::piped()).spawn().unwrap();
    printed(&mut server, "ready").await;
    let client = site.python_client().await;
    let topic = |namespace: Option<&str>, version: &str| match namespace {
        Some(namespace) => json!({"topic": "test", "namespace": namespace, "version": version}),
        None => json!({"topic": "test"}),
    };
    for (target, arg) in [
        (topic(None, ""), json!({"deep": [1, 2.5, null, "ü"]})),
        (topic(Some("namespace1"), "1.0"), json!("one")),
        (topic(Some("namespace2"), "1.0"), json!(2)),
    ] {
        assert_eq!(client.call(target, "test", json!({ "arg": arg })).result().await, arg);
    }
    client.call(topic(Some("control"), "2.0"), "stop", json!({})).result().await;
    let status = within(LIMIT, "the server ends", server.wait()).await.unwrap();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn python_interop_client_calls_the_documentations_python_server() {
    let site = Site::new("interop-p").await;
    let server = PythonServer::of_the_documentation(&site.url, "test").await;
    let client = run("python_interop", &["client", "--url", &site.url]).await;
    assert!(client.status.success(), "{}", String::from_utf8_lossy(&client.stderr));
    within(LIMIT, "the server ends", server.stopped()).await;
}

#[tokio::test]
async fn python_interop_client_calls_a_server_in_rust() {
    let site = Site::new("interop-c").await;
    let mut server = program("python_interop");
    let server = server.args(["server", "--url", &site.url, "--topic", "other", "--server", "s"]);
    let mut server = server.stdout(Stdio::piped()).spawn().unwrap();
    printed(&mut server, "ready").await;
    let client = run("python_interop", &["client", "--url", &site.url, "--topic", "other"]).await;
    assert!(client.status.success(), "{}", String::from_utf8_lossy(&client.stderr));
    assert_eq!(within(LIMIT, "the server ends", server.wait()).await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn untyped_client_prints_one_line_of_json() {
    let site = Site::new("untyped").await;
    let server = site.python_server().await;
    let at = |how: &'static str| vec![how, "--url", &site.url, "--topic", &site.topic];
    let call = |rest: &[&'static str]| {
        let mut arguments = at("call");
        arguments.extend(rest);
        arguments
    };
    assert_eq!(untyped(&call(&["test", r#"{"echo": {"a": [1, "é"]}}"#])).await, Ok(json!({"a": [1, "é"]})));
    let raised = untyped(&call(&["--server", "server1", "no_such_method", "{}"])).await.unwrap_err();
    assert_eq!(raised["kind"], "rejected");
    assert_eq!(raised["ran"], "no");
    assert_eq!(raised["class"], "NoSuchMethod");
    assert_eq!(raised["module"], "oslo_messaging.rpc.dispatcher");
    let echoed =
        call(&["--namespace", "ns1", "--version", "2.1", "--call-monitor", "30", "nsecho", r#"{"x": 1}"#]);
    assert_eq!(untyped(&echoed).await, Ok(json!(["ns1-2.3", 1])));
    let context = untyped(&call(&["get_context", "{}", r#"{"user": "ann"}"#])).await.unwrap();
    assert_eq!(context["user"], "ann");
    let remote = untyped(&call(&["boom_builtin"])).await.unwrap_err();
    let expected = json!({"kind": "remote", "ran": "yes", "class": "ValueError", "module": "builtins",
        "message": "('bad value', 42)", "args": ["bad value", 42], "kwargs": {}});
    assert_eq!(remote, expected);
    let elsewhere = untyped(&call(&["--exchange", "elsewhere", "test", "{}"])).await.unwrap_err();
    assert_eq!(elsewhere["kind"], "unroutable");
    let bad = untyped(&call(&["test", r#"{"unknown": 1}"#])).await.unwrap_err();
    assert_eq!((&bad["class"], &bad["module"]), (&json!("TypeError"), &json!("builtins")));
    let nowhere = untyped(&["call", "--url", &site.url, "--topic", "nowhere", "--timeout", "5", "m"])
        .await
        .unwrap_err();
    assert_eq!(
        (&nowhere["kind"], &nowhere["ran"], &nowhere["class"]),
        (&json!("unroutable"), &json!("no"), &Value::Null)
    );
    let mut cast = at("cast");
    cast.extend(["test", r#"{"echo": "cast"}"#, r#"{"user": "ann"}"#]);
    assert_eq!(untyped(&cast).await, Ok(Value::Null));
    let mut fanout = at("fanout");
    fanout.extend(["test", r#"{"echo": "fanout"}"#]);
    assert_eq!(untyped(&fanout).await, Ok(Value::Null));
    server.wait_for(3, "test").await;
    for (name, printed) in [("nan", "null"), ("big_integer", "1180591620717411303424")] {
        let name = json!({ "name": name }).to_string();
        let mut odd = at("call");
        odd.extend(["odd", &name]);
        let output = run("untyped_client", &odd).await;
        assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{printed}\n"));
    }
    for (rest, what) in [(["m", "{", "{}"], "arguments"), (["m", "{}", "[1]"], "context")] {
        let wrong = untyped(&call(&rest)).await.unwrap_err();
        assert_eq!((&wrong["kind"], &wrong["ran"]), (&json!("not_sent"), &json!("no")));
        assert!(wrong["message"].as_str().unwrap().contains(&format!("the {what} must be a JSON object")));
    }
    let url = "rabbit://guest:guest@localhost:notaport/";
    let wrong = untyped(&["call", "--url", url, "--topic", "t", "m"]).await.unwrap_err();
    assert_eq!((&wrong["kind"], &wrong["ran"]), (&json!("not_sent"), &json!("no")));
}

#[tokio::test]
async fn send_notification_is_read_by_python() {
    let site = Site::new("sends").await;
    let listener = PythonListener::builder(&site.url, &["a", "b"]).start().await;
    let common = ["--transport-url", &site.url, "--publisher-id", "me", "--topic", "a", "b"];
    let text = ["--event-type", "evt.text", "--priority", "warn", "text"];
    let sent = run("send_notification", &[&common[..], &text[..]].concat()).await;
    assert!(sent.status.success() && sent.stdout.is_empty() && sent.stderr.is_empty(), "{sent:?}");
    let json = ["--event-type", "evt.json", "--driver", "messaging", "--json", r#"{"a": 1}"#];
    let sent = run("send_notification", &[&common[..], &json[..]].concat()).await;
    assert!(sent.status.success(), "{sent:?}");
    let got = listener.wait_for(4).await;
    let shown =
        |n: &Value| format!("{} {} {} {}", n["priority"], n["event_type"], n["publisher_id"], n["payload"]);
    let mut shown: Vec<String> = got.iter().map(shown).collect();
    shown.sort();
    let json = r#""info" "evt.json" "me" {"a":1}"#;
    let text = r#""warn" "evt.text" "me" "text""#;
    assert_eq!(shown, [json, json, text, text]);
    for driver in ["test", "noop", "log"] {
        let sent = run("send_notification", &[&common[..], &["--driver", driver, "x"]].concat()).await;
        assert!(sent.status.success(), "{driver}: {sent:?}");
    }
    let unruled = run("send_notification", &[&common[..], &["--driver", "routing", "x"]].concat()).await;
    assert!(String::from_utf8_lossy(&unruled.stderr).contains("`routing_config`"), "{unruled:?}");
    let refused =
        run("send_notification", &["--transport-url", "rabbit://127.0.0.1:1/", "--timeout", "1", "x"]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("127.0.0.1:1"), "{refused:?}");
}

#[tokio::test]
async fn send_notification_keeps_the_options_of_the_file_with_another_url() {
    let site = Site::new("sendsconf").await;
    let file = std::env::temp_dir().join(format!("{}.conf", site.host.name()));
    let text = "[DEFAULT]\ntransport_url = rabbit://127.0.0.1:1/\ncontrol_exchange = nova\n\
                [oslo_messaging_notifications]\ntopics = filed\n[oslo_messaging_rabbit]\namqp_durable_queues = true\n";
    std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let sent =
        run("send_notification", &["--config-file", path, "--transport-url", &site.url, "payload"]).await;
    std::fs::remove_file(&file).unwrap();
    assert!(sent.status.success(), "{sent:?}");
    let queues = site.host.queues().await;
    let [queue] = &queues[..] else { panic!("{queues:?}") };
    assert_eq!((&queue["name"], &queue["durable"]), (&json!("filed.info"), &json!(true)));
    assert_eq!(site.host.exchange_names().await, ["nova"]);
}

#[tokio::test]
async fn notification_bridge_prints_what_python_says() {
    let site = Site::new("bridges").await;
    let common = ["--url", &site.url, "--topic", "cloud", "--event", "compute.*"];
    let bridge = async |more: &[&str]| {
        let mut command = program("notification_bridge");
        let piped = command.args([&common[..], more].concat()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut bridge = piped.spawn().unwrap();
        // A pool gets what is sent once it is there.
        let mut said = BufReader::new(bridge.stderr.take().unwrap()).lines();
        let line = within(LIMIT, "the bridge listens", said.next_line()).await.unwrap().unwrap();
        assert!(line.starts_with("listening to cloud"), "{line}");
        bridge
    };
    let mut as_json = bridge(&["--pool", "one", "--json"]).await;
    let mut as_lines = bridge(&["--pool", "two"]).await;
    let notifier = PythonNotifier::start(&site.url, &["cloud"]).await;
    notifier.notify("info", "network.create", json!({"not": "this"})).await;
    notifier.notify("error", "compute.failed", json!({"host": "h1"})).await;
    let mut lines = BufReader::new(as_json.stdout.take().unwrap()).lines();
    let line = within(LIMIT, "a line of JSON", lines.next_line()).await.unwrap().unwrap();
    let got: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&got["priority"], &got["event_type"]), (&json!("error"), &json!("compute.failed")));
    assert_eq!((&got["payload"], &got["topic"]), (&json!({"host": "h1"}), &json!("cloud")));
    let mut lines = BufReader::new(as_lines.stdout.take().unwrap()).lines();
    let line = within(LIMIT, "a line", lines.next_line()).await.unwrap().unwrap();
    assert!(line.contains(r#"ERROR     compute.failed  svc.host1  {"host": "h1"}"#), "{line}");

    // Whoever reads the lines goes, as `head` does: the program ends, and what it could not print stays in the queue.
    drop(lines);
    notifier.notify("error", "compute.failed", json!({"host": "h2\n\u{1b}[2J"})).await;
    let end = within(LIMIT, "the bridge ends", as_lines.wait()).await.unwrap();
    assert!(!end.success());
    let raw = tests::raw::Raw::connect(&site.host).await;
    assert_eq!(raw.queue_state("two").await.unwrap().messages, 1);
}
