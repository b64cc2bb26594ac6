//! This library through its public face: a contract, a generated client, a server.

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use oslo_messaging::{CallError, CastError, ConnectOptions, RpcServer, Target, Transport, endpoint};

use super::SERVER_NAME;
use crate::broker::is_in_process;
use crate::cli::OursIo;
use crate::error::{Error, Result};
use crate::load::{Client, Failure, Queue};

/// How long a broker may take to let us in, and to say good-bye.
const CONNECT: Duration = Duration::from_secs(10);

/// What the servers of all peers serve.
#[endpoint(version = "1.0")]
trait Bench {
    /// Gives back what it got.
    async fn echo(&self, data: &str) -> Result<String, Infallible>;

    /// Counts.
    #[cast]
    async fn hit(&self, data: &str);

    /// How often `hit` was called.
    async fn handled(&self) -> Result<u64, Infallible>;
}

#[derive(Default)]
struct Counting {
    handled: AtomicU64,
}

impl Bench for Counting {
    async fn echo(&self, data: &str) -> Result<String, Infallible> {
        Ok(data.to_owned())
    }

    async fn hit(&self, _data: &str) {
        self.handled.fetch_add(1, Relaxed);
    }

    async fn handled(&self) -> Result<u64, Infallible> {
        Ok(self.handled.load(Relaxed))
    }
}

/// A server that runs.
pub(super) struct Serving {
    transport: Transport,
}

impl Serving {
    pub(super) async fn start(url: &str, topic: &str, io: OursIo) -> Result<Self> {
        let transport = connect(url, io).await?;
        serve(&transport, topic).await?;
        Ok(Self { transport })
    }

    pub(super) async fn close(self) {
        self.transport.close(CONNECT).await;
    }
}

async fn serve(transport: &Transport, topic: &str) -> Result<()> {
    let server = RpcServer::builder(transport, Target::server(topic, SERVER_NAME))
        .endpoint(BenchEndpoint::new(Counting::default()))
        .build()
        .map_err(unable("build the server"))?;
    // The handle only stops what it started; the transport's close does that too.
    server.start().await.map(drop).map_err(unable("start the server"))
}

async fn connect(url: &str, io: OursIo) -> Result<Transport> {
    let mut options = ConnectOptions::default();
    options.rabbit.io_in_caller_runtime = io == OursIo::Runtime;
    let url = url.parse().map_err(unable("read --url"))?;
    let transport = Transport::connect_with(&url, options).map_err(unable("connect"))?;
    transport.ready(CONNECT).await.map_err(unable("connect"))?;
    Ok(transport)
}

pub(super) struct OursClient {
    served: BenchClient,
    missing: BenchClient,
}

impl OursClient {
    /// A client; over `memory://` its server lives beside it, as nobody else could reach it.
    pub(super) async fn connect(url: &str, topic: &str, io: OursIo) -> Result<Self> {
        let transport = connect(url, io).await?;
        if is_in_process(url) {
            serve(&transport, topic).await?;
        }
        let served = BenchClient::new(&transport, Target::topic(topic));
        let missing = BenchClient::new(&transport, Target::topic(format!("{topic}-missing")));
        Ok(Self { served, missing })
    }

    fn at(&self, queue: Queue) -> &BenchClient {
        match queue {
            Queue::Served => &self.served,
            Queue::Missing => &self.missing,
        }
    }
}

impl Client for OursClient {
    async fn call(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        let answer = self.at(queue).echo(data).await?;
        if answer == data { Ok(()) } else { Err(Failure::Other("the echo differs".to_owned())) }
    }

    async fn cast(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        Ok(self.at(queue).hit(data).await?)
    }

    async fn handled(&self) -> Result<u64, Failure> {
        Ok(self.served.handled().await?)
    }
}

impl From<CallError<Infallible>> for Failure {
    fn from(error: CallError<Infallible>) -> Self {
        match error {
            CallError::Unroutable(returned) => Self::Unroutable(returned.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<CastError> for Failure {
    fn from(error: CastError) -> Self {
        match error {
            CastError::Unroutable(returned) => Self::Unroutable(returned.to_string()),
            other => Self::Other(other.to_string()),
        }
    }
}

fn unable<E: Display>(what: &'static str) -> impl FnOnce(E) -> Error {
    move |error| Error::Peer(format!("cannot {what}: {error}"))
}
