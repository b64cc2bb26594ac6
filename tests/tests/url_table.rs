//! Every URL of a table is asked of the installed oslo.messaging, kombu and py-amqp, and must mean the same here: the
//! same driver, hosts, credentials, virtual host and options, or a refusal on both sides. `EXPECTED_DIFFERENCES` lists
//! where we differ on purpose; an entry that no longer differs fails.

// A test that cannot go on stops with a sentence.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::drivers::rabbit::RabbitOptions;
use oslo_messaging::transport::{Scheme, TransportOptions, TransportUrl};
use oslo_messaging::wire::Compression;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

const URLS: &[&str] = &[
    // Nothing but a driver.
    "rabbit://",
    "rabbit:",
    "rabbit:/",
    "rabbit:///",
    "RABBIT://h",
    " \x01rabbit://h",
    "rab\tbit://h\n",
    // Virtual hosts.
    "rabbit:////",
    "rabbit:/v",
    "rabbit:///v",
    "rabbit://h",
    "rabbit://h/",
    "rabbit://h//",
    "rabbit://h///",
    "rabbit://h/v",
    "rabbit://h/v/",
    "rabbit://h//v",
    "rabbit://h/a/b",
    "rabbit://h/a%2Fb",
    "rabbit://h/%2F",
    "rabbit://h/%2f",
    "rabbit://h/%252F",
    "rabbit://h/%25",
    "rabbit://h/%2525",
    "rabbit://h/%252525",
    "rabbit://h/100%",
    "rabbit://h/%zz",
    "rabbit://h/%C3%A9t%C3%A9",
    "rabbit://h/été",
    "rabbit://h/a b",
    "rabbit://h/a%20b",
    "rabbit://h/a+b",
    "rabbit://h/%0Av",
    "rabbit://h/%250Av",
    "rabbit://h/a@b",
    "rabbit://h/a:b",
    "rabbit://h/a,b",
    "rabbit://h/a;b",
    "rabbit://h/a%3Bb",
    "rabbit://h/a%253Bb",
    "rabbit://h/a%3Fb",
    "rabbit://h/a%253Fb",
    "rabbit://h/a%23b",
    "rabbit://h/a%2523b",
    "rabbit://h/%3F",
    "rabbit://h/v#fragment",
    "rabbit://h#fragment",
    // Users and passwords.
    "rabbit://u@h",
    "rabbit://u:@h",
    "rabbit://:p@h",
    "rabbit://:@h",
    "rabbit://@h",
    "rabbit://u:p@",
    "rabbit://u:p@/v",
    "rabbit://u:p@:6000/v",
    "rabbit://u:p@h:1/v",
    "rabbit://u:p:q@h",
    "rabbit://u@d:p@h/v",
    "rabbit://u%40d:p@h/v",
    "rabbit://u%3Ad:p@h/v",
    "rabbit://u:p%40q%3A%23%3F%2C@h/v",
    "rabbit://u:p%25@h",
    "rabbit://u:p%2525@h",
    "rabbit://u:p%zz@h",
    "rabbit://u:p+q@h",
    "rabbit://u:p;q@h",
    "rabbit://u:p%20q@h",
    "rabbit://u:&=$-_.+!*()@h",
    "rabbit://u:%C3%A9@h",
    "rabbit://ü:é@h",
    "rabbit://u:p%2Fq%40r@h/v",
    "rabbit://u%2Fv:p@h/v",
    "rabbit://u:p[q@h",
    "rabbit://u:%ff@h",
    "rabbit://u:p/q@h/v",
    "rabbit://u:1/q@h/v",
    "rabbit://u:1?q@h/v",
    "rabbit://u:1#q@h/v",
    "rabbit://u:p#q@h/v",
    // Hosts and ports.
    "rabbit://h:5673",
    "rabbit://h:05672",
    "rabbit://h:0",
    "rabbit://h:65535",
    "rabbit://h:65536",
    "rabbit://h:-1",
    "rabbit://h:",
    "rabbit://h:notaport/v",
    "rabbit://h:5_672",
    "rabbit://h:+5672",
    "rabbit://:6000/v",
    "rabbit://Host.Example",
    "rabbit://10.0.0.1:1",
    "rabbit://[::1]",
    "rabbit://[::1]:5672/v",
    "rabbit://u:p@[2001:DB8::1]:1/v",
    "rabbit://[::ffff:10.0.0.1]:1",
    "rabbit://[fe80::1%25eth0]:1/v",
    "rabbit://[fe80::1%eth0]:1/v",
    "rabbit://::1",
    "rabbit://::1:5672",
    "rabbit://[::1",
    "rabbit://::1]",
    "rabbit://[h]",
    "rabbit://[10.0.0.1]",
    "rabbit://[::1]x",
    "rabbit://a:b:c",
    "rabbit://h%31",
    "rabbit://a b",
    // Several hosts.
    "rabbit://h1,h2",
    "rabbit://h1:1,h2:2/v",
    "rabbit://u:p@h1:1,h2:2/v",
    "rabbit://u1:p1@h1:1,u2:p2@h2:2/v",
    "rabbit://u1:p1@h1:1,u2:p2@[::1]:2,u3:p3@h3/a%2Fb",
    "rabbit://h1,,h2/",
    "rabbit://,h1,",
    "rabbit://h1,h2:x",
    "rabbit://u:p,q@h",
    "rabbit://h1,h2/a;b",
    // Queries.
    "rabbit://h?",
    "rabbit://h/v?",
    "rabbit://h/v?heartbeat_timeout_threshold=7",
    "rabbit://h?heartbeat_timeout_threshold=7",
    "rabbit://h?heartbeat_timeout_threshold=+7",
    "rabbit://h?heartbeat_timeout_threshold=%37",
    "rabbit://h?heartbeat_timeout_threshold=",
    "rabbit://h?heartbeat_timeout_threshold",
    "rabbit://h?heartbeat_timeout_threshold=x",
    "rabbit://h?heartbeat_timeout_threshold=1&heartbeat_timeout_threshold=2",
    "rabbit://h?&&heartbeat_timeout_threshold=1&",
    "rabbit://h?amqp_durable_queues=Yes&amqp_auto_delete=off&rabbit_transient_queues_ttl=0",
    "rabbit://h?rabbit_retry_interval=2&rabbit_retry_backoff=0&rabbit_interval_max=9",
    "rabbit://h?rabbit_retry_interval=0",
    "rabbit://h?rabbit_qos_prefetch_count=5&kombu_reconnect_delay=0.5&kombu_failover_strategy=shuffle",
    "rabbit://h?kombu_reconnect_delay=5",
    "rabbit://h?kombu_failover_strategy=other",
    "rabbit://h?kombu_missing_consumer_retry_timeout=5&direct_mandatory_flag=false",
    "rabbit://h?kombu_reconnect_timeout=5",
    "rabbit://h?amqp_durable_queues=maybe",
    "rabbit://h?amqp_durable_queues=+true",
    "rabbit://h?rabbit_login_method=PLAIN&heartbeat_rate=4&rpc_conn_pool_size=9",
    "rabbit://h?rabbit_login_method=plain",
    "rabbit://h?ssl=false",
    "rabbit://h?unknown_option=1",
    "rabbit://h?Heartbeat_rate=1",
    "rabbit://h/v?x=a@b",
    "rabbit://h?rabbit_quorum_queue=false",
    "rabbit://h?rabbit_quorum_queue=true",
    "rabbit://h?kombu_compression=gzip",
    "rabbit://h?kombu_compression=application/x-gzip",
    "rabbit://h?kombu_compression=bzip2",
    "rabbit://h?kombu_compression=bz2",
    "rabbit://h?kombu_compression=",
    "rabbit://h?kombu_compression=none",
    "rabbit://h?conn_pool_min_size=5&rpc_conn_pool_size=3",
    "rabbit://h?rabbit_stream_fanout=true",
    "rabbit://h?rabbit_quorum_queue=true&rabbit_ha_queues=true",
    "rabbit://h/v?ssl=true#frag",
    // Other drivers, and none.
    "",
    "h",
    "h:5672",
    "//h/v",
    "://h/v",
    "1rabbit://h",
    "rabbit:h",
    "rabbit+foo://h/v",
    "rabbits://h/v",
    "rabbit://h:5671/v",
    "kombu://h/v",
    "kombu+rabbit://u:p@h/v",
    "kombu+amqp://h",
    "kombu+other://h",
    "kombu+memory://",
    "kombu+memory:////",
    "memory://",
    "amqp://h/v",
    "amqps://h/v",
    "zmq://h",
    "fake://",
];

