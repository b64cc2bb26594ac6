//! A stop that loses nothing: the running handler finishes and answers, what was not begun goes to another server.
//!
//! Runs on the embedded broker; `--url` takes another. A program that only serves gets the same from `RpcServer::run`, which
//! stops at Ctrl-C or SIGTERM.
#![allow(clippy::print_stdout)]

use clap::Parser;
use oslo_messaging::id::MessageId;
use oslo_messaging::rpc::ServerHandle;
use oslo_messaging::{RemoteFailure, RpcServer, Target, endpoint};
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};

#[derive(Parser)]
#[command(about = "Stops a busy server while another takes over, and shows that every call is answered")]
struct Cli {
    /// Transport URL.
    #[arg(long, default_value = "memory://")]
    url: String,
}

#[endpoint(version = "1.0")]
trait Worker {
    /// Works until it is allowed to end; returns the name of the server.
    async fn work(&self, job: u32) -> Result<String, RemoteFailure>;
}

struct Named {
    name: &'static str,
    begun: Arc<Notify>,
    may_end: Arc<Semaphore>,
}

impl Worker for Named {
    async fn work(&self, job: u32) -> Result<String, RemoteFailure> {
        println!("  {} begins job {job}", self.name);
        self.begun.notify_one();
        // The permit is given back when the job ends.
        let _permit = self.may_end.acquire().await;
        Ok(self.name.to_owned())
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    examples::log_to_stderr();
    examples::run(shut_down(&cli.url)).await
}

async fn shut_down(url: &str) -> Result<(), Box<dyn Error>> {
    let topic = format!("work-{}", MessageId::random());
    let transport = examples::connect(url, &topic).await?;
    let (begun, may_end) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let start = async |name: &'static str| -> Result<ServerHandle, Box<dyn Error>> {
        let worker = Named { name, begun: Arc::clone(&begun), may_end: Arc::clone(&may_end) };
        // One job at a time and one more waiting, so that the second one is there to be given back.
        let server = RpcServer::builder(&transport, Target::server(&topic, name))
            .endpoint(WorkerEndpoint::new(worker))
            .concurrency(1)
            .prefetch(2)
            .build()?;
        Ok(server.start().await?)
    };

    println!("server one runs one job at a time; two jobs are sent");
    let one = start("one").await?;
    let client = WorkerClient::new(&transport, Target::topic(&topic));
    let jobs: Vec<_> = (1..=2).map(|job| tokio::spawn(client.work(job))).collect();
    begun.notified().await;
    // The second job must be there before the stop. No event says so, only this count.
    while one.stats().waiting == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    // In this order: the queues of this program go with their last server, and what waits in them with them.
    println!("server two starts; server one is told to stop");
    let two = start("two").await?;
    one.stop();
    may_end.add_permits(1);
    for (job, answer) in (1..).zip(jobs) {
        println!("job {job} was done by server {}", answer.await??);
    }
    let stopped = one.wait(Duration::from_secs(10)).await;
    println!(
        "server one: {} finished after the stop, {} given back",
        stopped.finished, stopped.returned_to_queue
    );
    two.stop();
    two.wait(Duration::from_secs(10)).await;
    transport.close(Duration::from_secs(5)).await;
    Ok(())
}
