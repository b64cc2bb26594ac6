//! A RabbitMQ node, driven through `tests/scripts/rabbit-node`.

use super::{VirtualHost, http};
use crate::environment::{package_folder, required, unique};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::process::Command;

/// A RabbitMQ node. Cheap to clone; a private node ends with its last clone.
#[derive(Debug, Clone)]
pub struct Broker {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    address: String,
    api: String,
    private: bool,
}

impl Broker {
    /// The node that all tests of the run share. Not to be stopped, not to be alarmed.
    pub fn shared() -> Self {
        let folder = required("OSLO_TEST_RABBIT_NODE").into();
        let (address, api) = (required("OSLO_TEST_RABBIT"), required("OSLO_TEST_RABBIT_API"));
        Self { inner: Arc::new(Inner { folder, address, api, private: false }) }
    }

    /// A node of this test's own, started and ready (about ten seconds).
    pub async fn private() -> Self {
        let folder = Path::new(&required("OSLO_TEST_RUN")).join(unique("node"));
        script(&folder, "start", &[]).await;
        let settings = std::fs::read_to_string(folder.join("env")).expect("the node's settings");
        let port = |name: &str| {
            let line = settings.lines().find_map(|line| line.strip_prefix(name)).expect("a port");
            format!("127.0.0.1:{line}")
        };
        let (address, api) = (port("PORT="), port("API="));
        Self { inner: Arc::new(Inner { folder, address, api, private: true }) }
    }

    /// `host:port` of AMQP.
    pub fn address(&self) -> &str {
        &self.inner.address
    }

    /// A virtual host of this test's own, whose name begins with `hint`.
    pub async fn virtual_host(&self, hint: &str) -> VirtualHost {
        let name = unique(hint);
        let path = http::segment(&name);
        self.put(&format!("/vhosts/{path}"), json!({})).await;
        let all = json!({"configure": ".*", "write": ".*", "read": ".*"});
        self.put(&format!("/permissions/{path}/guest"), all).await;
        VirtualHost::new(self.clone(), name)
    }

    /// Stops the node cleanly; its data stay.
    pub async fn stop(&self) {
        self.own("stop").await;
    }

    /// Ends the node with SIGKILL; its data stay.
    pub async fn kill(&self) {
        self.own("kill").await;
    }

    /// Starts a stopped or killed node again, at the same address; returns when it answers.
    pub async fn start(&self) {
        self.own("start").await;
    }

    /// `rabbitmqctl` with these arguments; its output.
    pub async fn ctl(&self, arguments: &[&str]) -> String {
        script(&self.inner.folder, "ctl", arguments).await
    }

    /// Raises the memory alarm: publishers are blocked until [`clear_alarm`](Self::clear_alarm). Private nodes only.
    pub async fn raise_alarm(&self) {
        assert!(self.inner.private, "an alarm on the shared node would block the other tests");
        self.ctl(&["set_vm_memory_high_watermark", "absolute", "1"]).await;
    }

    /// Clears the memory alarm.
    pub async fn clear_alarm(&self) {
        self.ctl(&["set_vm_memory_high_watermark", "absolute", "1GB"]).await;
    }

    /// The answer of the management API to a GET.
    pub(super) async fn get(&self, path: &str) -> Value {
        http::request(&self.inner.api, "GET", path, None).await.unwrap_or_else(|e| panic!("{e}"))
    }

    pub(super) async fn delete(&self, path: &str) {
        http::request(&self.inner.api, "DELETE", path, None).await.unwrap_or_else(|e| panic!("{e}"));
    }

    pub(super) async fn put(&self, path: &str, body: Value) {
        http::request(&self.inner.api, "PUT", path, Some(body)).await.unwrap_or_else(|e| panic!("{e}"));
    }

    async fn own(&self, command: &str) {
        assert!(self.inner.private, "`{command}` on the shared node would end the other tests");
        script(&self.inner.folder, command, &[]).await;
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.private {
            let script = package_folder("scripts").join("rabbit-node");
            let _ = std::process::Command::new(script).arg("wipe").arg(&self.folder).status();
        }
    }
}

async fn script(folder: &Path, command: &str, arguments: &[&str]) -> String {
    let script = package_folder("scripts").join("rabbit-node");
    let output =
        Command::new(script).arg(command).arg(folder).args(arguments).output().await.expect("rabbit-node");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "rabbit-node {command} {arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}
