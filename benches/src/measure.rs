//! One measurement: a server and a client process of one peer, their CPU over the window, their peak memory after it.

use std::time::Duration;

use crate::broker::{clean_up, is_in_process};
use crate::child::Child;
use crate::cli::RunOptions;
use crate::error::Result;
use crate::events::{ClientResult, Event};
use crate::peers::{Contender, SERVER_NAME};
use crate::process::{cpu_seconds, machine_busy_seconds, peak_rss_kb};

/// How long a process may take to start, and beyond its own times to say what it did.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one round of one peer gave.
#[derive(Debug, Clone)]
pub(crate) struct Measurement {
    pub(crate) client: ClientResult,
    pub(crate) client_use: Use,
    /// None where the server lives in the client's process.
    pub(crate) server_use: Option<Use>,
    /// CPU seconds of the broker, where its process was named.
    pub(crate) broker_cpu: Option<f64>,
    /// Cores kept busy during the window by processes that are none of the above.
    pub(crate) other_cores: f64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Use {
    pub(crate) cpu: f64,
    pub(crate) rss_kb: u64,
}

/// Measures `contender` once. `number` keeps the topics of one run apart.
pub(crate) async fn measure(
    contender: Contender,
    options: &RunOptions,
    inflight: usize,
    number: usize,
) -> Result<Measurement> {
    let topic = format!("bench-{}-{number}", std::process::id());
    let who = |role| format!("{} {role}", contender.name());
    let in_process = is_in_process(&options.url);
    let mut server = None;
    if !in_process {
        let mut started = Child::start(who("server"), contender.server_command(options, &topic)?)?;
        started.expect("readiness", PATIENCE, |event| matches!(event, Event::Ready).then_some(())).await?;
        server = Some(started);
    }
    let mut client = Child::start(who("client"), contender.client_command(options, &topic, inflight)?)?;
    let server_pid = server.as_ref().map(Child::pid);
    let outcome = observe(&mut client, server_pid, options).await;
    // In this order the server outlives the client's last call.
    client.close().await?;
    if let Some(server) = server {
        server.close().await?;
    }
    if !in_process {
        clean_up(&options.url, &topic, SERVER_NAME).await?;
    }
    outcome
}

async fn observe(client: &mut Child, server: Option<u32>, options: &RunOptions) -> Result<Measurement> {
    let pid = client.pid();
    let limit = PATIENCE + Duration::from_secs_f64(options.warmup + options.seconds);
    client.expect("the window's start", limit, |event| matches!(event, Event::Start).then_some(())).await?;
    let before = Clocks::read(pid, server, options.broker_pid)?;
    client.expect("the window's end", limit, |event| matches!(event, Event::End).then_some(())).await?;
    let after = Clocks::read(pid, server, options.broker_pid)?;
    let figures = client
        .expect("its figures", limit, |event| match event {
            Event::Result(figures) => Some(figures),
            Event::Ready | Event::Start | Event::End => None,
        })
        .await?;
    let spent = after.since(&before);
    let server_use = match (server, spent.server) {
        (Some(pid), Some(cpu)) => Some(Use { cpu, rss_kb: peak_rss_kb(pid)? }),
        _ => None,
    };
    let ours = spent.client + spent.server.unwrap_or(0.0) + spent.broker.unwrap_or(0.0);
    Ok(Measurement {
        other_cores: ((spent.machine - ours) / figures.seconds).max(0.0),
        client_use: Use { cpu: spent.client, rss_kb: peak_rss_kb(pid)? },
        client: figures,
        server_use,
        broker_cpu: spent.broker,
    })
}

/// CPU seconds of all that take part, at one moment.
struct Clocks {
    client: f64,
    server: Option<f64>,
    broker: Option<f64>,
    machine: f64,
}

impl Clocks {
    fn read(client: u32, server: Option<u32>, broker: Option<u32>) -> Result<Self> {
        Ok(Self {
            client: cpu_seconds(client)?,
            server: server.map(cpu_seconds).transpose()?,
            broker: broker.map(cpu_seconds).transpose()?,
            machine: machine_busy_seconds()?,
        })
    }

    fn since(&self, earlier: &Self) -> Self {
        let both = |now: Option<f64>, then: Option<f64>| Some(now? - then?);
        Self {
            client: self.client - earlier.client,
            server: both(self.server, earlier.server),
            broker: both(self.broker, earlier.broker),
            machine: self.machine - earlier.machine,
        }
    }
}
