//! Opening one TCP connection, and what happens to it as a whole.

use super::channel::WeakChannel;
use super::{Channel, convert, socket};
use crate::drivers::rabbit::amqp::{AmqpError, Event, Node, Scope, login};
use crate::transport::{ConnectFailure, ConnectFailureKind};
use futures_util::StreamExt;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{AsyncTcpStream, ConnectionProperties, ErrorKind};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc;

/// One connection to one node. Dropping it closes it.
#[derive(Clone)]
pub(in crate::drivers::rabbit) struct Connection {
    inner: Arc<lapin::Connection>,
    channels: Arc<Mutex<Vec<WeakChannel>>>,
}

impl Connection {
    /// Logs in to `node`; a `heartbeat` of 0 seconds is none. Events go to the returned receiver from then on.
    pub(in crate::drivers::rabbit) async fn open(
        node: &Node,
        name: &str,
        heartbeat: u16,
    ) -> Result<(Self, mpsc::UnboundedReceiver<Event>), ConnectFailure> {
        let uri = AMQPUri {
            scheme: AMQPScheme::AMQP,
            authority: AMQPAuthority {
                userinfo: AMQPUserInfo {
                    username: node.host.username.clone(),
                    password: node.host.password.expose().to_owned(),
                },
                host: node.host.host.clone(),
                port: node.host.port,
            },
            vhost: node.virtual_host.clone(),
            query: AMQPQueryString { heartbeat: Some(heartbeat), ..AMQPQueryString::default() },
        };
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let failed =
            |cause| ConnectFailure { kind: ConnectFailureKind::Unreachable, node: node.address(), cause };
        let connected = socket::connect(&node.host.host, node.host.port, heartbeat == 0).await;
        let (socket, attempt) = connected.map_err(failed)?;
        let opening = async {
            let socket = Mutex::new(Some(AsyncTcpStream::Plain(socket)));
            let take = async move |_, _| {
                let socket = socket.lock().unwrap_or_else(PoisonError::into_inner).take();
                socket.ok_or_else(|| io::Error::from(io::ErrorKind::ConnectionAborted).into())
            };
            let opened = lapin::Connection::connector(uri, socket::runtime(), take, properties).await;
            let connection = opened.map_err(|error| refused(node, &error))?;
            attempt.succeeded();
            Ok(connection)
        };
        let connection = login::limited(node, opening).await?;
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut events = connection.events_listener();
        let status = connection.status().clone();
        tokio::spawn(async move {
            let mut lost = AmqpError { code: None, scope: Scope::Connection, text: "closed".to_owned() };
            while let Some(event) = events.next().await {
                let event = match event {
                    lapin::Event::ConnectionBlocked(reason) => Event::Blocked(reason),
                    lapin::Event::ConnectionUnblocked => Event::Unblocked,
                    // The end of a channel is told here too; whoever uses the channel learns of it there.
                    lapin::Event::Error(_) if status.connected() => continue,
                    lapin::Event::Error(error) => {
                        lost = convert::error(&error);
                        break;
                    }
                    _ => continue,
                };
                // Nobody listens any more: the driver has given this connection up.
                if sender.send(event).is_err() {
                    return;
                }
            }
            let _ = sender.send(Event::Lost(lost));
        });
        Ok((Self { inner: Arc::new(connection), channels: Arc::default() }, receiver))
    }

    /// A new channel.
    pub(in crate::drivers::rabbit) async fn channel(&self) -> Result<Channel, AmqpError> {
        let channel = self.inner.create_channel().await.map(Channel::new).map_err(|e| convert::error(&e))?;
        let mut channels = self.channels();
        channels.retain(WeakChannel::is_used);
        channels.push(channel.downgrade());
        Ok(channel)
    }

    /// Says good-bye to the broker.
    ///
    /// lapin closes a channel when its last user lets it go, and takes the end of a channel on a closing connection for a
    /// failure of that connection, which then ends without a word. So every channel is held until the good-bye is said.
    pub(in crate::drivers::rabbit) async fn close(&self) {
        let held: Vec<Channel> = self.channels().iter().filter_map(WeakChannel::upgrade).collect();
        // A connection that is already gone needs no good-bye.
        let _ = self.inner.close(200, "OK".into()).await;
        drop(held);
    }

    fn channels(&self) -> MutexGuard<'_, Vec<WeakChannel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the reasons apart by the broker's reply code; a broker that just hangs up during the handshake (old
/// RabbitMQ, wrong credentials without `authentication_failure_close`) shows as an I/O error after the greeting.
fn refused(node: &Node, error: &lapin::Error) -> ConnectFailure {
    let (kind, cause) = match error.kind() {
        ErrorKind::ProtocolError(amqp) => {
            (login::meaning(amqp.get_id()), format!("{} {}", amqp.get_id(), amqp.get_message()))
        }
        ErrorKind::IOError(io) => (ConnectFailureKind::Unreachable, io.to_string()),
        _ => (ConnectFailureKind::Protocol, error.to_string()),
    };
    ConnectFailure { kind, node: node.address(), cause }
}
