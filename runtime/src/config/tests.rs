//! Files and environments in, typed options or an error with its place out.

use super::*;
use crate::notify::DriverName;
use proptest::prelude::*;
use std::path::Path;
use std::time::Duration;

const MARKER: &str = "m4rk3r-pw";

/// A directory of its own that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("oslo-messaging-config-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn load_with(text: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let scratch = Scratch::new();
    let file = scratch.write("nova.conf", text);
    Config::builder().file(file).environment(environment.iter().copied()).load()
}

fn load(text: &str) -> Result<Config, ConfigError> {
    load_with(text, &[])
}

fn refusal(text: &str) -> String {
    load(text).expect_err(text).to_string()
}

#[test]
fn an_empty_file_gives_the_defaults() {
    let config = load("").unwrap();
    assert_eq!(config.transport_url(), &"rabbit://".parse().unwrap());
    assert_eq!(config.transport_options(), &TransportOptions::default());
    assert_eq!(config.rabbit_options(), &RabbitOptions::default());
    assert!(config.deny_unknown().is_ok());
}

#[test]
fn a_service_file_is_read_and_other_groups_are_left_alone() {
    let config = load(
        "[DEFAULT]\n\
         debug = true\n\
         my_ip = 10.0.0.5\n\
         transport_url = rabbit://nova:pw@$my_ip:5673,\n\
         \x20 nova:pw@rabbit-2/nova?rabbit_retry_interval=4\n\
         control_exchange = nova\n\
         rpc_response_timeout = 180\n\
         rpc_thread_pool_size = 16\n\
         rpc_ping_enabled = true\n\
         [database]\n\
         connection = mysql://nova:pw@db/nova\n\
         [oslo_messaging_rabbit]\n\
         amqp_durable_queues = True\n\
         rabbit_transient_queues_ttl: 60\n\
         rabbit_qos_prefetch_count = 10\n\
         heartbeat_timeout_threshold = 30\n\
         heartbeat_in_pthread = true\n\
         rabbit_login_method = PLAIN\n\
         rabbit_retry_interval = 2\n\
         rabbit_retry_interval = 3\n\
         kombu_reconnect_timeout = 20\n\
         rabbit_quorum_queue = false\n",
    )
    .unwrap();
    assert_eq!(
        config.transport_url().to_string(),
        "rabbit://nova:***@10.0.0.5:5673,nova:***@rabbit-2:5672/nova?rabbit_retry_interval=4"
    );
    let transport = config.transport_options();
    assert_eq!(transport.control_exchange, "nova");
    assert_eq!(transport.rpc_response_timeout, Duration::from_secs(180));
    assert_eq!(transport.executor_thread_pool_size, 16);
    assert!(transport.rpc_ping_enabled);
    let rabbit = config.rabbit_options();
    assert!(rabbit.durable_queues);
    assert_eq!(rabbit.transient_queues_ttl, Some(Duration::from_secs(60)));
    assert_eq!(rabbit.prefetch, Some(10));
    assert_eq!(rabbit.heartbeat, Duration::from_secs(30));
    assert_eq!(rabbit.reply_retry_timeout, Some(Duration::from_secs(20)));
    assert_eq!(rabbit.retry_interval, Duration::from_secs(4), "the query wins");
    assert_eq!(config.unknown(), []);
}

#[test]
fn later_files_win_then_directories_then_the_environment() {
    let scratch = Scratch::new();
    let options = |exchange: &str, timeout: u32| {
        format!("[DEFAULT]\ncontrol_exchange = {exchange}\nrpc_response_timeout = {timeout}\n")
    };
    let first = scratch.write("first", &options("first", 1));
    let second = scratch.write("second", "[DEFAULT]\ncontrol_exchange = second\n");
    scratch.write("20.conf", &options("twenty", 20));
    scratch.write("10.conf", &options("ten", 10));
    scratch.write("30.conf.bak", &options("thirty", 30));
    scratch.write(".40.conf", &options("forty", 40));
    let read = |builder: ConfigBuilder| {
        let options = builder.load().unwrap().transport;
        (options.control_exchange, options.rpc_response_timeout.as_secs())
    };
    let builder = Config::builder().file(first).file(second);
    assert_eq!(read(builder.clone()), ("second".to_owned(), 1));
    let builder = builder.dir(&scratch.0);
    assert_eq!(read(builder.clone()), ("twenty".to_owned(), 20));
    let builder = builder.environment([("OS_DEFAULT__CONTROL_EXCHANGE", "env"), ("HOME", "/")]);
    assert_eq!(read(builder), ("env".to_owned(), 20));
}

