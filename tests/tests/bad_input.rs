//! Row B06: what no peer should send, sent to a running server over a real broker. Each is answered with a typed failure
//! where it says to whom, else rejected; each is counted and logged in one line; and the server goes on.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use flate2::Compression;
use flate2::write::ZlibEncoder;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use oslo_messaging::rpc::ServerStats;
use serde_json::{Value, json};
use std::io::{self, Write};
use std::time::Duration;
use tests::journal::Journal;
use tests::proxy::Proxy;
use tests::python::PythonClient;
use tests::raw::{Raw, envelope, id, oslo_properties};
use tests::rust_peer::RustServer;
use tests::site::Site;
use tests::wait::eventually;
use tracing_subscriber::fmt::MakeWriter;

const LIMIT: Duration = Duration::from_secs(60);
const MEBIBYTE: usize = 1 << 20;

/// Served by the server, and named like a reply address.
const TOPIC: &str = "reply_desk";

/// Which counter of the server's counts it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Counted {
    Malformed,
    BadReplyAddress,
    Refused,
}

/// A bad request. One that is answered has the class of its failure and a usable `_reply_q`.
struct Bad {
    what: &'static str,
    properties: BasicProperties,
    body: Vec<u8>,
    /// What the warning says.
    says: &'static str,
    counted: Counted,
    answer: Option<&'static str>,
}

fn rejected(what: &'static str, says: &'static str, counted: Counted, body: impl Into<Vec<u8>>) -> Bad {
    Bad { what, properties: oslo_properties(), body: body.into(), says, counted, answer: None }
}

fn answered(
    what: &'static str,
    says: &'static str,
    counted: Counted,
    class: &'static str,
    body: impl Into<Vec<u8>>,
) -> Bad {
    Bad { answer: Some(class), ..rejected(what, says, counted, body) }
}

/// Ends in a rejection. No more than the ten that a server logs within a second.
fn unanswerable() -> Vec<Bad> {
    use Counted::{BadReplyAddress, Malformed};
    let call = |reply_q: Value| {
        let ids = json!({"_unique_id": id(), "_msg_id": id()});
        let mut inner = json!({"method": "echo", "args": {}, "_reply_q": reply_q});
        inner.as_object_mut().unwrap().extend(ids.as_object().unwrap().clone());
        envelope(&inner)
    };
    let large = envelope(&json!({"method": "echo", "args": {"x": "y".repeat(20 * MEBIBYTE)}}));
    let mut bomb = ZlibEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![b' '; 64 * MEBIBYTE]).unwrap();
    let bomb = bomb.finish().unwrap();
    let mut header = FieldTable::default();
    header.insert("compression".into(), AMQPValue::LongString("application/x-gzip".into()));
    let over = "the decompressed body is over 16777216 bytes";
    let bomb = Bad {
        properties: oslo_properties().with_headers(header),
        ..rejected("a compressed bomb", over, Malformed, bomb)
    };
    let inner = json!({"method": "echo", "args": {}, "_msg_id": id(), "_reply_q": "reply_x"}).to_string();
    let version = json!({"oslo.version": "3.0", "oslo.message": inner}).to_string();
    let no_method = envelope(&json!({"args": {}}));
    vec![
        rejected("malformed JSON", "invalid JSON at byte 19", Malformed, "{\"method\": \"echo\", "),
        rejected("invalid UTF-8", "not UTF-8 at byte 16", Malformed, b"{\"method\": \"echo\xff\"}"),
        rejected("a body of 20 MiB", "bytes is over 16777216 bytes", Malformed, large),
        bomb,
        rejected("an unknown version of the envelope", "version 3.0 is not supported", Malformed, version),
        rejected("no method, nobody to answer to", "no `method`", Malformed, no_method),
        rejected(
            "a reply address that is no text",
            "`_reply_q` is no text",
            Malformed,
            call(json!(["reply_x"])),
        ),
        rejected("no reply address", "is missing", BadReplyAddress, call(Value::Null)),
        rejected(
            "another topic as reply address",
            "does not start with `reply_`",
            BadReplyAddress,
            call(json!("compute")),
        ),
        rejected(
            "the server's own queue as reply address",
            "is a queue that this process serves",
            BadReplyAddress,
            call(json!(TOPIC)),
        ),
    ]
}

/// Ends in an answer at `reply_q`.
fn answerable(reply_q: &str) -> Vec<Bad> {
    use Counted::{Malformed, Refused};
    let call = |changes: Value| {
        let mut inner = json!({"method": "echo", "args": {}, "_msg_id": id(), "_reply_q": reply_q, "_timeout": null,
            "_unique_id": id()});
        inner.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        inner
    };
    let with = |changes: Value| envelope(&call(changes));
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    let deep = call(json!({})).to_string().replacen("{}", &format!("{{\"x\": {open}{close}}}"), 1);
    let deep = json!({"oslo.version": "2.0", "oslo.message": deep}).to_string();
    let mut no_method = call(json!({}));
    no_method.as_object_mut().unwrap().remove("method");
    let add = |args: Value| with(json!({"method": "add", "args": args}));
    vec![
        answered("10,000 levels", "10002 levels deep", Malformed, "ValueError", deep),
        answered("no method", "no `method`", Malformed, "TypeError", envelope(&no_method)),
        answered(
            "a number as method",
            "`method` is no text",
            Malformed,
            "TypeError",
            with(json!({"method": 7})),
        ),
        answered(
            "a list as arguments",
            "`args` is no object",
            Malformed,
            "AttributeError",
            with(json!({"args": [1]})),
        ),
        answered(
            "a number as version",
            "`version` is no text",
            Malformed,
            "AttributeError",
            with(json!({"version": 2})),
        ),
        answered(
            "an unknown namespace",
            "unsupported_version",
            Refused,
            "UnsupportedVersion",
            with(json!({"namespace": "nowhere"})),
        ),
        answered(
            "an unknown method",
            "no_such_method",
            Refused,
            "NoSuchMethod",
            with(json!({"method": "nope"})),
        ),
        answered("a missing argument", "invalid_arguments", Refused, "TypeError", add(json!({}))),
        answered(
            "an argument of another type",
            "invalid_arguments",
            Refused,
            "TypeError",
            add(json!({"increment": "one"})),
        ),
    ]
}

