//! The command line.

use std::path::PathBuf;

use bench_load::{LoadOptions, What};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::broker::Site;
use crate::growth::HoldOptions;

#[derive(Parser)]
#[command(
    name = "bench",
    about = "Measures RPC and notifications over a broker: this library, bare lapin, Python's oslo.messaging"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Start servers and clients of the peers, peer after peer, and print their figures
    Run(RunOptions),
    /// Measure the whole table and write it down with its charts; goes on where it was interrupted
    Suite(SuiteOptions),
    /// What more calls in flight, methods, clients, servers and bytes cost; writes growth.md
    Growth(GrowthOptions),
    /// Only serve, for clients started elsewhere; ends with Ctrl-C or SIGTERM
    Server(ServerOptions),
    /// Only load what is up, or listen to what is there; prints events as JSON lines
    #[command(hide = true)]
    Client(ClientOptions),
    /// Hold many of something, to be looked at
    #[command(hide = true)]
    Hold(HoldOptions),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum PeerName {
    Ours,
    Lapin,
    Python,
    /// tonic (gRPC); from `benches/peers`, as the following
    Tonic,
    /// tarpc over TCP with JSON
    Tarpc,
    /// jsonrpsee over WebSocket
    Jsonrpsee,
    /// async-nats, request and reply
    Nats,
    /// Ours, lapin and Python
    All,
}

/// How the bare lapin peer uses the broker.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum LapinMode {
    /// The guarantees of ours: requests, replies and notifications mandatory and confirmed, each request acknowledged before
    /// dispatch, each notification after its handler
    Equal,
    /// `equal` with replies that count as delivered when they are sent: those on their way are lost with their connection
    RepliesUnacked,
    /// The guarantees of `equal` in the shape of ours: consumers and confirmations on a driver thread, one acknowledgement for
    /// what came together, calls and replies confirmed apart from those who sent them
    Tuned,
    /// `tuned` with its consumers and confirmations on the callers' runtime, as `--ours-mode runtime`
    TunedInRuntime,
    /// What lapin gives when asked for little: nothing confirmed, calls and replies pushed and not awaited, casts awaited into
    /// the socket as notifications are, one acknowledgement for 32 messages
    Unconfirmed,
}

impl LapinMode {
    pub(crate) fn confirms(self) -> bool {
        self != Self::Unconfirmed
    }

    pub(crate) fn acknowledges_replies(self) -> bool {
        !matches!(self, Self::RepliesUnacked | Self::Unconfirmed)
    }

    pub(crate) fn is_tuned(self) -> bool {
        matches!(self, Self::Tuned | Self::TunedInRuntime)
    }
}

/// How our driver is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum OursMode {
    /// As by default: the driver's I/O on its own thread, everything confirmed
    Thread,
    /// The I/O on the runtime that callers and handlers use
    Runtime,
    /// The I/O on its own thread, the requests of calls unconfirmed: that they were returned is noticed by a question asked
    /// for many at once
    Unconfirmed,
}

/// What the processes of every measurement are started with.
#[derive(Args, Clone)]
pub(crate) struct Tools {
    /// How often a measurement is tried again when other processes took more than 0.3 cores of it; the quietest one counts,
    /// and the others are told, as is a repetition that fails
    #[arg(long, default_value_t = 3)]
    pub(crate) repeats: usize,
    /// Worker threads of the runtime in each Rust process
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
    /// Notifications in the queue when `listen` begins; else as many as the fastest listener could take, within 512 MiB
    #[arg(long)]
    pub(crate) fill: Option<usize>,
    /// The interpreter with oslo.messaging; else $OSLO_TEST_PYTHON, else python3
    #[arg(long)]
    pub(crate) python: Option<PathBuf>,
    /// The program with the other frameworks; else benches/peers/target/release/bench-peers
    #[arg(long)]
    pub(crate) peers_bin: Option<PathBuf>,
    /// Process id of the broker, to count its CPU too
    #[arg(long)]
    pub(crate) broker_pid: Option<u32>,
}

/// How long and how often, and with what.
#[derive(Clone)]
pub(crate) struct Rig {
    pub(crate) seconds: f64,
    pub(crate) warmup: f64,
    pub(crate) rounds: usize,
    pub(crate) tools: Tools,
}

#[cfg(test)]
impl Rig {
    pub(crate) fn sample() -> Self {
        let tools =
            Tools { repeats: 0, workers: 2, fill: None, python: None, peers_bin: None, broker_pid: None };
        Self { seconds: 2.0, warmup: 0.5, rounds: 1, tools }
    }
}

