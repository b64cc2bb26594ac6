//! Reaching a node over TCP: its name is looked up anew for each attempt, and every address that it has gets its turn.

use socket2::{SockRef, TcpKeepalive};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

/// How long a name may take, and all of its addresses together while each has its [`LEAST`].
const LIMIT: Duration = Duration::from_secs(5);
/// What an address has at least. One that swallows what is sent to it must not use up the time of the others.
const LEAST: Duration = Duration::from_millis(1500);

/// Probes as py-amqp asks for: without heartbeats nothing else notices that the peer of an idle connection has gone.
const IDLE: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_secs(10);
const PROBES: u32 = 9;

/// What `connect` makes of the first address of `host` that answers; else why none does.
pub(super) async fn dial<S, F>(host: &str, port: u16, connect: impl Fn(SocketAddr) -> F) -> Result<S, String>
where
    F: Future<Output = io::Result<S>>,
{
    let addresses = match timeout(LIMIT, lookup_host((host, port))).await {
        Ok(found) => found.map_err(|error| error.to_string())?.collect::<Vec<_>>(),
        Err(_) => return Err(format!("the name was not found within {LIMIT:?}")),
    };
    first(&addresses, connect).await
}

async fn first<S, F>(addresses: &[SocketAddr], connect: impl Fn(SocketAddr) -> F) -> Result<S, String>
where
    F: Future<Output = io::Result<S>>,
{
    let end = Instant::now() + LIMIT;
    let mut causes = Vec::new();
    for (address, left) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let share = end.saturating_duration_since(Instant::now()).div_f64(left as f64);
        let limit = share.max(LEAST);
        let cause = match timeout(limit, connect(*address)).await {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {limit:?}"),
        };
        causes.push(if addresses.len() == 1 { cause } else { format!("{address}: {cause}") });
    }
    if causes.is_empty() {
        causes.push("the name has no address".to_owned());
    }
    Err(causes.join("; "))
}

/// Sets what every connection needs of its socket.
pub(super) fn tune(stream: &TcpStream) -> io::Result<()> {
    // What is written is written whole; waiting for more would only delay it.
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_tcp_keepalive(&probes())
}

fn probes() -> TcpKeepalive {
    let probes = TcpKeepalive::new().with_time(IDLE);
    // Elsewhere the system decides how often, or the crate cannot say it.
    #[cfg(any(
        target_os = "android",
        target_os = "freebsd",
        target_os = "ios",
        target_os = "linux",
        target_os = "macos",
        target_os = "netbsd",
        target_os = "windows"
    ))]
    let probes = probes.with_interval(INTERVAL).with_retries(PROBES);
    probes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn addresses(count: u8) -> Vec<SocketAddr> {
        (1..=count).map(|last| SocketAddr::from(([10, 0, 0, last], 5672))).collect()
    }

    /// An address that swallows what is sent to it, until the one that answers.
    async fn silent_but(answering: u8, address: SocketAddr) -> io::Result<SocketAddr> {
        if address.to_string() == format!("10.0.0.{answering}:5672") {
            return Ok(address);
        }
        std::future::pending().await
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_does_not_answer_leaves_time_for_the_next() {
        let begun = Instant::now();
        let connected = first(&addresses(2), |address| silent_but(2, address)).await;
        assert_eq!(connected, Ok(addresses(2)[1]));
        assert_eq!(begun.elapsed(), LIMIT / 2);
        let begun = Instant::now();
        let connected = first(&addresses(8), |address| silent_but(8, address)).await;
        assert_eq!(connected, Ok(addresses(8)[7]));
        assert_eq!(begun.elapsed(), 7 * LEAST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_single_address_and_the_last_have_all_the_time_that_is_left() {
        let begun = Instant::now();
        let error = first(&addresses(1), |address| silent_but(9, address)).await.unwrap_err();
        assert_eq!((begun.elapsed(), &*error), (LIMIT, "no answer within 5s"));
        let (begun, tried) = (Instant::now(), Mutex::new(Vec::new()));
        let refused_but_last = async |address: SocketAddr| {
            tried.lock().unwrap().push(address);
            match address.to_string().as_str() {
                "10.0.0.3:5672" => std::future::pending().await,
                _ => Err::<(), _>(io::ErrorKind::ConnectionRefused.into()),
            }
        };
        let error = first(&addresses(3), refused_but_last).await.unwrap_err();
        assert_eq!(begun.elapsed(), LIMIT);
        assert_eq!(*tried.lock().unwrap(), addresses(3));
        for words in ["10.0.0.1:5672: connection refused; ", "10.0.0.3:5672: no answer within 5s"] {
            assert!(error.contains(words), "{error}");
        }
    }

    #[tokio::test]
    async fn sockets_have_the_settings_of_py_amqp() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        tune(&stream).unwrap();
        let socket = SockRef::from(&stream);
        assert!(stream.nodelay().unwrap() && socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), IDLE);
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), INTERVAL);
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), PROBES);
    }
}
