//! A peer as one run measures it: its name, and how its notifications look.

use crate::cli::{LapinMode, OursMode, PeerName, RunOptions};
use crate::notification::Form;

/// A peer as one run measures it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Contender {
    Ours(OursMode),
    Lapin(LapinMode),
    Python,
    Framework(Framework),
}

/// A framework without RabbitMQ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Framework {
    Tonic,
    Tarpc,
    Jsonrpsee,
    Nats,
}

impl Contender {
    pub(crate) const ALL: [Self; 13] = [
        Self::Ours(OursMode::Thread),
        Self::Ours(OursMode::Runtime),
        Self::Ours(OursMode::Unconfirmed),
        Self::Lapin(LapinMode::Equal),
        Self::Lapin(LapinMode::RepliesUnacked),
        Self::Lapin(LapinMode::Tuned),
        Self::Lapin(LapinMode::TunedInRuntime),
        Self::Lapin(LapinMode::Unconfirmed),
        Self::Python,
        Self::Framework(Framework::Tonic),
        Self::Framework(Framework::Tarpc),
        Self::Framework(Framework::Jsonrpsee),
        Self::Framework(Framework::Nats),
    ];

    /// The peers that the options name, each once, in the options' order.
    pub(crate) fn from_options(options: &RunOptions) -> Vec<Self> {
        let mut contenders = Vec::new();
        for name in &options.peers {
            let ours = options.ours_mode.iter().map(|mode| Self::Ours(*mode));
            let lapin = options.lapin_mode.iter().map(|mode| Self::Lapin(*mode));
            match name {
                PeerName::Ours => contenders.extend(ours),
                PeerName::Lapin => contenders.extend(lapin),
                PeerName::Python => contenders.push(Self::Python),
                PeerName::Tonic => contenders.push(Self::Framework(Framework::Tonic)),
                PeerName::Tarpc => contenders.push(Self::Framework(Framework::Tarpc)),
                PeerName::Jsonrpsee => contenders.push(Self::Framework(Framework::Jsonrpsee)),
                PeerName::Nats => contenders.push(Self::Framework(Framework::Nats)),
                PeerName::All => contenders.extend(ours.chain(lapin).chain([Self::Python])),
            }
        }
        let mut once = Vec::new();
        contenders.retain(|contender| {
            !once.contains(contender) && {
                once.push(*contender);
                true
            }
        });
        contenders
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours(OursMode::Thread) => "ours",
            Self::Ours(OursMode::Runtime) => "ours-in-runtime",
            Self::Ours(OursMode::Unconfirmed) => "ours-unconfirmed",
            Self::Lapin(LapinMode::Equal) => "lapin",
            Self::Lapin(LapinMode::RepliesUnacked) => "lapin-replies-unacked",
            Self::Lapin(LapinMode::Tuned) => "lapin-tuned",
            Self::Lapin(LapinMode::TunedInRuntime) => "lapin-tuned-in-runtime",
            Self::Lapin(LapinMode::Unconfirmed) => "lapin-unconfirmed",
            Self::Python => "python",
            Self::Framework(framework) => framework.name(),
        }
    }

    /// How this peer's notifications stand in a message.
    pub(crate) fn form(self) -> Form {
        match self {
            Self::Lapin(_) => Form::Plain,
            Self::Ours(_) | Self::Python | Self::Framework(_) => Form::Enveloped,
        }
    }
}

impl Framework {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tonic => "tonic",
            Self::Tarpc => "tarpc",
            Self::Jsonrpsee => "jsonrpsee",
            Self::Nats => "nats",
        }
    }

    pub(crate) fn protocol(self) -> &'static str {
        match self {
            Self::Tonic => "gRPC over HTTP/2, protobuf",
            Self::Tarpc => "TCP, JSON",
            Self::Jsonrpsee => "JSON-RPC over WebSocket",
            Self::Nats => "nats-server, JSON; at most once, nothing confirmed",
        }
    }
}