#[test]
fn the_options_before_transport_url_still_say_where_the_broker_is() {
    let url = |text: &str| load(text).unwrap().transport_url.expose();
    for (text, expected) in [
        ("[DEFAULT]\nrpc_backend = rabbit\n", "rabbit://guest:guest@localhost:5672/"),
        (
            "[DEFAULT]\nrpc_backend = nova.rpc.impl_kombu\nrabbit_host = h\nrabbit_password = p/w\n",
            "rabbit://guest:p%2Fw@h:5672/",
        ),
        (
            "[oslo_messaging_rabbit]\nrabbit_hosts = h1, h2:5674,[::1]:9\nrabbit_port = 5673\nrabbit_userid = u\n\
             rabbit_password = p\nrabbit_virtual_host = a/b\n",
            "rabbit://u:p@h1:5673,u:p@h2:5674,u:p@[::1]:9/a/b",
        ),
        ("[rabbit]\nhost = h\nport = 1\nuserid = u\npassword = p\nvirtual_host = /\n", "rabbit://u:p@h:1/"),
        (
            "[DEFAULT]\nrabbit_host = h\nrabbit_port = 7\n[oslo_messaging_rabbit]\n\
             rabbit_hosts = $rabbit_host:$rabbit_port\n",
            "rabbit://guest:guest@h:7/",
        ),
        ("[DEFAULT]\nrpc_backend = memory\n", "memory:///"),
        ("[DEFAULT]\nhost = compute-1\nport = 99\n", "rabbit://guest:guest@localhost:5672/"),
        ("[DEFAULT]\nrabbit_host = old\ntransport_url = rabbit://new\n", "rabbit://guest:guest@new:5672/"),
    ] {
        assert_eq!(url(text), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_named_with_file_and_line() {
    for (text, words) in [
        ("[DEFAULT]\nbad line\n", "nova.conf:2: the line is no `key = value`"),
        ("[DEFAULT]\ntransport_url = zmq://h\n", "nova.conf:2: no driver for transport URL scheme `zmq`"),
        ("[DEFAULT]\ntransport_url =\n", "nova.conf:2: the transport URL is empty"),
        ("[DEFAULT]\nrpc_backend = qpid\n", "nova.conf:2: no driver for transport URL scheme `qpid`"),
        ("[DEFAULT]\nrabbit_port = x\n", "nova.conf:2: option `rabbit_port` takes a whole number"),
        ("[DEFAULT]\nrabbit_host = h\nrabbit_port = 5671\n", "port 5671 asks for TLS"),
        ("[DEFAULT]\nrpc_response_timeout = soon\n", "nova.conf:2: option `rpc_response_timeout` takes"),
        (
            "[DEFAULT]\ncontrol_exchange = $nope\n",
            "nova.conf:2: option `control_exchange` has a `$` before `nope`",
        ),
        ("[DEFAULT]\ncontrol_exchange = $control_exchange\n", "leads back to itself"),
        (
            "[oslo_messaging_rabbit]\n\nrabbit_quorum_queue = true\n",
            "nova.conf:3: option `rabbit_quorum_queue` asks for quorum queues, which is not there yet",
        ),
        (
            "[oslo_messaging_notifications]\ndriver = log\ndriver = mesaging\n",
            "nova.conf:3: option `driver` takes one of messaging, messagingv2, routing, log, test, noop; \
             did you mean messaging?",
        ),
        ("[oslo_messaging_notifications]\nretry = -5\n", "nova.conf:2: option `retry` takes a whole number"),
        ("[rpc_notifier2]\ntopics = ,\n", "nova.conf:2: option `topics` takes names of topics"),
        (
            "[oslo_messaging_notifications]\ntransport_url = zmq://h\n",
            "nova.conf:2: no driver for transport URL scheme `zmq`",
        ),
        ("[oslo_messaging_rabbit]\nssl = yes\n", "option `ssl` asks for TLS, which is not there yet"),
        ("[rabbit]\nrabbit_use_ssl = true\n", "option `rabbit_use_ssl` asks for TLS"),
        (
            "[DEFAULT]\ntransport_url = rabbit://h?zzz=1\n",
            "query of the transport URL: option `zzz` is unknown",
        ),
    ] {
        let error = refusal(text);
        assert!(error.contains(words), "{text}: {error}");
    }
    let error = Config::from_files(["/nowhere/nova.conf"]).unwrap_err().to_string();
    assert!(error.contains("/nowhere/nova.conf: cannot be read"), "{error}");
    let error = load_with("", &[("OS_DEFAULT__RPC_PING_ENABLED", "?")]).unwrap_err().to_string();
    assert_eq!(
        error,
        "environment variable OS_DEFAULT__RPC_PING_ENABLED: option `rpc_ping_enabled` takes true or false"
    );
    let scratch = Scratch::new();
    std::fs::write(scratch.0.join("bin"), b"[DEFAULT]\na = \xff\n").unwrap();
    let error = Config::builder().file(scratch.0.join("bin")).load().unwrap_err().to_string();
    assert!(error.contains("line 2 is not UTF-8"), "{error}");
}

#[test]
fn what_is_said_of_notifications_is_read_under_present_and_older_names() {
    let config = load("").unwrap();
    assert_eq!(config.notification_options(), &NotificationOptions::default());
    assert_eq!(config.notification_transport_url(), config.transport_url());

    let config = load(
        "[DEFAULT]\n\
         transport_url = rabbit://rpc?rabbit_retry_interval=4\n\
         exchange = nova\n\
         [oslo_messaging_rabbit]\n\
         rabbit_retry_interval = 2\n\
         [oslo_messaging_notifications]\n\
         driver = messagingv2\n\
         driver = log\n\
         topics = notifications, $exchange\n\
         retry = 3\n\
         routing_config = /etc/nova/routing.yaml\n\
         transport_url = rabbit://u:pw@events?heartbeat_rate=5\n",
    )
    .unwrap();
    let options = config.notification_options();
    assert_eq!(options.drivers, [DriverName::MessagingV2, DriverName::Log]);
    assert_eq!(options.topics, ["notifications", "nova"]);
    assert_eq!(options.retry, Some(3));
    assert_eq!(options.routing_config.as_deref(), Some(Path::new("/etc/nova/routing.yaml")));
    assert_eq!(config.notification_transport_url().hosts()[0].host, "events");
    let interval = |options: &RabbitOptions| options.retry_interval.as_secs();
    assert_eq!(interval(config.rabbit_options()), 4);
    assert_eq!(interval(config.notification_rabbit_options()), 2, "the query of another URL is not its own");

    let config = load(
        "[DEFAULT]\n\
         notification_driver = messaging\n\
         notification_transport_url = memory://old\n\
         routing_notifier_config = r\n\
         notification_topics = a\n\
         [rpc_notifier2]\n\
         topics = b,c\n\
         [oslo_messaging_notifications]\n\
         driver = noop\n\
         transport_url =\n",
    )
    .unwrap();
    let options = config.notification_options();
    assert_eq!(options.drivers, [DriverName::Messaging, DriverName::Noop], "the older name's come first");
    assert_eq!((options.topics.join("+"), options.routing_config.is_some()), ("b+c".to_owned(), true));
    assert_eq!(config.notification_transport_url(), &"rabbit://".parse().unwrap(), "empty is not set");
    assert_eq!(config.unknown(), []);
}

#[test]
fn drivers_of_all_files_are_used_and_the_environment_stands_for_all() {
    let scratch = Scratch::new();
    let drivers = |drivers: &[&str]| {
        let lines: String = drivers.iter().map(|driver| format!("driver = {driver}\n")).collect();
        format!("[oslo_messaging_notifications]\n{lines}")
    };
    let first = scratch.write("first", &drivers(&["log", "noop"]));
    let second = scratch.write("second", &drivers(&["test", "log"]));
    let builder = Config::builder().file(first).file(second);
    let read = |builder: ConfigBuilder| builder.load().unwrap().notification_options().drivers.clone();
    assert_eq!(read(builder.clone()), [DriverName::Log, DriverName::Noop, DriverName::Test]);
    let builder = builder.environment([("OS_OSLO_MESSAGING_NOTIFICATIONS__DRIVER", "messaging")]);
    assert_eq!(read(builder), [DriverName::Messaging]);
}

#[test]
fn unknown_options_are_named_and_a_services_own_are_not() {
    let config = load_with(
        "[DEFAULT]\n\
         hostname = a\n\
         rpc_response_timout = 5\n\
         rabbit_retry_interval = 5\n\
         default_availability_zone = x\n\
         [default]\n\
         transport_url = rabbit://lost\n\
         [oslo_messaging_rabbit]\n\
         hearbeat_rate = 3\n\
         zzz = 1\n\
         host = h\n\
         [oslo_messaging_rabit]\n\
         ssl = true\n\
         [oslo_messaging_notifications]\n\
         driver = messagingv2\n\
         topic = a\n\
         [oslo_messaging_notification]\n\
         topics = a\n",
        &[("OS_OSLO_MESSAGING_RABBIT__YYY", "1"), ("OS_OSLO_MESSAGING_RABBIT__SSL", "false")],
    )
    .unwrap();
    let named: Vec<_> =
        config.unknown().iter().map(|option| (option.name.as_str(), option.like.as_deref())).collect();
    assert_eq!(
        named,
        [
            ("rpc_response_timout", Some("[DEFAULT] rpc_response_timeout")),
            ("rabbit_retry_interval", Some("[oslo_messaging_rabbit] rabbit_retry_interval")),
            ("transport_url", Some("[DEFAULT] transport_url")),
            ("hearbeat_rate", Some("[oslo_messaging_rabbit] heartbeat_rate")),
            ("zzz", None),
            ("ssl", Some("[oslo_messaging_rabbit] ssl")),
            ("topic", Some("[oslo_messaging_notifications] topics")),
            ("topics", Some("[oslo_messaging_notifications] topics")),
            ("yyy", None),
        ]
    );
    let error = config.deny_unknown().unwrap_err().to_string();
    assert!(
        error.contains("nova.conf:9: [oslo_messaging_rabbit] hearbeat_rate is unknown; did you mean"),
        "{error}"
    );
}

#[test]
fn no_error_and_no_debug_output_shows_a_password() {
    for text in [
        "[DEFAULT]\ntransport_url = rabbit://u:{}@h/v\n",
        "[DEFAULT]\ntransport_url = rabbit://u:{}@h:x/v\n",
        "[DEFAULT]\ntransport_url = rabbit://u:${}@h/v\n",
        "[DEFAULT]\ntransport_url = {}\n",
        "[DEFAULT]\ntransport_url = rabbit://u:{}@h?ssl=1\n",
        "[DEFAULT]\ntransport_url\n {}\n",
        "[DEFAULT]\n {}\n",
        "[DEFAULT]\n{}\n",
        "[{}\n",
        "rabbit_password = {}\n",
        "[DEFAULT]\nrpc_backend = rabbit\nrabbit_password = {}\n",
        "[DEFAULT]\nrabbit_host = h:x\nrabbit_password = {}\n",
        "[rabbit]\npassword = ${}\n",
        "[rabbit]\nport = {}\n",
        "[DEFAULT]\nrpc_response_timeout = {}\n",
        "[oslo_messaging_notifications]\ntransport_url = rabbit://u:{}@h\n",
        "[oslo_messaging_notifications]\ntransport_url = rabbit://u:${}@h\n",
        "[DEFAULT]\nnotification_transport_url = rabbit://u:{}@h:x\n",
        "[oslo_messaging_notifications]\ndriver = {}\n",
        "[oslo_messaging_notifications]\nretry = {}\n",
        "[oslo_messaging_rabbit]\nssl = {}\n",
        "[oslo_messaging_rabbit]\nheartbeat_timeout_threshold = {}\n",
        "[oslo_messaging_rabbit]\nsssl_key = {}\n",
    ] {
        let shown = match load(&text.replace("{}", MARKER)) {
            Ok(config) => format!("{config:?} {}", config.transport_url()),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!shown.contains(MARKER) && !shown.contains("m4rk3r"), "{text} shows {shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn random_values_are_taken_or_refused(
        name in prop::sample::select(RabbitOptions::names().collect::<Vec<_>>()),
        value in "[ -~é]{0,12}",
        url in "[ -~]{0,30}",
    ) {
        let _ = load(&format!("[DEFAULT]\ntransport_url = rabbit://{url}\n[oslo_messaging_rabbit]\n{name} = {value}\n"));
    }
}

#[test]
fn the_file_of_an_error_can_be_had() {
    let Err(ConfigError::Syntax { path, line: 1, .. }) = load("x") else { panic!("no syntax error") };
    assert_eq!(path.file_name(), Path::new("nova.conf").file_name());
}
