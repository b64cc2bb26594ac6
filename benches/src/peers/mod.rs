//! The peers: what each takes to serve and to load, as a process and inside one.

mod contender;
mod lapin;
mod ours;
mod python;

pub(crate) use contender::Contender;

use std::time::Duration;

use crate::broker::is_in_process;
use crate::cli::{ClientOptions, PeerName, ServerOptions, What};
use crate::error::{Error, Result};
use crate::events::{ClientResult, Event, tell};
use crate::listen::{Handled, finish, observe};
use crate::load::{Plan, drive};
use crate::stop;

/// The one server's name, for peers that name servers.
pub(crate) const SERVER_NAME: &str = "s1";

/// What a listener that keeps a notifier's queue empty takes at a time: the default of ours.
const DRAINING: u16 = 64;

/// `bench server`.
pub(crate) async fn serve(options: ServerOptions) -> Result<()> {
    if options.peer == PeerName::Python {
        return python::serve(&options).await;
    }
    if options.what.is_of_notifications() {
        return serve_notifications(&options).await;
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
        PeerName::Python | PeerName::All => Err(one_peer()),
    }
}

/// A listener that keeps the queue of a notifier empty.
async fn serve_notifications(options: &ServerOptions) -> Result<()> {
    let (url, topic) = (&options.url, &options.topic);
    let handled = Handled::default();
    match options.peer {
        PeerName::Lapin => {
            let _listening = lapin::listen(url, topic, options.lapin_mode, DRAINING, &handled).await?;
            wait_until_handled(options, &handled).await
        }
        PeerName::Ours => {
            let listening = ours::listen(url, topic, options.ours_io, DRAINING, &handled).await?;
            wait_until_handled(options, &handled).await?;
            listening.close().await;
            Ok(())
        }
        PeerName::Python | PeerName::All => Err(one_peer()),
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
    let (url, topic, what) = (&options.url, &options.topic, options.what);
    let (lapin_mode, ours_io) = (options.lapin_mode, options.ours_io);
    match (options.peer, what) {
        (PeerName::Lapin, What::Call | What::Cast) => {
            report(drive(lapin::LapinClient::connect(url, topic, lapin_mode, what).await?, &plan).await?)
                .await
        }
        (PeerName::Lapin, What::Notify) => {
            report(drive(lapin::LapinNotifier::connect(url, topic, lapin_mode).await?, &plan).await?).await
        }
        (PeerName::Ours, What::Call | What::Cast) => {
            report(drive(ours::OursClient::connect(url, topic, ours_io, what).await?, &plan).await?).await
        }
        (PeerName::Ours, What::Notify) => {
            report(drive(ours::OursNotifier::connect(url, topic, ours_io, DRAINING).await?, &plan).await?)
                .await
        }
        (PeerName::Lapin | PeerName::Ours, What::Listen) => listen(&options, &plan).await,
        (PeerName::Python | PeerName::All, _) => {
            Err(Error::Usage("`client` loads as one Rust peer: ours or lapin".to_owned()))
        }
    }
}

/// A listener that is measured.
async fn listen(options: &ClientOptions, plan: &Plan) -> Result<()> {
    let (url, topic) = (&options.url, &options.topic);
    let inflight = u16::try_from(options.inflight)
        .map_err(|_| Error::Usage("a prefetch, and so --inflight of `listen`, ends at 65535".to_owned()))?;
    let handled = Handled::default();
    if options.peer == PeerName::Lapin {
        let _listening = lapin::listen(url, topic, options.lapin_mode, inflight, &handled).await?;
        return report(observe(&handled, plan).await?).await;
    }
    if !is_in_process(url) {
        let _listening = ours::listen(url, topic, options.ours_io, inflight, &handled).await?;
        return report(observe(&handled, plan).await?).await;
    }
    let fill = (options.fill, options.size);
    let _listening = ours::fill_and_listen(url, topic, inflight, &handled, fill).await?;
    let result = observe(&handled, plan).await?;
    if handled.get() >= options.fill as u64 {
        return Err(Error::Peer(
            "the queue ran dry before the window closed: more --fill is needed".to_owned(),
        ));
    }
    report(result).await
}

/// Tells the figures, and stays until they and this process have been looked at.
async fn report(result: ClientResult) -> Result<()> {
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

async fn wait_until_handled(options: &ServerOptions, handled: &Handled) -> Result<()> {
    tell(&Event::Ready)?;
    if options.follow_stdin { finish(handled).await } else { stop::signalled().await }
}

fn one_peer() -> Error {
    Error::Usage("`server` serves one peer: ours, lapin or python".to_owned())
}

fn seconds(value: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(value).map_err(|error| Error::Usage(format!("{value} seconds: {error}")))
}
