//! The broker's management API: how many connections and channels there are.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::error::{Error, Result};

/// `guest:guest` in base64.
const CREDENTIALS: &str = "Z3Vlc3Q6Z3Vlc3Q=";
/// The API learns of connections and channels some time after they are there: as often the same means settled.
const SAME: usize = 6;
const BETWEEN: Duration = Duration::from_millis(500);
/// Looks that a change may take.
const MOST: usize = 60;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Counts {
    pub(super) connections: usize,
    pub(super) channels: usize,
}

impl Counts {
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            connections: self.connections.saturating_sub(before.connections),
            channels: self.channels.saturating_sub(before.channels),
        }
    }
}

pub(super) struct Api {
    address: String,
}

impl Api {
    pub(super) fn new(address: &str) -> Self {
        Self { address: address.to_owned() }
    }

    /// The counts, once they do not change any more.
    pub(super) async fn settled(&self) -> Result<Counts> {
        self.settled_when(|_| true).await
    }

    /// The same once they are as `wanted`.
    pub(super) async fn settled_when(&self, wanted: impl Fn(Counts) -> bool) -> Result<Counts> {
        let (mut last, mut same) = (self.counts().await?, 1);
        for _ in 0..MOST {
            if same >= SAME && wanted(last) {
                return Ok(last);
            }
            sleep(BETWEEN).await;
            let now = self.counts().await?;
            same = if now == last { same + 1 } else { 1 };
            last = now;
        }
        Err(Error::Peer(format!("the broker counts {last:?}, and that does not become what it should")))
    }

    async fn counts(&self) -> Result<Counts> {
        Ok(Counts {
            connections: self.length("connections").await?,
            channels: self.length("channels").await?,
        })
    }

    async fn length(&self, of: &str) -> Result<usize> {
        let wrong = |what: &str| Error::Peer(format!("the management API at {} {what}", self.address));
        let mut stream =
            TcpStream::connect(&self.address).await.map_err(|error| wrong(&error.to_string()))?;
        let request =
            format!("GET /api/{of}?columns=name HTTP/1.0\r\nAuthorization: Basic {CREDENTIALS}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| wrong("does not speak HTTP"))?;
        let body: Option<Value> = serde_json::from_str(body).ok();
        let refused = || wrong(&format!("answers {:?} for {of}", head.lines().next().unwrap_or_default()));
        body.and_then(|body| Some(body.as_array()?.len())).ok_or_else(refused)
    }
}