/// What Python says of a URL.
#[derive(Deserialize)]
struct Answer {
    driver: Option<String>,
    #[serde(default)]
    hosts: Vec<Value>,
    #[serde(default)]
    options: BTreeMap<String, Value>,
    step: Option<String>,
    exception: Option<String>,
}

fn ask(urls: &[&str]) -> Vec<Answer> {
    let python = std::env::var("OSLO_TEST_PYTHON")
        .expect("OSLO_TEST_PYTHON is not set: this test asks a Python with oslo.messaging; run tests/run");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/url_table.py");
    let mut child = Command::new(python)
        .arg(script)
        .env("PYTHONWARNINGS", "ignore")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python of OSLO_TEST_PYTHON starts");
    let mut stdin = child.stdin.take().unwrap();
    let lines: String = urls.iter().map(|url| format!("{}\n", json!(url))).collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().expect("url_table.py reads every URL");
    assert!(output.status.success(), "url_table.py ended with {}", output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(answers.len(), urls.len(), "url_table.py answers every URL");
    answers
}

/// How our reading of a URL, or an option's default, differs from Python's, and both in words.
struct Difference {
    kind: &'static str,
    words: String,
}

/// What both sides make of the options that a URL does not set.
struct Defaults {
    ours: [(&'static str, Value); 14],
    pythons: BTreeMap<String, Value>,
}

impl Defaults {
    fn differences(&self) -> impl Iterator<Item = (String, Difference)> {
        let differ = self.ours.iter().filter(|(name, ours)| self.pythons.get(*name) != Some(ours));
        differ.map(|(name, ours)| {
            let words = format!("{ours} here, {:?} in Python", self.pythons.get(*name));
            ((*name).to_owned(), Difference { kind: "default", words })
        })
    }

    /// Whether both sides have the same value, or both their default.
    fn agree(&self, number: usize, (name, ours): &(&'static str, Value), pythons: Option<&Value>) -> bool {
        pythons == Some(ours) || (self.ours[number].1 == *ours && self.pythons.get(*name) == pythons)
    }
}

fn compare(url: &str, python: &Answer, defaults: &Defaults) -> Option<Difference> {
    let ours = url.parse::<TransportUrl>().map_err(|error| error.to_string()).and_then(|url| {
        let mut options = RabbitOptions::default();
        options.apply_query(&url).map_err(|error| error.to_string())?;
        Ok((url, options))
    });
    let difference = |kind, words| Some(Difference { kind, words });
    match (&ours, &python.driver) {
        (Err(_), None) => None,
        (Err(error), Some(driver)) => {
            difference("refused", format!("we say `{error}`, Python opens {driver} {:?}", python.hosts))
        }
        (Ok((url, _)), None) => {
            let (step, exception) = (python.step.as_deref(), python.exception.as_deref());
            difference(
                "accepted",
                format!("we open {}, Python raises {exception:?} at {step:?}", url.expose()),
            )
        }
        (Ok((url, options)), Some(driver)) => {
            let mut words = Vec::new();
            if url.scheme().as_str() != driver {
                words.push(format!("driver {} and {driver}", url.scheme()));
            }
            if url.scheme() == Scheme::Rabbit {
                let hosts = opened(url);
                if hosts != python.hosts {
                    words.push(format!("we open {hosts:?}, Python {:?}", python.hosts));
                }
                for (number, option) in named(options).iter().enumerate() {
                    let pythons = python.options.get(option.0);
                    if !defaults.agree(number, option, pythons) {
                        words.push(format!("{} is {} and {pythons:?}", option.0, option.1));
                    }
                }
            }
            if words.is_empty() { None } else { difference("differs", words.join("; ")) }
        }
    }
}

fn opened(url: &TransportUrl) -> Vec<Value> {
    let opened = url.hosts().iter().map(|host| {
        // kombu connects to this name's IPv4 address without asking.
        let name = if host.host == "localhost" { "127.0.0.1" } else { &host.host };
        json!({
            "host": name,
            "port": host.port,
            "username": host.username,
            "password": host.password.expose(),
            "virtual_host": url.virtual_host(),
        })
    });
    opened.collect()
}

/// Our options under Python's names, as Python prints them.
fn named(options: &RabbitOptions) -> [(&'static str, Value); 14] {
    let reply_retry_timeout =
        options.reply_retry_timeout.unwrap_or(TransportOptions::default().reply_retry_timeout);
    // What both sides write into the header `compression`.
    let compression = options.compression.map(Compression::header);
    [
        ("amqp_durable_queues", json!(options.durable_queues)),
        ("amqp_auto_delete", json!(options.auto_delete)),
        ("rabbit_transient_queues_ttl", json!(options.transient_queues_ttl.map_or(0, |ttl| ttl.as_secs()))),
        ("rabbit_qos_prefetch_count", json!(options.prefetch)),
        ("heartbeat_timeout_threshold", json!(options.heartbeat.as_secs())),
        ("rabbit_retry_interval", json!(options.retry_interval.as_secs())),
        ("rabbit_retry_backoff", json!(options.retry_backoff.as_secs())),
        ("rabbit_interval_max", json!(options.retry_interval_max.as_secs())),
        ("kombu_reconnect_delay", json!(options.reconnect_delay.as_secs_f64())),
        ("kombu_failover_strategy", json!(if options.shuffle_failover { "shuffle" } else { "round-robin" })),
        ("kombu_missing_consumer_retry_timeout", json!(reply_retry_timeout.as_secs())),
        ("kombu_compression", json!(compression)),
        ("direct_mandatory_flag", json!(options.direct_mandatory)),
        ("ssl", json!(false)),
    ]
}

/// The lines `kind | URL or option | reason` of the list.
fn expected() -> BTreeMap<String, &'static str> {
    let lines = include_str!("../EXPECTED_DIFFERENCES").lines();
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut expected = BTreeMap::new();
    for line in entries {
        let parts: Vec<_> = line.splitn(3, " | ").collect();
        let [kind, what, reason] = parts[..] else {
            panic!("EXPECTED_DIFFERENCES: `{line}` has no three parts")
        };
        assert!(!reason.trim().is_empty(), "EXPECTED_DIFFERENCES: `{line}` gives no reason");
        let what = if what == "(empty)" { "" } else { what };
        assert!(expected.insert(what.to_owned(), kind).is_none(), "EXPECTED_DIFFERENCES has {what} twice");
    }
    expected
}

#[test]
fn transport_urls_mean_what_they_mean_to_python() {
    const { assert!(URLS.len() >= 60) };
    let answers = ask(URLS);
    assert_eq!(URLS[0], "rabbit://", "the first URL leaves every option at its default");
    let defaults = Defaults { ours: named(&RabbitOptions::default()), pythons: answers[0].options.clone() };
    let of_urls = URLS.iter().zip(&answers).filter_map(|(url, answer)| {
        compare(url, answer, &defaults).map(|difference| ((*url).to_owned(), difference))
    });
    let mut expected = expected();
    let mut wrong = Vec::new();
    for (what, found) in defaults.differences().chain(of_urls) {
        if expected.remove(&what) != Some(found.kind) {
            wrong.push(format!("{} | {what} | is not listed: {}", found.kind, found.words));
        }
    }
    wrong.extend(expected.iter().map(|(what, kind)| format!("{kind} | {what} | is listed and not found")));
    assert!(wrong.is_empty(), "{} of {} URLs:\n{}", wrong.len(), URLS.len(), wrong.join("\n"));
}
