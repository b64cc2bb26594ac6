//! What most tests begin with: a virtual host of their own on the shared node, and a topic.

use crate::broker::{Broker, VirtualHost};
use crate::python::{PythonClient, PythonServer};
use crate::rust_peer::{RustServer, connect};
use oslo_messaging::transport::Transport;
use serde_json::{Value, json};

/// A virtual host and a topic of one test.
#[derive(Debug)]
pub struct Site {
    /// The virtual host.
    pub host: VirtualHost,
    /// Its transport URL.
    pub url: String,
    /// The topic.
    pub topic: String,
}

impl Site {
    /// A site on the shared node.
    pub async fn new(hint: &str) -> Self {
        Self::on(&Broker::shared(), hint).await
    }

    /// A site on this node.
    pub async fn on(broker: &Broker, hint: &str) -> Self {
        let host = broker.virtual_host(hint).await;
        Self { url: host.url(), topic: format!("{hint}-topic"), host }
    }

    /// A Rust transport to it.
    pub fn transport(&self) -> Transport {
        connect(&self.url)
    }

    /// A Rust server `server1` on the topic.
    pub async fn rust_server(&self) -> RustServer {
        RustServer::builder(&self.url, &self.topic, "server1").start().await
    }

    /// A Rust server with another name on the topic.
    pub async fn rust_server_called(&self, name: &str) -> RustServer {
        RustServer::builder(&self.url, &self.topic, name).start().await
    }

    /// A Python server `server1` on the topic.
    pub async fn python_server(&self) -> PythonServer {
        PythonServer::builder(&self.url, &self.topic).start().await
    }

    /// Several Python servers on the topic, in one process, each with a transport of its own.
    pub async fn python_servers(&self, names: &[&str]) -> PythonServer {
        PythonServer::builder(&self.url, &self.topic).servers(names).start().await
    }

    /// A Python client.
    pub async fn python_client(&self) -> PythonClient {
        PythonClient::start(&self.url).await
    }

    /// The topic as a Python target.
    pub fn target(&self) -> Value {
        json!({"topic": self.topic})
    }

    /// One server of the topic as a Python target.
    pub fn target_of(&self, server: &str) -> Value {
        json!({"topic": self.topic, "server": server})
    }
}
