//! Everything an RPC can do and everything that can become of it, and a notification, on the embedded broker or on RabbitMQ.
#![allow(clippy::print_stdout)]

mod news;
mod report;
mod shop;

use clap::Parser;
use news::{Arrival, NewsEndpoint, Reader};
use oslo_messaging::notify::{Listener, Notifier};
use oslo_messaging::rpc::ServerHandle;
use oslo_messaging::{CallError, Context, RpcServer, Target, Transport};
use report::{Report, Scene};
use shop::{Counter, Heard, ShopClient, ShopEndpoint, ShopError};
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::mpsc;

#[derive(Parser)]
#[command(about = "Two servers, a client, and everything that can become of a request")]
struct Cli {
    /// Transport URL; the default needs nothing installed.
    #[arg(long, default_value = "memory://")]
    url: String,
    /// Print each scene as one line of JSON.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    examples::log_to_stderr();
    examples::run(open_shop(&cli)).await
}

async fn open_shop(cli: &Cli) -> Result<(), Box<dyn Error>> {
    // On a shared broker a topic of its own, so that runs at the same time do not meet.
    let topic = match cli.url.starts_with("memory:") {
        true => "shop".to_owned(),
        false => format!("shop-{:.8}", oslo_messaging::id::MessageId::random().as_str()),
    };
    let transport = examples::connect(&cli.url, &topic).await?;
    let (say, mut heard) = mpsc::unbounded_channel();
    let north = serve(&transport, &topic, "north", say.clone()).await?;
    let south = serve(&transport, &topic, "south", say.clone()).await?;
    let report = Report::new(cli.json, &cli.url);
    play(&transport, &topic, &mut heard, &report).await?;
    tell(&transport, &topic, say, &mut heard, &report).await?;
    for server in [north, south] {
        server.stop();
        server.wait(Duration::from_secs(5)).await;
    }
    transport.close(Duration::from_secs(5)).await;
    Ok(())
}

async fn serve(
    transport: &Transport,
    topic: &str,
    name: &'static str,
    say: mpsc::UnboundedSender<Heard>,
) -> Result<ServerHandle, Box<dyn Error>> {
    let server = RpcServer::builder(transport, Target::server(topic, name))
        .endpoint(ShopEndpoint::new(Counter { name, say }))
        .build()?;
    Ok(server.start().await?)
}

async fn play(
    transport: &Transport,
    topic: &str,
    heard: &mut mpsc::UnboundedReceiver<Heard>,
    report: &Report,
) -> Result<(), Box<dyn Error>> {
    let shop = ShopClient::new(transport, Target::topic(topic));
    let ctx = Context::new().with("request_id", "req-quickstart")?;

    report.title("calls are spread over the servers of a topic");
    for item in ["bread", "salt", "tea", "soap"] {
        let sold = shop.sell(&ctx, item, 1).await?;
        let outcome = format!("sold {item} for {} cents", sold.cents);
        report.scene(Scene::new("call", outcome).server(sold.by).message(sold.message_id));
    }

    report.title("a declared error comes back as the type that the contract names");
    match shop.sell(&ctx, "gold", 3).await {
        Err(CallError::Remote(error @ ShopError::SoldOut { .. })) => {
            let refused = heard.recv().await.ok_or("the servers are gone")?;
            report.scene(Scene::new("typed_error", error.to_string()).heard(refused));
        }
        other => return Err(format!("expected ShopError::SoldOut, got {other:?}").into()),
    }

    report.title("a cast is done when a queue has it");
    shop.restock(&ctx, "bread", 20).server("north").await?;
    let restocked = heard.recv().await.ok_or("the servers are gone")?;
    report.scene(Scene::new("cast", restocked.what.clone()).heard(restocked));

    report.title("a fanout reaches every server");
    shop.close_early(&ctx).await?;
    for _ in 0..2 {
        let closed = heard.recv().await.ok_or("the servers are gone")?;
        report.scene(Scene::new("fanout", closed.what.clone()).heard(closed));
    }

    report.title("where nobody has ever listened, a call fails in one round trip");
    match shop.sell(&ctx, "bread", 1).topic(format!("{topic}-elsewhere")).await {
        Err(error @ CallError::Unroutable(_)) => report.failed("unroutable", &error),
        other => return Err(format!("expected CallError::Unroutable, got {other:?}").into()),
    }

    report.title("a call that outlives its timeout says what is known");
    match shop.count(&ctx).timeout(Duration::from_secs(1)).await {
        Err(error @ CallError::Timeout(_)) => report.failed("timeout", &error),
        other => return Err(format!("expected CallError::Timeout, got {other:?}").into()),
    }
    Ok(())
}

async fn tell(
    transport: &Transport,
    topic: &str,
    say: mpsc::UnboundedSender<Heard>,
    heard: &mut mpsc::UnboundedReceiver<Heard>,
    report: &Report,
) -> Result<(), Box<dyn Error>> {
    report.title("a notification waits in its queue for whoever listens");
    let topic = format!("{topic}-news");
    let notifier = Notifier::builder(transport).publisher_id("shop.north").topic(&topic).build()?;
    let ctx = Context::new().with("request_id", "req-quickstart")?;
    notifier.notify(&ctx, &Arrival { item: "tea".to_owned(), count: 12 }).await?;
    let news = Listener::builder(transport)
        .target(Target::topic(&topic))
        .endpoint(NewsEndpoint::new(Reader { say }))
        .build()?
        .start()
        .await?;
    let read = heard.recv().await.ok_or("the reader is gone")?;
    report.scene(Scene::new("notification", read.what.clone()).heard(read));
    news.stop();
    news.wait(Duration::from_secs(5)).await;
    Ok(())
}
