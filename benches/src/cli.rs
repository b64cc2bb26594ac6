//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;

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
    /// Only serve, for clients started elsewhere; ends with Ctrl-C or SIGTERM
    Server(ServerOptions),
    /// Only load what is up, or listen to what is there; prints events as JSON lines
    #[command(hide = true)]
    Client(ClientOptions),
}

/// What one message is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// A request that is echoed; its latency ends with the reply
    Call,
    /// A one-way message; its latency ends with the broker's confirm, its rate counts what the server handled
    Cast,
    /// A notification by the driver messagingv2; its latency ends with the broker's confirm into the queue, its rate counts
    /// the confirmed ones. A listener of the same peer empties the queue meanwhile
    Notify,
    /// Notifications that a listener handles, each acknowledged after its handler; a queue that is filled beforehand gives
    /// the rate, and there is no latency
    Listen,
}

impl What {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Cast => "cast",
            Self::Notify => "notify",
            Self::Listen => "listen",
        }
    }

    /// What the rate counts, in the plural.
    pub(crate) fn counted(self) -> &'static str {
        match self {
            Self::Call => "calls",
            Self::Cast => "casts",
            Self::Notify => "notifications sent",
            Self::Listen => "notifications handled",
        }
    }

    /// Whether it goes through the queue of a topic's priority.
    pub(crate) fn is_of_notifications(self) -> bool {
        matches!(self, Self::Notify | Self::Listen)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum PeerName {
    Ours,
    Lapin,
    Python,
    /// All three
    All,
}

/// How the bare lapin peer uses the broker.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum LapinMode {
    /// The guarantees of ours: requests, replies and notifications mandatory and confirmed, each request acknowledged before
    /// dispatch, each notification after its handler
    Equal,
    /// The same guarantees in the shape of ours: consumers and confirmations on a driver thread, one acknowledgement for
    /// what came together, calls and replies confirmed apart from those who sent them
    Tuned,
    /// `tuned` with its consumers and confirmations on the callers' runtime, as `--ours-io runtime`
    TunedInRuntime,
    /// What lapin gives when asked for little: nothing confirmed, calls and replies pushed and not awaited, casts awaited into
    /// the socket as notifications are, one acknowledgement for 32 messages
    Unconfirmed,
}

impl LapinMode {
    pub(crate) fn confirms(self) -> bool {
        self != Self::Unconfirmed
    }

    pub(crate) fn is_tuned(self) -> bool {
        matches!(self, Self::Tuned | Self::TunedInRuntime)
    }
}

/// Where our driver's I/O runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum OursIo {
    /// On the driver's own thread, as by default
    Thread,
    /// On the runtime that callers and handlers use
    Runtime,
}

#[derive(Args, Clone)]
pub(crate) struct RunOptions {
    #[arg(long, value_enum, default_value = "call")]
    pub(crate) what: What,
    /// May be given several times or as a list; `all` is every peer
    #[arg(long = "peer", value_enum, value_delimiter = ',', default_value = "all")]
    pub(crate) peers: Vec<PeerName>,
    /// `rabbit://user:password@host:port/vhost`, or `memory://` (ours only, client and server in one process)
    #[arg(long)]
    pub(crate) url: String,
    /// Calls, casts or notifications under way at a time; for `listen` handlers at a time and prefetch. A list measures each
    #[arg(long, value_delimiter = ',', default_value = "64")]
    pub(crate) inflight: Vec<usize>,
    /// Bytes of the one string argument, or of the one string in a notification's payload
    #[arg(long, default_value_t = 100)]
    pub(crate) size: usize,
    /// Length of the measuring window
    #[arg(long, default_value_t = 5.0)]
    pub(crate) seconds: f64,
    /// Load before the window opens, in seconds
    #[arg(long, default_value_t = 1.0)]
    pub(crate) warmup: f64,
    /// How often every peer is measured; figures are medians
    #[arg(long, default_value_t = 1)]
    pub(crate) rounds: usize,
    /// Notifications in the queue when `listen` begins; else as many as the fastest listener could take, within 512 MiB
    #[arg(long)]
    pub(crate) fill: Option<usize>,
    /// One JSON object a peer (and in-flight number) on stdout instead of tables
    #[arg(long)]
    pub(crate) json: bool,
    /// A list measures lapin once in each mode
    #[arg(long, value_enum, value_delimiter = ',', default_value = "equal")]
    pub(crate) lapin_mode: Vec<LapinMode>,
    /// A list measures ours once with each
    #[arg(long, value_enum, value_delimiter = ',', default_value = "thread")]
    pub(crate) ours_io: Vec<OursIo>,
    /// The interpreter with oslo.messaging; else $OSLO_TEST_PYTHON, else python3
    #[arg(long)]
    pub(crate) python: Option<PathBuf>,
    /// Worker threads of the runtime in each Rust process
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
    /// Process id of the broker, to count its CPU too
    #[arg(long)]
    pub(crate) broker_pid: Option<u32>,
}

#[derive(Args, Clone)]
pub(crate) struct ServerOptions {
    #[arg(long, value_enum)]
    pub(crate) peer: PeerName,
    #[arg(long)]
    pub(crate) url: String,
    #[arg(long, default_value = "bench")]
    pub(crate) topic: String,
    /// What for: calls and casts, which are the same server, or notifications
    #[arg(long, value_enum, default_value = "call")]
    pub(crate) what: What,
    #[arg(long, value_enum, default_value = "equal")]
    pub(crate) lapin_mode: LapinMode,
    #[arg(long, value_enum, default_value = "thread")]
    pub(crate) ours_io: OursIo,
    #[arg(long)]
    pub(crate) python: Option<PathBuf>,
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
    /// End when standard input does, as a child of `run`
    #[arg(long, hide = true)]
    pub(crate) follow_stdin: bool,
}

#[derive(Args, Clone)]
pub(crate) struct ClientOptions {
    #[arg(long, value_enum)]
    pub(crate) peer: PeerName,
    #[arg(long)]
    pub(crate) url: String,
    #[arg(long)]
    pub(crate) topic: String,
    #[arg(long, value_enum)]
    pub(crate) what: What,
    #[arg(long)]
    pub(crate) inflight: usize,
    #[arg(long)]
    pub(crate) size: usize,
    #[arg(long)]
    pub(crate) seconds: f64,
    #[arg(long)]
    pub(crate) warmup: f64,
    /// Notifications to listen to, for whoever fills the queue itself
    #[arg(long, default_value_t = 0)]
    pub(crate) fill: usize,
    #[arg(long, value_enum, default_value = "equal")]
    pub(crate) lapin_mode: LapinMode,
    #[arg(long, value_enum, default_value = "thread")]
    pub(crate) ours_io: OursIo,
    #[arg(long, default_value_t = 2)]
    pub(crate) workers: usize,
}
