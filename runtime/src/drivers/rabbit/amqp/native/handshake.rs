//! Logging in: from the protocol's header to an open virtual host.

use super::super::{AmqpError, Node, login};
use super::codec::{self, Frame, Method};
use super::input::Input;
use crate::transport::{ConnectFailure, ConnectFailureKind};
use amq_protocol::protocol::{AMQPClass, connection};
use amq_protocol::types::{AMQPValue, FieldTable, ShortString};
use std::future::poll_fn;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

const HEADER: &[u8] = b"AMQP\0\0\x09\x01";
/// What RabbitMQ proposes, and what we agree to at most.
const FRAME_MAX: u32 = 128 << 10;
/// The least that the protocol allows: what the handshake must do with.
const FRAME_MIN: u32 = 4096;

/// What both sides have agreed on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Agreed {
    pub(super) frame_max: usize,
    pub(super) channel_max: u16,
}

/// Why the handshake ended, without the node's name.
type Refusal = (ConnectFailureKind, String);

/// Logs in to `node` over a connected stream. `heartbeat` is ours, in seconds; 0 is none.
pub(super) async fn log_in<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    input: &mut Input,
    node: &Node,
    name: &str,
    heartbeat: u16,
) -> Result<Agreed, ConnectFailure> {
    let mut login = Login { stream, input };
    login.run(node, name, heartbeat).await.map_err(|(kind, cause)| ConnectFailure {
        kind,
        node: node.address(),
        cause,
    })
}

/// What the broker says first, or something else.
enum Greeting {
    /// How one may log in, in a list with blanks.
    Mechanisms(String),
    Other(connection::AMQPMethod),
}

struct Login<'a, S> {
    stream: &'a mut S,
    input: &'a mut Input,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Login<'_, S> {
    async fn run(&mut self, node: &Node, name: &str, heartbeat: u16) -> Result<Agreed, Refusal> {
        use connection::AMQPMethod::{Open, OpenOk, StartOk, Tune, TuneOk};
        self.write(HEADER).await?;
        let mechanisms = match self.method().await? {
            Greeting::Mechanisms(mechanisms) => mechanisms,
            Greeting::Other(other) => return Err(unexpected(&other)),
        };
        if !mechanisms.split(' ').any(|mechanism| mechanism == "PLAIN") {
            let cause = format!("the broker offers the mechanisms `{mechanisms}`, PLAIN is needed");
            return Err((ConnectFailureKind::Protocol, cause));
        }
        let (user, password) = (&node.host.username, node.host.password.expose());
        let response = format!("\0{user}\0{password}");
        self.send(StartOk(connection::StartOk {
            client_properties: client_properties(name),
            mechanism: "PLAIN".into(),
            response: response.into(),
            locale: "en_US".into(),
        }))
        .await?;
        let tune = match self.answer().await? {
            Tune(tune) => tune,
            other => return Err(unexpected(&other)),
        };
        // 0 is "no limit" on either side.
        let frame_max =
            if tune.frame_max == 0 { FRAME_MAX } else { tune.frame_max.clamp(FRAME_MIN, FRAME_MAX) };
        let channel_max = if tune.channel_max == 0 { u16::MAX } else { tune.channel_max };
        self.send(TuneOk(connection::TuneOk { channel_max, frame_max, heartbeat })).await?;
        let virtual_host = ShortString::try_new(node.virtual_host.as_str()).map_err(|_| {
            let cause = format!("no virtual host has a name longer than {} bytes", codec::SHORT);
            (ConnectFailureKind::VirtualHostRefused, cause)
        })?;
        self.send(Open(connection::Open { virtual_host })).await?;
        match self.answer().await? {
            OpenOk(_) => Ok(Agreed { frame_max: frame_max as usize, channel_max }),
            other => Err(unexpected(&other)),
        }
    }

    async fn send(&mut self, method: connection::AMQPMethod) -> Result<(), Refusal> {
        let mut bytes = Vec::new();
        codec::put_method(&mut bytes, 0, AMQPClass::Connection(method)).map_err(protocol)?;
        self.write(&bytes).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.stream.write_all(bytes).await.map_err(unreachable)
    }

    /// The broker's next method behind its greeting.
    async fn answer(&mut self) -> Result<connection::AMQPMethod, Refusal> {
        match self.method().await? {
            Greeting::Mechanisms(_) => {
                Err((ConnectFailureKind::Protocol, "the broker sent a second greeting".to_owned()))
            }
            Greeting::Other(method) => Ok(method),
        }
    }

    /// The broker's next method on the connection.
    async fn method(&mut self) -> Result<Greeting, Refusal> {
        loop {
            // A broker that does not speak this version answers with the header of the one that it does speak.
            if let Some(version) = self.input.rest().strip_prefix(b"AMQP") {
                if let [id, major, minor, revision, ..] = version {
                    let cause =
                        format!("the broker speaks AMQP {id} {major}.{minor}.{revision}, 0-9-1 is needed");
                    return Err((ConnectFailureKind::Protocol, cause));
                }
            } else if let Some(frame) = self.input.frame(FRAME_MAX as usize).map_err(protocol)? {
                let Frame { kind: codec::METHOD, channel: 0, payload } = frame else { continue };
                return match codec::method(payload).map_err(protocol)? {
                    Method::Start { mechanisms } => Ok(Greeting::Mechanisms(mechanisms.to_owned())),
                    Method::Other(AMQPClass::Connection(method)) => Ok(Greeting::Other(method)),
                    _ => Err((
                        ConnectFailureKind::Protocol,
                        "the broker sent a method of another class".into(),
                    )),
                };
            }
            let read = poll_fn(|cx| self.input.poll_fill(self.stream, cx)).await.map_err(unreachable)?;
            if read == 0 {
                let cause = "the broker closed the connection during the handshake".to_owned();
                return Err((ConnectFailureKind::Unreachable, cause));
            }
        }
    }
}

/// What the broker shows of this connection, and what it may rely on.
fn client_properties(name: &str) -> FieldTable {
    let mut capabilities = FieldTable::default();
    for capability in [
        "authentication_failure_close",
        "basic.nack",
        "connection.blocked",
        "consumer_cancel_notify",
        "publisher_confirms",
    ] {
        capabilities.insert(capability.into(), AMQPValue::Boolean(true));
    }
    let mut properties = FieldTable::default();
    properties.insert("capabilities".into(), AMQPValue::FieldTable(capabilities));
    for (key, value) in [
        ("connection_name", name),
        ("platform", "Rust"),
        ("product", "oslo-messaging for Rust"),
        ("version", env!("CARGO_PKG_VERSION")),
    ] {
        properties.insert(key.into(), AMQPValue::LongString(value.into()));
    }
    properties
}

/// Tells the reasons apart by the broker's reply code.
fn unexpected(method: &connection::AMQPMethod) -> Refusal {
    match method {
        connection::AMQPMethod::Close(close) => {
            (login::meaning(close.reply_code), format!("{} {}", close.reply_code, close.reply_text))
        }
        other => (ConnectFailureKind::Protocol, format!("the broker sent {other:?} during the handshake")),
    }
}

fn protocol(error: AmqpError) -> Refusal {
    (ConnectFailureKind::Protocol, error.text)
}

fn unreachable(error: std::io::Error) -> Refusal {
    (ConnectFailureKind::Unreachable, error.to_string())
}
