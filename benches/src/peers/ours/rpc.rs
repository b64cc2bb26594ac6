//! A contract, a generated client, a server.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use oslo_messaging::{CallError, CastError, RpcServer, Target, Transport, endpoint};

use super::{connect, unable};
use crate::broker::{is_in_process, missing};
use crate::cli::{OursIo, What};
use crate::error::Result;
use crate::load::{Client, Failure, Queue};
use crate::peers::SERVER_NAME;

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

/// Starts the server; it ends with its transport.
pub(super) async fn serve(transport: &Transport, topic: &str) -> Result<()> {
    let server = RpcServer::builder(transport, Target::server(topic, SERVER_NAME))
        .endpoint(BenchEndpoint::new(Counting::default()))
        .build()
        .map_err(unable("build the server"))?;
    // The handle only stops what it started; the transport's close does that too.
    server.start().await.map(drop).map_err(unable("start the server"))
}

pub(crate) struct OursClient {
    what: What,
    served: BenchClient,
    missing: BenchClient,
}

impl OursClient {
    /// A client; over `memory://` its server lives beside it, as nobody else could reach it.
    pub(crate) async fn connect(url: &str, topic: &str, io: OursIo, what: What) -> Result<Self> {
        let transport = connect(url, io).await?;
        if is_in_process(url) {
            serve(&transport, topic).await?;
        }
        let served = BenchClient::new(&transport, Target::topic(topic));
        let missing = BenchClient::new(&transport, Target::topic(missing(topic)));
        Ok(Self { what, served, missing })
    }

    fn at(&self, queue: Queue) -> &BenchClient {
        match queue {
            Queue::Served => &self.served,
            Queue::Missing => &self.missing,
        }
    }
}

impl Client for OursClient {
    async fn send(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        if self.what == What::Cast {
            return Ok(self.at(queue).hit(data).await?);
        }
        let answer = self.at(queue).echo(data).await?;
        if answer == data { Ok(()) } else { Err(Failure::Other("the echo differs".to_owned())) }
    }

    async fn handled(&self) -> Result<Option<u64>, Failure> {
        Ok(Some(self.served.handled().await?))
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
