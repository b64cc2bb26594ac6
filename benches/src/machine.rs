//! What the figures depend on: the machine and the versions of all that took part.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use oslo_messaging::transport::TransportUrl;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::cli::Tools;
use crate::peers::python_interpreter;

const LOCK: &str = include_str!("../../Cargo.lock");
const PEERS_LOCK: &str = include_str!("../peers/Cargo.lock");

const PROFILE: &str = "The workspace's release profile, no LTO, system allocator.";

/// A paragraph on all that `bench suite` measures.
pub(crate) async fn describe(url: &str, tools: &Tools) -> String {
    let versions = |lock, names: &[&str]| -> String {
        let each = names.iter().map(|name| format!("{name} {}", locked(lock, name)));
        each.collect::<Vec<_>>().join(", ")
    };
    let peers = versions(PEERS_LOCK, &["tonic", "tarpc", "jsonrpsee", "async-nats"]) + &nats_server();
    let ours = describe_ours(url, tools).await;
    format!("{ours}; {}; {peers}. {PROFILE} {}.", versions(LOCK, &["lapin"]), today())
}

/// A paragraph on what is measured without other frameworks.
pub(crate) async fn describe_without_peers(url: &str, tools: &Tools) -> String {
    format!("{}. {PROFILE} {}.", describe_ours(url, tools).await, today())
}

async fn describe_ours(url: &str, tools: &Tools) -> String {
    let broker = broker(url).await.unwrap_or_else(|| "a broker of unknown version".to_owned());
    let python = python(&python_interpreter(tools.python.as_ref()));
    format!("{}. {broker}; {python}; {}", hardware(), first_line("rustc", &["--version"]))
}

fn hardware() -> String {
    let cpu = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory =
        field("/proc/meminfo", "MemTotal").and_then(|total| total.split(' ').next()?.parse::<u64>().ok());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let gigabytes = memory.unwrap_or(0).div_ceil(1 << 20);
    format!("{cores} cores ({cpu}), {gigabytes} GB, Linux {}", kernel.trim())
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// Product and version, from the first thing that a broker says.
async fn broker(url: &str) -> Option<String> {
    let address = address(url)?;
    let hello = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(b"AMQP\x00\x00\x09\x01").await.ok()?;
        let mut start = vec![0; 4096];
        let length = stream.read(&mut start).await.ok()?;
        let named = |name: &str| long_string(&start[..length], name);
        Some(format!("{} {} ({})", named("product")?, named("version")?, named("platform")?))
    };
    timeout(Duration::from_secs(5), hello).await.ok()?
}

/// Host and port of the first node; a URL may leave the port out.
fn address(url: &str) -> Option<String> {
    Some(url.parse::<TransportUrl>().ok()?.hosts().first()?.node())
}

/// The long string under `name` in a table of AMQP: the name with its length before it, `S`, a length, the text.
fn long_string(table: &[u8], name: &str) -> Option<String> {
    let head = [&[name.len() as u8], name.as_bytes(), b"S"].concat();
    let begin = table.windows(head.len()).position(|window| window == head)? + head.len();
    let length = u32::from_be_bytes(table.get(begin..begin + 4)?.try_into().ok()?) as usize;
    let text = table.get(begin + 4..begin + 4 + length)?;
    Some(String::from_utf8_lossy(text).into_owned())
}

fn python(interpreter: &PathBuf) -> String {
    let script = "import importlib.metadata as m, platform; print('Python', platform.python_version() + ' with ' + \
                  ', '.join(p + ' ' + m.version(p) for p in ('oslo.messaging', 'kombu', 'amqp')))";
    first_line(interpreter, &["-c", script])
}

fn nats_server() -> String {
    let version = first_line("nats-server", &["--version"]);
    if version.starts_with("nats-server") {
        format!(", {}", version.replace(": v", " "))
    } else {
        String::new()
    }
}

fn first_line(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
    let name = program.as_ref().to_string_lossy().into_owned();
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    text.and_then(|text| text.lines().next().map(str::to_owned)).unwrap_or_else(|| format!("unknown {name}"))
}

fn locked<'a>(lock: &'a str, name: &str) -> &'a str {
    let entry = format!("name = \"{name}\"\nversion = \"");
    lock.split_once(&entry).and_then(|(_, rest)| rest.split('"').next()).unwrap_or("of unknown version")
}

fn today() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_lock() {
        assert!(locked(LOCK, "lapin").starts_with("4."));
        assert_eq!(locked(LOCK, "no-such-crate"), "of unknown version");
    }

    #[test]
    fn a_broker_is_asked_at_its_port_whether_the_url_has_one_or_not() {
        let of = |url| address(url).unwrap();
        assert_eq!(of("rabbit://guest:guest@127.0.0.1:5673/"), "127.0.0.1:5673");
        assert_eq!(of("rabbit://guest:guest@host/cloud"), "host:5672");
        assert_eq!(of("rabbit://host?heartbeat_rate=3"), "host:5672");
        assert_eq!(of("rabbit://a:b@[::1]/"), "[::1]:5672");
    }

    #[test]
    fn a_long_string_is_found_in_a_table() {
        assert_eq!(long_string(b"\x01x\x07versionS\0\0\0\x063.10.8rest", "version").unwrap(), "3.10.8");
        assert!(long_string(b"\x07versionS\0\0\0\xff3.10.8", "version").is_none());
    }
}
