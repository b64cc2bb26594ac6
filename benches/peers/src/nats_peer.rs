//! async-nats: request and reply through a nats-server of our own. Unroutable is a subject without responders.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use async_nats::client::RequestErrorKind;
use bench_load::{Client, Failure, Queue};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::message::{compare, other};
use crate::{Result, Serving};

/// How long nats-server may take to listen.
const START: Duration = Duration::from_secs(10);
/// Largest payload; the server's default is 1 MiB, which the largest of the table exceeds by its quotes.
const PAYLOAD: usize = 8 << 20;
const SUBJECT: &str = "echo";

/// Carried as JSON, as by the others that do not bring a format.
#[derive(Serialize, Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    data: std::borrow::Cow<'a, str>,
}

/// A nats-server in a folder of its own, stopped by its own process id.
pub(crate) struct Broker {
    process: Child,
    folder: PathBuf,
    address: String,
}

impl Broker {
    async fn start() -> Result<Self> {
        let port = free_port()?;
        let folder = std::env::temp_dir().join(format!("bench-nats-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let configuration = folder.join("nats.conf");
        std::fs::write(
            &configuration,
            format!(
                "host: 127.0.0.1\nport: {port}\nmax_payload: {PAYLOAD}\nlog_file: {:?}\n",
                folder.join("log")
            ),
        )?;
        let process = Command::new("nats-server")
            .arg("-c")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| {
                format!("cannot start nats-server: {error}; Debian: apt-get install nats-server")
            })?;
        Ok(Self { process, folder, address: format!("nats://127.0.0.1:{port}") })
    }

    async fn client(&self) -> Result<async_nats::Client> {
        let begun = Instant::now();
        loop {
            match async_nats::connect(&self.address).await {
                Ok(client) => return Ok(client),
                Err(error) if begun.elapsed() > START => return Err(error.into()),
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        self.process.kill().await?;
        Ok(std::fs::remove_dir_all(&self.folder)?)
    }
}

pub(crate) async fn serve() -> Result<Serving> {
    let broker = Broker::start().await?;
    let client = broker.client().await?;
    let mut requests = client.subscribe(SUBJECT).await?;
    client.flush().await?;
    tokio::spawn(async move {
        while let Some(request) = requests.next().await {
            let client = client.clone();
            tokio::spawn(async move {
                if let Err(fault) = answer(&client, request).await {
                    eprintln!("bench-peers: a request failed: {fault}");
                }
            });
        }
    });
    Ok(Serving { address: broker.address.clone(), broker: Some(broker) })
}

async fn answer(client: &async_nats::Client, request: async_nats::Message) -> Result<()> {
    let message: Message<'_> = serde_json::from_slice(&request.payload)?;
    let reply = request.reply.ok_or("a request without a reply subject")?;
    Ok(client.publish(reply, serde_json::to_vec(&message)?.into()).await?)
}

pub(crate) async fn connect(url: &str) -> Result<NatsClient> {
    let options = async_nats::ConnectOptions::new().request_timeout(Some(bench_load::TAIL));
    Ok(NatsClient(options.connect(url).await?))
}

pub(crate) struct NatsClient(async_nats::Client);

impl Client for NatsClient {
    async fn send(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        let subject = match queue {
            Queue::Served => SUBJECT,
            Queue::Missing => "missing",
        };
        let body = serde_json::to_vec(&Message { data: data.into() }).map_err(other)?;
        match self.0.request(subject, body.into()).await {
            Ok(reply) => {
                let echo: Message<'_> = serde_json::from_slice(&reply.payload).map_err(other)?;
                compare(data, &echo.data)
            }
            Err(error) if error.kind() == RequestErrorKind::NoResponders => {
                Err(Failure::Unroutable(error.to_string()))
            }
            Err(error) => Err(other(error)),
        }
    }

    async fn handled(&self) -> Result<Option<u64>, Failure> {
        Ok(None)
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
