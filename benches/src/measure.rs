//! One measurement: a server and a client process of one peer, their CPU over the window, their peak memory after it.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bench_load::{ClientResult, Event, FANOUT_SERVERS, What};
use serde::{Deserialize, Serialize};

use crate::broker::{Admin, Site, clean_up, notification_queue};
use crate::case::Case;
use crate::child::Child;
use crate::cli::Rig;
use crate::error::{Error, Result};
use crate::fill;
use crate::peers::{client_command, fill_of, server_command, server_names};
use crate::process::{cpu_seconds, machine_busy_seconds, peak_rss_kb};
use crate::processors::apart_ns;
use crate::quiet::SetAside;

/// How long a process may take to start, and beyond its own times to say what it did.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What one round of one peer gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
    /// What the same gave before, when others disturbed it.
    pub(crate) set_aside: Vec<SetAside>,
    /// Why a repetition of it gave no measurement.
    #[serde(default)]
    pub(crate) failed_repetition: Option<String>,
    /// What [`apart_ns`] told just before. None where a broker stands between the peers, which matters more.
    #[serde(default)]
    pub(crate) processors_apart_ns: Option<f64>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Use {
    pub(crate) cpu: f64,
    pub(crate) rss_kb: u64,
}

/// Keeps the topics of one process apart.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// Measures `case` once. Whatever comes of it, nothing is left at the broker.
pub(crate) async fn measure(case: &Case, rig: &Rig) -> Result<Measurement> {
    let topic = format!("bench-{}-{}", std::process::id(), NUMBER.fetch_add(1, Relaxed));
    let site = Site { url: case.url.clone(), topic, durable: case.durable };
    let processors_apart_ns = if case.has_broker() { None } else { apart_ns() };
    let outcome = play(case, rig, site.clone()).await;
    if case.has_broker()
        && let Err(error) = clean_up(&site, server_names(FANOUT_SERVERS)).await
    {
        // The outcome says more: figures, or why there are none.
        eprintln!("bench: queues of {} may be left at the broker: {error}", site.topic);
    }
    Ok(Measurement { processors_apart_ns, ..outcome? })
}

async fn play(case: &Case, rig: &Rig, mut site: Site) -> Result<Measurement> {
    let who = |role| format!("{} {role}", case.contender.name());
    let fill = if case.what == What::Listen { fill_of(case, rig) } else { 0 };
    if fill > 0 && !case.is_in_process() {
        fill::fill(&site, case.contender.form(), fill, case.size).await?;
    }
    let mut server = None;
    let mut broker = rig.tools.broker_pid.filter(|_| case.has_broker());
    if !case.is_in_process() && case.what != What::Listen {
        let mut started = Child::start(who("server"), server_command(case, rig, &site)?)?;
        let ready = |event| match event {
            Event::Ready { address, broker_pid } => Some((address, broker_pid)),
            _ => None,
        };
        let (address, broker_pid) = started.expect("readiness", PATIENCE, ready).await?;
        site.url = address.unwrap_or(site.url);
        broker = broker_pid.or(broker);
        server = Some(started);
    }
    let mut client = Child::start(who("client"), client_command(case, rig, &site, fill)?)?;
    let watched = Watched { server: server.as_ref().map(Child::pid), broker };
    let queue =
        (case.has_broker() && case.what.is_of_notifications()).then(|| notification_queue(&site.topic));
    let mut outcome = observe(&mut client, watched, queue, case, rig).await;
    if let (What::Notify, Some(listener), Ok(measurement)) = (case.what, &mut server, &mut outcome) {
        count_handled(listener, &mut measurement.client).await?;
    }
    // In this order the server outlives the client's last call.
    client.close().await?;
    if let Some(server) = server {
        server.close().await?;
    }
    outcome
}

/// The processes beside the client.
#[derive(Clone, Copy)]
struct Watched {
    server: Option<u32>,
    broker: Option<u32>,
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
    Watched { server, broker }: Watched,
    queue: Option<String>,
    case: &Case,
    rig: &Rig,
) -> Result<Measurement> {
    let admin = if queue.is_some() { Some(Admin::connect(&case.url).await?) } else { None };
    let pid = client.pid();
    let limit = PATIENCE + Duration::from_secs_f64(rig.warmup + rig.seconds);
    client.expect("the window's start", limit, |event| matches!(event, Event::Start).then_some(())).await?;
    let before = Clocks::read(pid, server, broker)?;
    client.expect("the window's end", limit, |event| matches!(event, Event::End).then_some(())).await?;
    let after = Clocks::read(pid, server, broker)?;
    let mut waiting = None;
    if let (Some(admin), Some(queue)) = (admin, queue) {
        waiting = Some(admin.waiting(&queue).await?);
        admin.close().await?;
    }
    if (case.what, waiting) == (What::Listen, Some(0)) {
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
    let (client_use, server_use) = match (case.what, server, spent.server) {
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
        set_aside: Vec::new(),
        failed_repetition: None,
        processors_apart_ns: None,
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

#[cfg(test)]
impl Measurement {
    /// Two quiet and sound seconds.
    pub(crate) fn sample(done: u64) -> Self {
        Self {
            client: ClientResult {
                seconds: 2.0,
                done,
                p50_us: Some(10),
                p99_us: Some(20),
                sent: done,
                errors: 0,
                first_error: None,
                unroutable: Some(bench_load::Probes { sent: 1, returned: 1 }),
            },
            client_use: Some(Use { cpu: 1.0, rss_kb: 1000 }),
            server_use: None,
            waiting: None,
            broker_cpu: None,
            other_cores: 0.0,
            set_aside: Vec::new(),
            failed_repetition: None,
            processors_apart_ns: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::peers::Contender;

    #[tokio::test]
    async fn a_measurement_that_fails_is_cleaned_up_after_too() {
        let broker = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("rabbit://guest:guest@{}/", broker.local_addr().unwrap());
        let contender = Contender::Python;
        let case = Case { contender, what: What::Call, inflight: 1, size: 100, durable: false, url };
        let mut rig = Rig::sample();
        // It ends before it is ready.
        rig.tools.python = Some("false".into());
        let asked = tokio::spawn(async move { broker.accept().await.is_ok() });
        let error = measure(&case, &rig).await.unwrap_err();
        assert!(matches!(error, Error::Ended { .. }), "the first failure is told: {error}");
        assert!(asked.is_finished(), "the broker was never asked to delete anything");
    }
}
