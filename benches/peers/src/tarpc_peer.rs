//! tarpc over TCP with JSON. It has no name for a server, so that nothing can be unroutable.

use bench_load::{Client, Failure, Queue};
use futures_util::StreamExt;
use tarpc::serde_transport::tcp;
use tarpc::server::{BaseChannel, Channel};
use tarpc::tokio_serde::formats::Json;

use crate::message::{compare, other};
use crate::{Result, Serving};

/// Largest frame; the default is 8 MiB.
const FRAME: usize = 64 << 20;
/// Requests that the client queues and has under way; its default of 1000 would refuse 4,096.
const UNDER_WAY: usize = 8192;

#[tarpc::service]
trait Echo {
    async fn echo(data: String) -> String;
}

#[derive(Clone)]
struct Server;

impl Echo for Server {
    async fn echo(self, _: tarpc::context::Context, data: String) -> String {
        data
    }
}

pub(crate) async fn serve() -> Result<Serving> {
    let mut listener = tcp::listen("127.0.0.1:0", Json::default).await?;
    listener.config_mut().max_frame_length(FRAME);
    let address = listener.local_addr().to_string();
    tokio::spawn(async move {
        while let Some(Ok(transport)) = listener.next().await {
            let requests = BaseChannel::with_defaults(transport).execute(Server.serve());
            tokio::spawn(requests.for_each(|request| async move {
                tokio::spawn(request);
            }));
        }
    });
    Ok(Serving { address, broker: None })
}

pub(crate) async fn connect(url: &str) -> Result<TarpcClient> {
    let mut connecting = tcp::connect(url.to_owned(), Json::default);
    connecting.config_mut().max_frame_length(FRAME);
    let mut config = tarpc::client::Config::default();
    config.max_in_flight_requests = UNDER_WAY;
    config.pending_request_buffer = UNDER_WAY;
    Ok(TarpcClient(EchoClient::new(config, connecting.await?).spawn()))
}

pub(crate) struct TarpcClient(EchoClient);

impl Client for TarpcClient {
    async fn send(&self, _: Queue, data: &str) -> Result<(), Failure> {
        let mut context = tarpc::context::current();
        context.deadline += bench_load::TAIL;
        compare(data, &self.0.echo(context, data.to_owned()).await.map_err(other)?)
    }

    async fn handled(&self) -> Result<Option<u64>, Failure> {
        Ok(None)
    }

    fn knows_unroutable(&self) -> bool {
        false
    }
}