#[derive(Args, Clone)]
pub(crate) struct RunOptions {
    #[arg(long, value_enum, default_value = "call")]
    pub(crate) what: What,
    /// May be given several times or as a list; `all` is ours, lapin and Python
    #[arg(long = "peer", value_enum, value_delimiter = ',', default_value = "all")]
    pub(crate) peers: Vec<PeerName>,
    /// `rabbit://user:password@host:port/vhost`, or `memory://` (ours only, client and server in one process); frameworks need
    /// none
    #[arg(long, default_value = "")]
    pub(crate) url: String,
    /// Messages under way at a time; for `listen` handlers at a time and prefetch. A list measures each
    #[arg(long, value_delimiter = ',', default_value = "64")]
    pub(crate) inflight: Vec<usize>,
    /// Bytes of the one string argument, or of the one string in a notification's payload. A list measures each
    #[arg(long, value_delimiter = ',', default_value = "100")]
    pub(crate) size: Vec<usize>,
    /// Queues and exchanges that survive the broker's restart, and with them their messages
    #[arg(long)]
    pub(crate) durable: bool,
    /// One JSON object a peer, in-flight number and size on stdout instead of tables
    #[arg(long)]
    pub(crate) json: bool,
    /// A list measures lapin once in each mode
    #[arg(long, value_enum, value_delimiter = ',', default_value = "equal")]
    pub(crate) lapin_mode: Vec<LapinMode>,
    /// A list measures ours once with each
    #[arg(long, value_enum, value_delimiter = ',', default_value = "thread")]
    pub(crate) ours_mode: Vec<OursMode>,
    /// Length of the measuring window
    #[arg(long, default_value_t = 5.0)]
    pub(crate) seconds: f64,
    /// Load before the window opens, in seconds
    #[arg(long, default_value_t = 1.0)]
    pub(crate) warmup: f64,
    /// How often every peer is measured; figures are medians
    #[arg(long, default_value_t = 1)]
    pub(crate) rounds: usize,
    #[command(flatten)]
    pub(crate) tools: Tools,
}

impl RunOptions {
    pub(crate) fn rig(&self) -> Rig {
        Rig { seconds: self.seconds, warmup: self.warmup, rounds: self.rounds, tools: self.tools.clone() }
    }
}

#[derive(Args, Clone)]
pub(crate) struct SuiteOptions {
    /// `rabbit://user:password@host:port/vhost`
    #[arg(long)]
    pub(crate) url: String,
    /// Where performance.md, its charts and performance.jsonl go, with every single measurement
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// A README whose part between `<!-- performance:begin -->` and `<!-- performance:end -->` is written too
    #[arg(long)]
    pub(crate) readme: Option<PathBuf>,
    /// One round of half a second each, to see that everything works
    #[arg(long)]
    pub(crate) quick: bool,
    /// Begin anew instead of going on with the measurements that are in performance.jsonl
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Length of each measuring window
    #[arg(long, default_value_t = 2.0)]
    pub(crate) seconds: f64,
    /// How often every case is measured; figures are medians
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    #[command(flatten)]
    pub(crate) tools: Tools,
}

impl SuiteOptions {
    pub(crate) fn rig(&self) -> Rig {
        let (seconds, rounds) = if self.quick { (0.5, 1) } else { (self.seconds, self.rounds) };
        Rig { seconds, warmup: 0.5, rounds, tools: self.tools.clone() }
    }
}

#[derive(Args, Clone)]
pub(crate) struct GrowthOptions {
    /// `rabbit://user:password@host:port/vhost`
    #[arg(long)]
    pub(crate) url: String,
    /// `host:port` of the broker's management API, which must know the user guest
    #[arg(long)]
    pub(crate) api: String,
    /// Where growth.md goes
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// One round of half a second each, to see that everything works
    #[arg(long)]
    pub(crate) quick: bool,
    #[command(flatten)]
    pub(crate) tools: Tools,
}

/// A server's or client's peer and place.
#[derive(Args, Clone)]
pub(crate) struct PeerOptions {
    #[arg(long, value_enum)]
    pub(crate) peer: PeerName,
    #[arg(long)]
    pub(crate) url: String,
    #[arg(long, default_value = "bench")]
    pub(crate) topic: String,
    /// Queues and exchanges that survive the broker's restart
    #[arg(long)]
    pub(crate) durable: bool,
    #[arg(long, value_enum, default_value = "equal")]
    pub(crate) lapin_mode: LapinMode,
    #[arg(long, value_enum, default_value = "thread")]
    pub(crate) ours_mode: OursMode,
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}

impl PeerOptions {
    pub(crate) fn site(&self) -> Site {
        Site { url: self.url.clone(), topic: self.topic.clone(), durable: self.durable }
    }
}

#[derive(Args, Clone)]
pub(crate) struct ServerOptions {
    #[command(flatten)]
    pub(crate) peer: PeerOptions,
    /// What for: calls and casts, which are the same server, fanout, which are four, or notifications
    #[arg(long, value_enum, default_value = "call")]
    pub(crate) what: What,
    #[arg(long)]
    pub(crate) python: Option<PathBuf>,
    /// End when standard input does, as a child of `run`
    #[arg(long, hide = true)]
    pub(crate) follow_stdin: bool,
}

#[derive(Args, Clone)]
pub(crate) struct ClientOptions {
    #[command(flatten)]
    pub(crate) peer: PeerOptions,
    #[command(flatten)]
    pub(crate) load: LoadOptions,
    /// Notifications to listen to, for whoever fills the queue itself
    #[arg(long, default_value_t = 0)]
    pub(crate) fill: usize,
}
