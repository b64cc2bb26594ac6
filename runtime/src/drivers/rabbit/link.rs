//! One supervised connection: opened, watched, opened again on the next host. What runs over it follows its state and
//! replays itself.

use super::amqp::{AmqpError, Connection, Event, Scope};
use super::attempts::Attempts;
use super::host::Surroundings;
use super::settings::Settings;
use super::tries::Tries;
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
    surroundings: Surroundings,
    state: Arc<watch::Sender<LinkState>>,
    started: Arc<AtomicBool>,
    attempts: Arc<Attempts>,
}

impl Link {
    pub(super) fn new(role: &'static str, settings: Arc<Settings>, surroundings: Surroundings) -> Self {
        let state = Arc::new(watch::Sender::new(LinkState::Idle));
        Self { role, settings, surroundings, state, started: Arc::default(), attempts: Arc::default() }
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

    /// Why there is no connection, for error texts.
    pub(super) fn trouble(&self) -> String {
        match &*self.state.borrow() {
            LinkState::Down { last: Some(last), .. } => last.to_string(),
            LinkState::Down { .. } => "no attempt has ended yet".to_owned(),
            LinkState::Up(Up { blocked: Some(reason), node, .. }) => {
                format!("{node} blocks publishers: {reason}")
            }
            LinkState::Up(up) => format!("{} is connected", up.node),
            LinkState::Idle => "not started".to_owned(),
            LinkState::Closed => "closed".to_owned(),
        }
    }

    /// The last attempt to connect that has begun, to count from.
    pub(super) fn mark(&self) -> u64 {
        self.attempts.mark()
    }

    /// How many attempts have failed that began after `mark`.
    pub(super) fn failed_since(&self, mark: u64) -> u32 {
        self.attempts.failed_since(mark)
    }

    /// Resolves when more attempts that began after `mark` have failed than `retry` allows; never without a limit.
    pub(super) async fn used_up(&self, mark: u64, retry: Option<u32>) {
        let Some(retry) = retry else { return std::future::pending().await };
        // The link holds the sender, so the wait ends in no other way.
        let _ = self.watch().wait_for(|_| self.failed_since(mark) > retry).await;
    }

    /// Waits before something is set up again that has failed `failures` times on a connection: less and less often while
    /// that lives, and no longer when it is gone.
    pub(super) async fn pause_on(&self, generation: u64, failures: u32, refused: bool) {
        let pause = self.settings.retry.pause(failures.saturating_sub(1), refused);
        let mut state = self.watch();
        let gone = state.wait_for(|state| !matches!(state, LinkState::Up(up) if up.generation == generation));
        // The time passes, or the connection is gone; either is the end of the pause.
        let _ = tokio::time::timeout(pause, gone).await;
    }

    /// Whether what has ended over `up`, with this error, has ended with the connection.
    pub(super) fn has_lost(&self, up: &Up, error: Option<&AmqpError>) -> bool {
        let is_up =
            |state: &LinkState| matches!(state, LinkState::Up(now) if now.generation == up.generation);
        error.is_some_and(|error| error.scope == Scope::Connection) || !is_up(&self.state.borrow())
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
        let mut tries = Tries::new(&self.settings);
        let mut was_up = false;
        let mut last = None;
        let mut pause = Duration::ZERO;
        let mut closed = self.watch();
        loop {
            let since = Instant::now();
            let attempts = tries.in_vain();
            if !self.publish(LinkState::Down { since, attempts, last: last.take(), was_up }) {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = closed.wait_for(|state| matches!(state, LinkState::Closed)) => return,
            }
            let Some((up, mut events)) = self.connect(&mut tries, since, was_up, generation).await else {
                return;
            };
            let up_since = Instant::now();
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
            let lived = up_since.elapsed();
            if Tries::is_in_vain(lived) {
                self.attempts.fail();
            } else {
                self.attempts.serve();
            }
            pause = tries.lost(lived);
            tracing::warn!(
                role = self.role, %node, %cause, next_try_in = ?pause, "connection lost, reconnecting"
            );
            last = Some(Arc::new(ConnectFailure {
                kind: ConnectFailureKind::Lost,
                node: node.to_string(),
                cause,
            }));
        }
    }

    /// Tries hosts until one answers; `None` when the link was closed meanwhile.
    async fn connect(
        &self,
        tries: &mut Tries,
        since: Instant,
        was_up: bool,
        generation: u64,
    ) -> Option<(Up, tokio::sync::mpsc::UnboundedReceiver<Event>)> {
        let nodes = &self.settings.nodes;
        let mut closed = self.watch();
        loop {
            let node = nodes.get(tries.node())?;
            self.attempts.begin();
            let name = format!("{}:{}", self.settings.connection_name, self.role);
            let Settings { connection, heartbeat, .. } = *self.settings;
            let opening = Connection::open(connection, node, &name, heartbeat, self.surroundings.clone());
            let opened = tokio::select! {
                opened = opening => opened,
                _ = closed.wait_for(|state| matches!(state, LinkState::Closed)) => return None,
            };
            let failure = match opened {
                Ok((connection, events)) => {
                    let address: Arc<str> = node.address().into();
                    tracing::info!(role = self.role, node = %address, attempts = tries.in_vain(), "connected");
                    return Some((Up { connection, node: address, generation, blocked: None }, events));
                }
                Err(failure) => Arc::new(failure),
            };
            let refused = matches!(
                failure.kind,
                ConnectFailureKind::AuthenticationFailed | ConnectFailureKind::VirtualHostRefused
            );
            self.attempts.fail();
            let pause = tries.failed(refused);
            let attempts = tries.in_vain();
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

    /// The state as a test wants it.
    #[cfg(test)]
    pub(super) fn be(&self, state: LinkState) {
        self.publish(state);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::rabbit::RabbitOptions;

    #[tokio::test]
    async fn attempts_are_counted_from_a_mark_on_and_those_of_before_are_not() {
        // Bound without listening: nobody else gets the port meanwhile.
        let kept = tokio::net::TcpSocket::new_v4().unwrap();
        kept.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let url = format!("rabbit://guest:guest@{}/", kept.local_addr().unwrap()).parse().unwrap();
        let settings = Settings::resolve(&url, &RabbitOptions::default());
        let link = Link::new("test", Arc::new(settings), Surroundings::default());
        let supervision = tokio::spawn(link.clone().supervise());
        let beginning = link.mark();
        link.used_up(beginning, Some(1)).await;
        let mark = link.mark();
        assert_eq!(link.failed_since(mark), 0);
        link.used_up(mark, Some(0)).await;
        assert_eq!(link.failed_since(mark), 1);
        assert!(link.failed_since(beginning) >= 3);
        supervision.abort();
    }
}
