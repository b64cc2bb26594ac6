//! A contract, a generated client, a server.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bench_load::{Client, Failure, Queue, What};
use oslo_messaging::{CallError, CastError, RpcServer, Target, Transport, endpoint};

use super::{connect, unable};
use crate::broker::{Site, is_in_process, missing};
use crate::cli::OursMode;
use crate::error::Result;
use crate::peers::{server_names, servers_of};

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

/// Starts `servers` that count together; they end with their transport.
pub(super) async fn serve(transport: &Transport, topic: &str, servers: u64) -> Result<()> {
    let endpoint = Arc::new(BenchEndpoint::new(Counting::default()));
    for name in server_names(servers) {
        let server = RpcServer::builder(transport, Target::server(topic, &name))
            .shared_endpoint(endpoint.clone())
            .build()
            .map_err(unable("build the server"))?;
        // The handle only stops what it started; the transport's close does that too.
        server.start().await.map(drop).map_err(unable("start the server"))?;
    }
    Ok(())
}

pub(crate) struct OursClient {
    what: What,
    served: BenchClient,
    missing: BenchClient,
}

impl OursClient {
    /// A client; over `memory://` its server lives beside it, as nobody else could reach it.
    pub(crate) async fn connect(site: &Site, mode: OursMode, what: What) -> Result<Self> {
        let (topic, transport) = (&site.topic, connect(site, mode).await?);
        if is_in_process(&site.url) {
            serve(&transport, topic, servers_of(what)).await?;
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
        match self.what {
            What::Cast => return self.at(queue).hit(data).await.map_err(cast_failure),
            What::Fanout => return self.at(queue).hit(data).fanout().await.map_err(cast_failure),
            What::Call | What::Notify | What::Listen => {}
        }
        let answer = self.at(queue).echo(data).await.map_err(call_failure)?;
        if answer == data { Ok(()) } else { Err(Failure::Other("the echo differs".to_owned())) }
    }

    async fn handled(&self) -> Result<Option<u64>, Failure> {
        self.served.handled().await.map(Some).map_err(call_failure)
    }
}

fn call_failure(error: CallError<Infallible>) -> Failure {
    match error {
        CallError::Unroutable(returned) => Failure::Unroutable(returned.to_string()),
        other => Failure::Other(other.to_string()),
    }
}

fn cast_failure(error: CastError) -> Failure {
    match error {
        CastError::Unroutable(returned) => Failure::Unroutable(returned.to_string()),
        other => Failure::Other(other.to_string()),
    }
}
