//! `RpcServer::run` and the signals that end it, in a process of its own.

#![cfg(unix)]
#![forbid(unsafe_code)]
// Fixtures fail by panicking; the child tells its parent what happens on standard output.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use oslo_messaging::Context;
use oslo_messaging::contract::{DynEndpoint, DynRequest};
use oslo_messaging::drivers::memory::{MemoryBroker, MemoryDriver};
use oslo_messaging::error::RemoteFailure;
use oslo_messaging::rpc::{RpcClient, RpcServer};
use oslo_messaging::target::Target;
use oslo_messaging::transport::{Transport, TransportOptions};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

const CHILD: &str = "OSLO_MESSAGING_TEST_SIGNALS_CHILD";

/// The child's part: a server under `run` whose one handler never ends. Does nothing in an ordinary run of the tests.
#[tokio::test]
async fn serve_as_child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let driver = MemoryDriver::new(MemoryBroker::new());
    let transport = Transport::new(Arc::new(driver), TransportOptions::default());
    let handler = |request: DynRequest| async move {
        if request.method == "hang" {
            println!("\nhanging");
            std::future::pending::<()>().await;
        }
        Ok::<_, RemoteFailure>(Value::Null)
    };
    let server = RpcServer::builder(&transport, Target::server("t", "s")).endpoint(DynEndpoint::new(handler));
    let server = server.build().unwrap();
    let client = RpcClient::new(&transport, Target::topic("t"));
    let calls = async {
        // `run` has not started its consumers when this is first polled: wait for the queue.
        while client.call(&Context::new(), "show", &json!({})).await.is_err() {
            tokio::task::yield_now().await;
        }
        println!("\nserving");
        if std::env::var(CHILD).unwrap() == "hang" {
            let _ = client.call(&Context::new(), "hang", &json!({})).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        stopped = server.run() => {
            let stopped = stopped.unwrap();
            println!("\nstopped finished={} aborted={}", stopped.finished, stopped.aborted);
        }
        () = calls => {}
    }
}

struct Server {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Server {
    fn start(mode: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "serve_as_child", "--nocapture"])
            .env(CHILD, mode)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line that starts so; the end of the output fails the test.
    fn line(&mut self, start: &str) -> String {
        let mut lines = self.lines.by_ref().map(Result::unwrap);
        lines.find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("the child never said `{start}`"))
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Usually it has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_signal_stops_an_idle_server() {
    for signal in ["-TERM", "-INT"] {
        let mut server = Server::start("idle");
        server.line("serving");
        server.signal(signal);
        assert_eq!(server.line("stopped"), "stopped finished=0 aborted=0", "{signal}");
        assert!(server.child.wait().unwrap().success());
    }
}

#[test]
fn a_second_signal_ends_running_handlers() {
    let mut server = Server::start("hang");
    server.line("hanging");
    server.signal("-INT");
    // Signals of one kind that come together count as one, so the second is another one.
    server.signal("-TERM");
    assert_eq!(server.line("stopped"), "stopped finished=0 aborted=1");
    assert!(server.child.wait().unwrap().success());
}
