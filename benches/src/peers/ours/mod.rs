//! This library through its public face.

mod notify;
mod rpc;

pub(super) use notify::{OursNotifier, fill_and_listen, listen};
pub(super) use rpc::OursClient;

use std::fmt::Display;
use std::time::Duration;

use oslo_messaging::{ConnectOptions, Transport};

use crate::broker::{DURABLE_EXCHANGE, Site};
use crate::cli::OursMode;
use crate::error::{Error, Result};

/// How long a broker may take to let us in, and to say good-bye.
const CONNECT: Duration = Duration::from_secs(10);

/// A server or a listener that runs.
pub(super) struct Serving {
    transport: Transport,
}

impl Serving {
    /// The server of calls and casts.
    pub(super) async fn start(site: &Site, mode: OursMode, servers: u64) -> Result<Self> {
        let transport = connect(site, mode).await?;
        rpc::serve(&transport, &site.topic, servers).await?;
        Ok(Self { transport })
    }

    pub(super) async fn close(self) {
        self.transport.close(CONNECT).await;
    }
}

pub(crate) async fn connect(site: &Site, mode: OursMode) -> Result<Transport> {
    let mut options = ConnectOptions::default();
    options.rabbit.io_in_caller_runtime = mode == OursMode::Runtime;
    options.rabbit.confirm_requests = mode != OursMode::Unconfirmed;
    if site.durable {
        options.rabbit.durable_queues = true;
        options.transport.control_exchange = DURABLE_EXCHANGE.to_owned();
    }
    let url = site.url.parse().map_err(unable("read --url"))?;
    let transport = Transport::connect_with(&url, options).map_err(unable("connect"))?;
    transport.ready(CONNECT).await.map_err(unable("connect"))?;
    Ok(transport)
}

fn unable<E: Display>(what: &'static str) -> impl FnOnce(E) -> Error {
    move |error| Error::Peer(format!("cannot {what}: {error}"))
}
