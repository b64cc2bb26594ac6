//! A scenario as it was recorded between two Python peers: `tests/captures/*.json`.

use super::step::{Step, steps_of};
use crate::environment::package_folder;
use crate::proxy::message::Message;
use crate::proxy::record::{Direction, Record};
use crate::proxy::settled::settled;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A recorded scenario: what was run, and what each peer sent.
#[derive(Debug, Clone, Deserialize)]
pub struct Capture {
    /// Its name.
    pub scenario: String,
    /// What it shows.
    pub what: String,
    /// Servers in the order of their start: `server`, `topic`, `exchange`, `conf`.
    pub servers: Vec<Value>,
    /// Options of the client.
    pub client_conf: Value,
    /// The requests of the client, one after another, as `tests/python/peer_client.py` takes them.
    pub requests: Vec<Value>,
    /// What each peer sent: `server`, `server2`, `client`.
    pub peers: BTreeMap<String, PeerCapture>,
}

/// A recorded scenario of notifications.
#[derive(Debug, Clone, Deserialize)]
pub struct NotifyCapture {
    /// Its name.
    pub scenario: String,
    /// What it shows.
    pub what: String,
    /// Listeners in the order of their start, as `tests/python/peer_listener.py` takes them. One that is `late` starts when
    /// everything has been sent.
    pub listeners: Vec<Value>,
    /// Notifiers, one after another: `driver`, `conf`, and `requests` as `tests/python/peer_notifier.py` takes them.
    pub notifiers: Vec<Value>,
    /// What each peer sent: `listener`, `listener2`, `notifier`, ...
    pub peers: BTreeMap<String, PeerCapture>,
}

/// What one peer sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct PeerCapture(Vec<Sent>);

#[derive(Debug, Clone, Deserialize)]
struct Sent {
    connection: usize,
    channel: u16,
    method: String,
    args: Value,
    #[serde(default)]
    properties: Value,
    /// A compressed body is kept as what it decompresses to.
    body: Option<String>,
}

impl Capture {
    /// All of them, by name.
    pub fn all() -> Vec<Self> {
        all("captures")
    }
}

impl NotifyCapture {
    /// All of them, by name.
    pub fn all() -> Vec<Self> {
        all("captures/notify")
    }
}

/// What the files of a folder hold, in the order of their names.
fn all<T: DeserializeOwned>(folder: &str) -> Vec<T> {
    let files = std::fs::read_dir(package_folder(folder)).expect("a folder of captures");
    let mut paths: Vec<_> = files
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a readable capture");
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    };
    paths.iter().map(read).collect()
}

impl PeerCapture {
    /// How many deliveries were settled.
    pub fn settled(&self) -> usize {
        settled(&self.records())
    }

    /// What was sent, normalised.
    pub fn steps(&self) -> Vec<Step> {
        let read = |record: &Record| {
            let body = record.body.as_deref().expect("a captured publish has a body");
            Message::read(body, &Value::Null).expect("a captured body is an oslo message")
        };
        steps_of(&self.records(), read)
    }

    fn records(&self) -> Vec<Record> {
        self.0.iter().map(Sent::record).collect()
    }
}

impl Sent {
    fn record(&self) -> Record {
        Record {
            at: Duration::ZERO,
            connection: self.connection,
            direction: Direction::ToBroker,
            channel: self.channel,
            method: self.method.clone(),
            args: self.args.clone(),
            properties: self.properties.clone(),
            body: self.body.as_ref().map(|body| Arc::from(body.as_bytes())),
        }
    }
}
