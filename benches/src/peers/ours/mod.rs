//! This library through its public face.

mod notify;
mod rpc;

pub(super) use notify::{OursNotifier, fill_and_listen, listen};
pub(super) use rpc::OursClient;

use std::fmt::Display;
use std::time::Duration;

use oslo_messaging::{ConnectOptions, Transport};

use crate::cli::OursIo;
use crate::error::{Error, Result};

/// How long a broker may take to let us in, and to say good-bye.
const CONNECT: Duration = Duration::from_secs(10);

/// A server or a listener that runs.
pub(super) struct Serving {
    transport: Transport,
}

impl Serving {
    /// The server of calls and casts.
    pub(super) async fn start(url: &str, topic: &str, io: OursIo) -> Result<Self> {
        let transport = connect(url, io).await?;
        rpc::serve(&transport, topic).await?;
        Ok(Self { transport })
    }

    pub(super) async fn close(self) {
        self.transport.close(CONNECT).await;
    }
}

async fn connect(url: &str, io: OursIo) -> Result<Transport> {
    let mut options = ConnectOptions::default();
    options.rabbit.io_in_caller_runtime = io == OursIo::Runtime;
    let url = url.parse().map_err(unable("read --url"))?;
    let transport = Transport::connect_with(&url, options).map_err(unable("connect"))?;
    transport.ready(CONNECT).await.map_err(unable("connect"))?;
    Ok(transport)
}

fn unable<E: Display>(what: &'static str) -> impl FnOnce(E) -> Error {
    move |error| Error::Peer(format!("cannot {what}: {error}"))
}
