//! A scenario as it was recorded between two Python peers: `tests/captures/*.json`.

use super::step::{Step, steps_of};
use crate::environment::package_folder;
use crate::proxy::message::Message;
use crate::proxy::record::{Direction, Record};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
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
        let folder = package_folder("captures");
        let files =
            std::fs::read_dir(&folder).expect("tests/captures").map(|entry| entry.expect("an entry").path());
        let mut captures: Vec<Self> = files
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .map(|path| {
                let text = std::fs::read_to_string(&path).expect("a readable capture");
                serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
            })
            .collect();
        captures.sort_by(|a, b| a.scenario.cmp(&b.scenario));
        captures
    }
}

impl PeerCapture {
    /// How often `method` was sent.
    pub fn count(&self, method: &str) -> usize {
        self.0.iter().filter(|sent| sent.method == method).count()
    }

    /// What was sent, normalised.
    pub fn steps(&self) -> Vec<Step> {
        let records: Vec<_> = self.0.iter().map(Sent::record).collect();
        let read = |record: &Record| {
            let body = record.body.as_deref().expect("a captured publish has a body");
            Message::read(body, &Value::Null).expect("a captured body is an oslo message")
        };
        steps_of(&records, read)
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
