//! One measurement: a server and a client process of one peer, their CPU over the window, their peak memory after it.

use std::time::Duration;

use crate::broker::{Admin, clean_up, is_in_process, notification_queue};
use crate::child::Child;
use crate::cli::{RunOptions, What};
use crate::error::{Error, Result};
use crate::events::{ClientResult, Event};
use crate::fill;
use crate::peers::{Contender, SERVER_NAME};
use crate::process::{cpu_seconds, machine_busy_seconds, peak_rss_kb};

/// How long a process may take to start, and beyond its own times to say what it did.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one round of one peer gave.
#[derive(Debug, Clone)]
pub(crate) struct Measurement {
    pub(crate) client: ClientResult,
    /// None where nobody sends: notifications that are listened to were in the queue before.
    pub(crate) client_use: Option<Use>,
    /// None where the server lives in the client's process.
    pub(crate) server_use: Option<Use>,
    /// Notifications in the queue when the window closed, where there is a queue to look at.
    pub(crate) waiting: Option<u32>,
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
    let fill = if options.what == What::Listen { contender.fill(options, inflight) } else { 0 };
    if fill > 0 && !in_process {
        fill::fill(&options.url, &topic, contender.form(), fill, options.size).await?;
    }
    let mut server = None;
    if !in_process && options.what != What::Listen {
        let mut started = Child::start(who("server"), contender.server_command(options, &topic)?)?;
        started.expect("readiness", PATIENCE, |event| matches!(event, Event::Ready).then_some(())).await?;
        server = Some(started);
    }
    let mut client = Child::start(who("client"), contender.client_command(options, &topic, inflight, fill)?)?;
    let server_pid = server.as_ref().map(Child::pid);
    let queue = (!in_process && options.what.is_of_notifications()).then(|| notification_queue(&topic));
    let mut outcome = observe(&mut client, server_pid, queue, options).await;
    if let (What::Notify, Some(listener), Ok(measurement)) = (options.what, &mut server, &mut outcome) {
        count_handled(listener, &mut measurement.client).await?;
    }
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

/// Every notification that the broker has confirmed must have been handled.
async fn count_handled(listener: &mut Child, client: &mut ClientResult) -> Result<()> {
    let (sent, handled) = (client.sent, listener.finish(client.sent).await?);
    if handled < sent {
        client.failed(sent - handled, format!("{} were sent and never handled", sent - handled));
    }
    Ok(())
}

/// Watches a client through its window; for [`What::Listen`] that client is the listener. `queue` is looked at from outside.
async fn observe(
    client: &mut Child,
    server: Option<u32>,
    queue: Option<String>,
    options: &RunOptions,
) -> Result<Measurement> {
    let admin = if queue.is_some() { Some(Admin::connect(&options.url).await?) } else { None };
    let pid = client.pid();
    let limit = PATIENCE + Duration::from_secs_f64(options.warmup + options.seconds);
    client.expect("the window's start", limit, |event| matches!(event, Event::Start).then_some(())).await?;
    let before = Clocks::read(pid, server, options.broker_pid)?;
    client.expect("the window's end", limit, |event| matches!(event, Event::End).then_some(())).await?;
    let after = Clocks::read(pid, server, options.broker_pid)?;
    let mut waiting = None;
    if let (Some(admin), Some(queue)) = (admin, queue) {
        waiting = Some(admin.waiting(&queue).await?);
        admin.close().await?;
    }
    if (options.what, waiting) == (What::Listen, Some(0)) {
        return Err(Error::Peer(
            "the queue ran dry before the window closed: more --fill is needed".to_owned(),
        ));
    }
    let figures = client
        .expect("its figures", limit, |event| match event {
            Event::Result(figures) => Some(figures),
            _ => None,
        })
        .await?;
    let spent = after.since(&before);
    let watched = Some(Use { cpu: spent.client, rss_kb: peak_rss_kb(pid)? });
    let (client_use, server_use) = match (options.what, server, spent.server) {
        (What::Listen, ..) => (None, watched),
        (_, Some(pid), Some(cpu)) => (watched, Some(Use { cpu, rss_kb: peak_rss_kb(pid)? })),
        _ => (watched, None),
    };
    let ours = spent.client + spent.server.unwrap_or(0.0) + spent.broker.unwrap_or(0.0);
    Ok(Measurement {
        other_cores: ((spent.machine - ours) / figures.seconds).max(0.0),
        client: figures,
        client_use,
        server_use,
        waiting,
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
