//! What one virtual host holds, as the broker lists it.

use super::{Broker, http};
use crate::wait::eventually;
use serde_json::{Value, json};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

const PASSWORD: &str = "of-a-test";

/// A virtual host of one test. It stays when the test ends, unless it is deleted: the node goes with the run.
#[derive(Debug, Clone)]
pub struct VirtualHost {
    broker: Broker,
    name: String,
}

impl VirtualHost {
    pub(super) fn new(broker: Broker, name: String) -> Self {
        Self { broker, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its node.
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// Transport URL of this virtual host.
    pub fn url(&self) -> String {
        self.url_at(self.broker.address())
    }

    /// The same through another address, such as a proxy's.
    pub fn url_at(&self, address: &str) -> String {
        format!("rabbit://guest:guest@{address}/{}", self.name)
    }

    /// The same as an AMQP URI, for clients that are not oslo's.
    pub fn amqp_uri(&self) -> String {
        format!("amqp://guest:guest@{}/{}", self.broker.address(), self.name)
    }

    /// A user of the node's with these permissions here: the patterns of what it may configure, write and read. Users belong
    /// to the whole node and stay, as this virtual host does.
    pub async fn user(&self, patterns: [&str; 3]) -> User {
        let user = User { host: self.clone(), name: format!("user-of-{}", self.name) };
        let password = json!({"password": PASSWORD, "tags": ""});
        self.broker.put(&format!("/users/{}", http::segment(&user.name)), password).await;
        user.permit(patterns).await;
        user
    }

    /// Its queues: `name`, `durable`, `auto_delete`, `exclusive`, `arguments`, `consumers`, `messages` and more.
    /// Counts are up to a second old; for exact ones use [`Raw::queue_state`](crate::raw::Raw::queue_state).
    pub async fn queues(&self) -> Vec<Value> {
        self.list("queues").await
    }

    /// Names of its queues, sorted.
    pub async fn queue_names(&self) -> Vec<String> {
        names(&self.queues().await)
    }

    /// Its exchanges without the predeclared ones.
    pub async fn exchanges(&self) -> Vec<Value> {
        let mut exchanges = self.list("exchanges").await;
        exchanges.retain(|e| !e["name"].as_str().unwrap_or_default().is_empty());
        exchanges.retain(|e| !e["name"].as_str().unwrap_or_default().starts_with("amq."));
        exchanges
    }

    /// Names of its own exchanges, sorted.
    pub async fn exchange_names(&self) -> Vec<String> {
        names(&self.exchanges().await)
    }

    /// Waits until it has no exchanges of its own but these. Those that go with their last queue, and queues that go with their
    /// last consumer, go behind the broker's answer to that consumer.
    pub async fn only_exchanges(&self, left: &[&str]) {
        let gone = || async {
            let names = self.exchange_names().await;
            if names == left { Ok(()) } else { Err(names) }
        };
        eventually(LIMIT, "the exchanges' end", gone).await;
    }

    /// Its open connections: `name`, `client_properties`, `channels`.
    pub async fn connections(&self) -> Vec<Value> {
        let path = format!("/vhosts/{}/connections", http::segment(&self.name));
        as_list(self.broker.get(&path).await)
    }

    /// Declares a queue with arguments that no peer of ours gives.
    pub async fn declare_queue(&self, queue: &str, arguments: Value) {
        let path = format!("/queues/{}/{}", http::segment(&self.name), http::segment(queue));
        self.broker.put(&path, json!({"durable": false, "arguments": arguments})).await;
    }

    /// Deletes a queue as an administrator would.
    pub async fn delete_queue(&self, queue: &str) {
        let path = format!("/queues/{}/{}", http::segment(&self.name), http::segment(queue));
        self.broker.delete(&path).await;
    }

    /// Deletes it with all that is in it: each takes some two megabytes of the shared node.
    pub async fn delete(&self) {
        self.broker.delete(&format!("/vhosts/{}", http::segment(&self.name))).await;
    }

    /// Closes every connection of this virtual host as an administrator would.
    pub async fn close_connections(&self) {
        self.broker.ctl(&["close_all_connections", "--vhost", &self.name, "closed by the test"]).await;
    }

    async fn list(&self, what: &str) -> Vec<Value> {
        as_list(self.broker.get(&format!("/{what}/{}", http::segment(&self.name))).await)
    }
}

/// A user with permissions on one virtual host.
#[derive(Debug)]
pub struct User {
    host: VirtualHost,
    name: String,
}

impl User {
    /// Transport URL with this user.
    pub fn url(&self) -> String {
        self.host.url().replacen("guest:guest", &format!("{}:{PASSWORD}", self.name), 1)
    }

    /// Replaces the permissions.
    pub async fn permit(&self, [configure, write, read]: [&str; 3]) {
        let path = format!("/permissions/{}/{}", http::segment(&self.host.name), http::segment(&self.name));
        let permissions = json!({"configure": configure, "write": write, "read": read});
        self.host.broker.put(&path, permissions).await;
    }
}

fn as_list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        other => panic!("the management API answered {other} instead of a list"),
    }
}

fn names(items: &[Value]) -> Vec<String> {
    let mut names: Vec<_> =
        items.iter().filter_map(|item| item["name"].as_str()).map(str::to_owned).collect();
    names.sort();
    names
}