/// Keeps what is logged, line by line.
#[derive(Clone, Default)]
struct Log(Journal<String>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(String::from_utf8_lossy(bytes).into_owned());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// A server behind a proxy, who sends to it, and what the process logs.
struct Desk {
    proxy: Proxy,
    server: RustServer,
    python: PythonClient,
    raw: Raw,
    log: Journal<String>,
}

impl Desk {
    /// A desk with a server of its own, whose limit on lines is untouched.
    async fn open(log: &Journal<String>) -> Self {
        let site = Site::new("bad").await;
        let proxy = Proxy::start(site.host.broker().address()).await;
        let url = site.host.url_at(proxy.address());
        let server = RustServer::builder(&url, TOPIC, "server1").start().await;
        let (python, raw) = (site.python_client().await, Raw::connect(&site.host).await);
        Self { proxy, server, python, raw, log: log.clone() }
    }

    /// Sends each, and a call of Python's after it. Gives what was logged.
    async fn send(&self, all: &[Bad]) -> Vec<String> {
        let mark = self.log.len();
        for (number, bad) in all.iter().enumerate() {
            self.raw.publish("openstack", TOPIC, bad.properties.clone(), &bad.body).await;
            self.log.first(mark + number + 1, LIMIT, bad.what, |_| true).await;
            let call = self.python.call(json!({"topic": TOPIC}), "echo", json!({"x": bad.what}));
            assert_eq!(call.result().await, bad.what, "the call after it");
        }
        let verdicts = self.proxy.wait_for_verdicts(2 * all.len()).await;
        for (bad, verdicts) in all.iter().zip(verdicts.chunks(2)) {
            let expected = if bad.answer.is_some() { "ack" } else { "reject" };
            assert_eq!(verdicts, [expected, "ack"], "{}", bad.what);
        }
        self.log.after(mark)
    }

    /// What the server has counted when it has ended, beside the calls of Python.
    async fn close(self, all: &[Bad]) {
        self.server.handle().stop();
        self.server.handle().wait(LIMIT).await;
        let count = |counted| all.iter().filter(|bad| bad.counted == counted).count() as u64;
        let mut expected = ServerStats::default();
        (expected.received, expected.succeeded) = (2 * all.len() as u64, all.len() as u64);
        expected.malformed = count(Counted::Malformed);
        expected.bad_reply_addresses = count(Counted::BadReplyAddress);
        expected.refused = count(Counted::Refused);
        assert_eq!(self.server.handle().stats(), expected);
        self.python.stop().await;
    }
}

/// One line each, a warning that says that nothing ran.
fn assert_one_warning_each(all: &[Bad], lines: &[String]) {
    assert_eq!(lines.len(), all.len(), "{lines:#?}");
    for (bad, line) in all.iter().zip(lines) {
        assert!(line.contains("WARN") && line.contains(bad.says), "{}: {line}", bad.what);
        assert_eq!(line.trim_end().lines().count(), 1, "{}: {line}", bad.what);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b06_server_answers_or_rejects_what_is_bad_and_goes_on() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_env_filter("off,oslo_messaging=warn")
        .with_writer(log.clone())
        .with_ansi(false)
        .init();

    let desk = Desk::open(&log.0).await;
    let bad = unanswerable();
    let lines = desk.send(&bad).await;
    assert_one_warning_each(&bad, &lines);
    desk.close(&bad).await;

    let desk = Desk::open(&log.0).await;
    let reply_q = format!("reply_{}", id());
    desk.raw.declare_queue(&reply_q).await;
    let bad = answerable(&reply_q);
    let lines = desk.send(&bad).await;
    assert_one_warning_each(&bad, &lines);
    for bad in &bad {
        let taken = || async { desk.raw.take(&reply_q).await.ok_or("nothing there yet") };
        let reply = eventually(LIMIT, bad.what, taken).await;
        let outer: Value = serde_json::from_slice(&reply).unwrap();
        let inner: Value = serde_json::from_str(outer["oslo.message"].as_str().unwrap()).unwrap();
        let failure: Value = serde_json::from_str(inner["failure"].as_str().unwrap()).unwrap();
        assert_eq!(failure["class"].as_str(), bad.answer, "{}: {failure}", bad.what);
        assert!(inner["_refused"].is_string() && inner["ending"] == true, "{}: {inner}", bad.what);
    }
    desk.close(&bad).await;
}
