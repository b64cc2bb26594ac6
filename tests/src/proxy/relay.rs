//! The relay: connections from one process to the broker, watched, and broken on demand.

use super::frame::{Decoded, Frames};
use super::record::{Direction, Record};
use crate::journal::Journal;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// What happens to the bytes of a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flow {
    /// They are passed on.
    #[default]
    Pass,
    /// They wait: a full pipe.
    Hold,
    /// They vanish: a network that drops, without a word to either side. They are recorded.
    Drop,
}

/// How the network behaves now.
#[derive(Debug, Clone, Copy, Default)]
struct Weather {
    to_broker: Flow,
    from_broker: Flow,
    refuse: bool,
    kills: u64,
}

/// A recording proxy in front of a broker. Dropping it closes its connections.
#[derive(Debug)]
pub struct Proxy {
    address: String,
    shared: Arc<Shared>,
    acceptor: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    broker: String,
    started: Instant,
    records: Journal<Record>,
    weather: watch::Sender<Weather>,
    connections: AtomicUsize,
    refused: AtomicUsize,
    /// What connections hold as long as they are there; another one after each cut.
    presence: Mutex<Presence>,
}

type Presence = (mpsc::Sender<()>, mpsc::Receiver<()>);

impl Proxy {
    /// A proxy in front of the broker at `host:port`, on a free port.
    pub async fn start(broker: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let shared = Arc::new(Shared {
            broker: broker.to_owned(),
            started: Instant::now(),
            records: Journal::new(),
            weather: watch::Sender::default(),
            connections: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            presence: Mutex::new(mpsc::channel(1)),
        });
        let acceptor = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, acceptor }
    }

    /// `host:port` of the proxy.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Everything that went through, in order.
    pub fn records(&self) -> &Journal<Record> {
        &self.shared.records
    }

    /// The records so far of this method from the process to the broker.
    pub fn sent(&self, method: &str) -> Vec<Record> {
        self.shared.records.matching(|record| record.sent(method))
    }

    /// The records so far of this method from the broker to the process.
    pub fn received(&self, method: &str) -> Vec<Record> {
        self.shared.records.matching(|record| record.received(method))
    }

    /// Resets every connection, as a failing network does.
    pub fn kill_connections(&self) {
        self.shared.weather.send_modify(|weather| weather.kills += 1);
    }

    /// Resets every connection, and waits until that is done.
    pub async fn cut_connections(&self) {
        let (present, mut left) = {
            let mut presence = self.shared.presence();
            self.kill_connections();
            std::mem::replace(&mut *presence, mpsc::channel(1))
        };
        drop(present);
        // Nothing is ever sent: the channel ends with the last connection that holds it.
        while left.recv().await.is_some() {}
    }

    /// Sets what happens to the bytes of each direction from now on, on old and new connections.
    pub fn set_flow(&self, to_broker: Flow, from_broker: Flow) {
        self.shared.weather.send_modify(|weather| {
            weather.to_broker = to_broker;
            weather.from_broker = from_broker;
        });
    }

    /// Whether new connections are closed at once.
    pub fn refuse(&self, refuse: bool) {
        self.shared.weather.send_modify(|weather| weather.refuse = refuse);
    }

    /// How many new connections were closed at once.
    pub fn refused(&self) -> usize {
        self.shared.refused.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.acceptor.abort();
        self.kill_connections();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        if shared.weather.borrow().refuse {
            shared.refused.fetch_add(1, Ordering::SeqCst);
            continue;
        }
        // Before it has a connection to the broker: whoever kills connections from now on means this one too.
        let stay = Stay::begin(&shared);
        shared.event(stay.number, Direction::ToBroker, "tcp.open");
        tokio::spawn(connection(client, shared.clone(), stay));
    }
}

/// A connection as long as it is there.
struct Stay {
    number: usize,
    weather: watch::Receiver<Weather>,
    /// How many kills there had been when it came.
    kills: u64,
    _present: mpsc::Sender<()>,
}

