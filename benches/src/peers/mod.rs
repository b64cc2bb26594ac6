//! The peers: what each takes to serve and to load, as a process and inside one.

mod command;
mod contender;
mod guarantees;
mod lapin;
mod ours;
mod python;

pub(crate) use command::{client_command, fill_of, peers_bin, server_command};
pub(crate) use contender::{Contender, Framework};
pub(crate) use ours::connect as connect_ours;
pub(crate) use python::{interpreter as python_interpreter, script as python_script};

use bench_load::{ClientResult, Event, FANOUT_SERVERS, Plan, What, drive, signalled, stdin_closed, tell};

use crate::broker::is_in_process;
use crate::cli::{ClientOptions, PeerName, ServerOptions};
use crate::error::{Error, Result};
use crate::listen::{Handled, finish, observe};

/// What a listener that keeps a notifier's queue empty takes at a time: the default of ours.
const DRAINING: u16 = 64;

/// Names of the first `count` servers, for peers that name servers. There is one, but for fanout.
pub(crate) fn server_names(count: u64) -> impl Iterator<Item = String> {
    (1..=count).map(|number| format!("s{number}"))
}

fn servers_of(what: What) -> u64 {
    if what == What::Fanout { FANOUT_SERVERS } else { 1 }
}

/// `bench server`.
pub(crate) async fn serve(options: ServerOptions) -> Result<()> {
    if options.what.is_of_notifications() && options.peer.peer != PeerName::Python {
        return serve_notifications(&options).await;
    }
    let (site, servers) = (options.peer.site(), servers_of(options.what));
    match options.peer.peer {
        PeerName::Python => python::serve(&options).await,
        PeerName::Lapin => {
            let _serving = lapin::serve(site, options.peer.lapin_mode, servers).await?;
            wait_for_the_end(&options).await
        }
        PeerName::Ours => {
            let serving = ours::Serving::start(&site, options.peer.ours_mode, servers).await?;
            wait_for_the_end(&options).await?;
            serving.close().await;
            Ok(())
        }
        _ => Err(one_peer()),
    }
}

/// A listener that keeps the queue of a notifier empty.
async fn serve_notifications(options: &ServerOptions) -> Result<()> {
    let (site, handled) = (options.peer.site(), Handled::default());
    match options.peer.peer {
        PeerName::Lapin => {
            let _listening = lapin::listen(&site, options.peer.lapin_mode, DRAINING, &handled).await?;
            wait_until_handled(options, &handled).await
        }
        PeerName::Ours => {
            let listening = ours::listen(&site, options.peer.ours_mode, DRAINING, &handled).await?;
            wait_until_handled(options, &handled).await?;
            listening.close().await;
            Ok(())
        }
        _ => Err(one_peer()),
    }
}

/// `bench client`.
pub(crate) async fn load(options: ClientOptions) -> Result<()> {
    let plan = options.load.plan()?;
    let (site, what) = (options.peer.site(), plan.what);
    let (lapin_mode, ours_mode) = (options.peer.lapin_mode, options.peer.ours_mode);
    let result = match (options.peer.peer, what) {
        (PeerName::Lapin | PeerName::Ours, What::Listen) => return listen(&options, &plan).await,
        (PeerName::Lapin, What::Notify) => {
            drive(lapin::LapinNotifier::connect(&site, lapin_mode).await?, &plan).await?
        }
        (PeerName::Lapin, _) => {
            drive(lapin::LapinClient::connect(site, lapin_mode, what).await?, &plan).await?
        }
        (PeerName::Ours, What::Notify) => {
            drive(ours::OursNotifier::connect(site, ours_mode, DRAINING).await?, &plan).await?
        }
        (PeerName::Ours, _) => drive(ours::OursClient::connect(&site, ours_mode, what).await?, &plan).await?,
        _ => return Err(Error::Usage("`client` loads as one Rust peer: ours or lapin".to_owned())),
    };
    report(result).await
}

/// A listener that is measured.
async fn listen(options: &ClientOptions, plan: &Plan) -> Result<()> {
    let site = options.peer.site();
    let inflight = u16::try_from(plan.inflight)
        .map_err(|_| Error::Usage("a prefetch, and so --inflight of `listen`, ends at 65535".to_owned()))?;
    let handled = Handled::default();
    if options.peer.peer == PeerName::Lapin {
        let _listening = lapin::listen(&site, options.peer.lapin_mode, inflight, &handled).await?;
        return report(observe(&handled, plan).await?).await;
    }
    if !is_in_process(&site.url) {
        let _listening = ours::listen(&site, options.peer.ours_mode, inflight, &handled).await?;
        return report(observe(&handled, plan).await?).await;
    }
    let fill = (options.fill, plan.size);
    let _listening = ours::fill_and_listen(&site, inflight, &handled, fill).await?;
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
    stdin_closed().await;
    Ok(())
}

async fn wait_for_the_end(options: &ServerOptions) -> Result<()> {
    tell(&Event::READY)?;
    if options.follow_stdin {
        stdin_closed().await;
        Ok(())
    } else {
        Ok(signalled().await?)
    }
}

async fn wait_until_handled(options: &ServerOptions, handled: &Handled) -> Result<()> {
    tell(&Event::READY)?;
    if options.follow_stdin { finish(handled).await } else { Ok(signalled().await?) }
}

fn one_peer() -> Error {
    Error::Usage("`server` serves one peer: ours, lapin or python".to_owned())
}
