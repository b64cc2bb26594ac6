//! One supervised connection: opened, watched, opened again on the next host. What runs over it follows its state and
//! replays itself.

use super::amqp::{Connection, Event};
use super::settings::Settings;
use crate::transport::{ConnectFailure, ConnectFailureKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// The state of a supervised connection.
#[derive(Clone)]
pub(super) enum LinkState {
    /// Nobody has needed it yet.
    Idle,
    /// Not connected.
    Down { since: Instant, attempts: u32, last: Option<Arc<ConnectFailure>>, was_up: bool },
    /// Connected.
    Up(Up),
    /// Given up by its user.
    Closed,
}

/// An open connection.
#[derive(Clone)]
pub(super) struct Up {
    pub(super) connection: Connection,
    /// `host:port`.
    pub(super) node: Arc<str>,
    /// Counts connections of this link.
    pub(super) generation: u64,
    /// The broker's reason for taking no messages.
    pub(super) blocked: Option<Arc<str>>,
}

/// A supervised connection. Cheap to clone.
#[derive(Clone)]
pub(super) struct Link {
    role: &'static str,
    settings: Arc<Settings>,
    state: Arc<watch::Sender<LinkState>>,
    started: Arc<AtomicBool>,
}

impl Link {
    pub(super) fn new(role: &'static str, settings: Arc<Settings>) -> Self {
        let state = Arc::new(watch::Sender::new(LinkState::Idle));
        Self { role, settings, state, started: Arc::new(AtomicBool::new(false)) }
    }

    /// Whether this call is the first: the caller then spawns [`supervise`](Self::supervise).
    pub(super) fn claim_start(&self) -> bool {
        !self.started.swap(true, Ordering::SeqCst)
    }

    pub(super) fn watch(&self) -> watch::Receiver<LinkState> {
        self.state.subscribe()
    }

    /// Waits for an open connection; `None` when the link is closed.
    pub(super) async fn up(&self) -> Option<Up> {
        let mut state = self.watch();
        let found =
            state.wait_for(|state| matches!(state, LinkState::Up(_) | LinkState::Closed)).await.ok()?.clone();
        match found {
            LinkState::Up(up) => Some(up),
            _ => None,
        }
    }

    /// Whether its user has given it up.
    pub(super) fn is_closed(&self) -> bool {
        matches!(*self.state.borrow(), LinkState::Closed)
    }

    /// Why there is no connection, for error texts; with the number of failed attempts.
    pub(super) fn trouble(&self) -> (u32, String) {
        match &*self.state.borrow() {
            LinkState::Down { attempts, last: Some(last), .. } => (*attempts, last.to_string()),
            LinkState::Down { attempts, .. } => (*attempts, "no attempt has ended yet".to_owned()),
            LinkState::Up(Up { blocked: Some(reason), node, .. }) => {
                (0, format!("{node} blocks publishers: {reason}"))
            }
            LinkState::Up(up) => (0, format!("{} is connected", up.node)),
            LinkState::Idle => (0, "not started".to_owned()),
            LinkState::Closed => (0, "closed".to_owned()),
        }
    }

    /// Ends the supervision and closes the connection.
    pub(super) async fn close(&self) {
        let previous = self.state.send_replace(LinkState::Closed);
        if let LinkState::Up(up) = previous {
            up.connection.close().await;
        }
    }

    /// Keeps a connection open until the link is closed.
    pub(super) async fn supervise(self) {
        let mut generation = 0;
        let mut next_node = self.first_node();
        let mut was_up = false;
        let mut last = None;
        let mut pause = Duration::ZERO;
        let mut closed = self.watch();
        loop {
            let since = Instant::now();
            if !self.publish(LinkState::Down { since, attempts: 0, last: last.take(), was_up }) {
                return;
            }
            tokio::time::sleep(pause).await;
            let Some((up, mut events)) = self.connect(&mut next_node, since, was_up, generation).await else {
                return;
            };
            generation += 1;
            was_up = true;
            let node = Arc::clone(&up.node);
            if !self.publish(LinkState::Up(up.clone())) {
                up.connection.close().await;
                return;
            }
            let cause = loop {
                let event = tokio::select! {
                    event = events.recv() => event,
                    // A connection that is closed in order tells nothing.
                    _ = closed.wait_for(|state| matches!(state, LinkState::Closed)) => return,
                };
                match event {
                    Some(Event::Blocked(reason)) => {
                        tracing::warn!(role = self.role, %node, %reason, "the broker blocks publishers");
                        self.publish(LinkState::Up(Up { blocked: Some(reason.into()), ..up.clone() }));
                    }
                    Some(Event::Unblocked) => {
                        tracing::info!(role = self.role, %node, "the broker takes messages again");
                        self.publish(LinkState::Up(Up { blocked: None, ..up.clone() }));
                    }
                    Some(Event::Lost(error)) => break error.to_string(),
                    None => break "the connection ended".to_owned(),
                }
            };
            if self.is_closed() {
                return;
            }
            tracing::warn!(role = self.role, %node, %cause, "connection lost, reconnecting");
            last = Some(Arc::new(ConnectFailure {
                kind: ConnectFailureKind::Lost,
                node: node.to_string(),
                cause,
            }));
            pause = self.settings.retry.pause_after_loss();
        }
    }

    /// Tries hosts until one answers; `None` when the link was closed meanwhile.
    async fn connect(
        &self,
        next_node: &mut usize,
        since: Instant,
        was_up: bool,
        generation: u64,
    ) -> Option<(Up, tokio::sync::mpsc::UnboundedReceiver<Event>)> {
        let nodes = &self.settings.nodes;
        let mut closed = self.watch();
        let mut attempts = 0;
        loop {
            let node = nodes.get(*next_node % nodes.len().max(1))?;
            let name = format!("{}:{}", self.settings.connection_name, self.role);
            let opening = Connection::open(self.settings.connection, node, &name, self.settings.heartbeat);
            let opened = tokio::select! {
                opened = opening => opened,
                _ = closed.wait_for(|state| matches!(state, LinkState::Closed)) => return None,
            };
            let failure = match opened {
                Ok((connection, events)) => {
                    let address: Arc<str> = node.address().into();
                    tracing::info!(role = self.role, node = %address, attempts, "connected");
                    return Some((Up { connection, node: address, generation, blocked: None }, events));
                }
                Err(failure) => Arc::new(failure),
            };
            attempts += 1;
            *next_node = if self.settings.shuffle { self.first_node() } else { *next_node + 1 };
            let round = attempts / u32::try_from(nodes.len()).unwrap_or(u32::MAX).max(1);
            let whole_round = (attempts as usize).is_multiple_of(nodes.len());
            let refused = matches!(
                failure.kind,
                ConnectFailureKind::AuthenticationFailed | ConnectFailureKind::VirtualHostRefused
            );
            let pause =
                if whole_round { self.settings.retry.pause(round - 1, refused) } else { Default::default() };
            tracing::warn!(
                role = self.role, node = %failure.node, cause = %failure, attempts, next_try_in = ?pause,
                "cannot connect"
            );
            if !self.publish(LinkState::Down { since, attempts, last: Some(failure), was_up }) {
                return None;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = closed.wait_for(|state| matches!(state, LinkState::Closed)) => return None,
            }
        }
    }

    /// Any host of several, so that clients spread over a cluster.
    fn first_node(&self) -> usize {
        let random = uuid::Uuid::new_v4().as_u128();
        usize::try_from(random % (self.settings.nodes.len().max(1) as u128)).unwrap_or_default()
    }

    /// Sets the state unless the link is closed; tells whether it was set.
    fn publish(&self, new: LinkState) -> bool {
        self.state.send_if_modified(|state| {
            let open = !matches!(state, LinkState::Closed);
            if open {
                *state = new;
            }
            open
        })
    }
}
