//! The peers: what each takes to serve and to load, as a process and inside one.

mod contender;
mod lapin;
mod ours;
mod python;

pub(crate) use contender::Contender;

use std::time::Duration;

use crate::cli::{ClientOptions, PeerName, ServerOptions};
use crate::error::{Error, Result};
use crate::events::{Event, tell};
use crate::load::{Plan, drive};
use crate::stop;

/// The one server's name, for peers that name servers.
pub(crate) const SERVER_NAME: &str = "s1";

/// `bench server`.
pub(crate) async fn serve(options: ServerOptions) -> Result<()> {
    if options.peer == PeerName::Python {
        return python::serve(&options).await;
    }
    let (url, topic) = (&options.url, &options.topic);
    match options.peer {
        PeerName::Lapin => {
            let _serving = lapin::serve(url, topic, options.lapin_mode).await?;
            wait_for_the_end(&options).await
        }
        PeerName::Ours => {
            let serving = ours::Serving::start(url, topic, options.ours_io).await?;
            wait_for_the_end(&options).await?;
            serving.close().await;
            Ok(())
        }
        PeerName::Python | PeerName::All => {
            Err(Error::Usage("`server` serves one peer: ours, lapin or python".to_owned()))
        }
    }
}

/// `bench client`.
pub(crate) async fn load(options: ClientOptions) -> Result<()> {
    let plan = Plan {
        what: options.what,
        inflight: options.inflight,
        size: options.size,
        warmup: seconds(options.warmup)?,
        window: seconds(options.seconds)?,
    };
    let (url, topic) = (&options.url, &options.topic);
    let result = match options.peer {
        PeerName::Lapin => {
            drive(lapin::LapinClient::connect(url, topic, options.lapin_mode).await?, &plan).await?
        }
        PeerName::Ours => drive(ours::OursClient::connect(url, topic, options.ours_io).await?, &plan).await?,
        PeerName::Python | PeerName::All => {
            return Err(Error::Usage("`client` loads as one Rust peer: ours or lapin".to_owned()));
        }
    };
    tell(&Event::Result(result))?;
    stop::stdin_closed().await;
    Ok(())
}

async fn wait_for_the_end(options: &ServerOptions) -> Result<()> {
    tell(&Event::Ready)?;
    if options.follow_stdin {
        stop::stdin_closed().await;
        Ok(())
    } else {
        stop::signalled().await
    }
}

fn seconds(value: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(value).map_err(|error| Error::Usage(format!("{value} seconds: {error}")))
}