impl Stay {
    fn begin(shared: &Shared) -> Self {
        // Held, so that a cut either comes before it or waits for its end.
        let presence = shared.presence();
        let mut weather = shared.weather.subscribe();
        let kills = weather.borrow_and_update().kills;
        let number = shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
        Self { number, weather, kills, _present: presence.0.clone() }
    }

    async fn killed(&mut self) {
        let kills = self.kills;
        let _ = self.weather.wait_for(|weather| weather.kills > kills).await;
    }
}

async fn connection(mut client: TcpStream, shared: Arc<Shared>, mut stay: Stay) {
    let number = stay.number;
    let broker = tokio::select! {
        broker = TcpStream::connect(&shared.broker) => broker,
        () = stay.killed() => {
            let _ = client.set_zero_linger();
            return shared.event(number, Direction::FromBroker, "tcp.killed");
        }
    };
    let Ok(mut broker) = broker else {
        return shared.event(number, Direction::FromBroker, "tcp.refused");
    };
    let _ = (client.set_nodelay(true), broker.set_nodelay(true));
    let killed = {
        let (from_client, to_client) = client.split();
        let (from_broker, to_broker) = broker.split();
        let both = async {
            tokio::join!(
                pump(from_client, to_broker, &shared, number, Direction::ToBroker),
                pump(from_broker, to_client, &shared, number, Direction::FromBroker),
            )
        };
        tokio::select! {
            _ = both => false,
            () = stay.killed() => true,
        }
    };
    if killed {
        // Closing then sends a reset, not a polite end.
        let _ = (client.set_zero_linger(), broker.set_zero_linger());
        shared.event(number, Direction::FromBroker, "tcp.killed");
    }
    drop((client, broker));
    drop(stay);
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    shared: &Shared,
    connection: usize,
    direction: Direction,
) {
    let mut frames = Frames::new(direction == Direction::ToBroker);
    let mut weather = shared.weather.subscribe();
    let mut buffer = vec![0; 64 << 10];
    let flow = |weather: &Weather| match direction {
        Direction::ToBroker => weather.to_broker,
        Direction::FromBroker => weather.from_broker,
    };
    loop {
        let _ = weather.wait_for(|weather| flow(weather) != Flow::Hold).await;
        let Ok(count @ 1..) = from.read(&mut buffer).await else { break };
        // Decided before it is written down: whoever waits for the record may change the weather at once.
        let dropped = flow(&weather.borrow()) == Flow::Drop;
        for decoded in frames.feed(&buffer[..count]) {
            shared.record(connection, direction, decoded);
        }
        let now = *weather
            .wait_for(|weather| flow(weather) != Flow::Hold)
            .await
            .expect("the proxy holds the sender");
        if !dropped && flow(&now) == Flow::Pass && to.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    shared.event(connection, direction, "tcp.end");
    let _ = to.shutdown().await;
}

impl Shared {
    fn presence(&self) -> MutexGuard<'_, Presence> {
        self.presence.lock().expect("nobody panics while it is held")
    }

    fn event(&self, connection: usize, direction: Direction, method: &str) {
        let decoded = Decoded {
            channel: 0,
            method: method.to_owned(),
            args: json!({}),
            properties: Value::Null,
            body: None,
        };
        self.record(connection, direction, decoded);
    }

    fn record(&self, connection: usize, direction: Direction, decoded: Decoded) {
        let Decoded { channel, method, args, properties, body } = decoded;
        let at = self.started.elapsed();
        let body = body.map(Arc::from);
        self.records.push(Record { at, connection, direction, channel, method, args, properties, body });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wait::within;
    use std::time::Duration;

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_kill_meets_a_connection_that_has_none_to_the_broker_yet() {
        let broker = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::start(&broker.local_addr().unwrap().to_string()).await;
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        proxy.records().first(1, LIMIT, "the connection", |record| record.sent("tcp.open")).await;
        proxy.kill_connections();
        let mut nothing = [0];
        let end = within(LIMIT, "it is killed", client.read(&mut nothing)).await;
        assert!(matches!(end, Err(_) | Ok(0)), "{end:?}");
    }
}
