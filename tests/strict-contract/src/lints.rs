//! What pedantic lints look at: long parameter lists, values passed by value, default bodies, deprecation.

use messaging::error::RemoteFailure;
use messaging::Context;

/// Lint bait.
#[messaging::endpoint(
    namespace = "lints",
    legacy_namespaces = [none],
    version = "1.4",
    timeout = "90s",
    crate = messaging
)]
pub trait Lints {
    /// Takes much, by value.
    #[allow(clippy::too_many_arguments)]
    async fn much(
        &self,
        ctx: &Context,
        a: String,
        b: Vec<String>,
        c: Option<String>,
        d: bool,
        e: bool,
        f: bool,
        g: bool,
    ) -> Result<(), RemoteFailure>;

    /// Has a body.
    async fn greet(&self, name: &str) -> Result<String, RemoteFailure> {
        Ok(format!("hello {name}"))
    }

    /// Has a body that awaits another method.
    async fn greet_twice(&self, mut name: String) -> Result<String, RemoteFailure> {
        name.push('!');
        let first = self.greet(&name).await?;
        Ok(first + " " + &self.greet(&name).await?)
    }

    /// Was a mistake.
    #[deprecated(note = "use `greet`")]
    async fn old(&self) -> Result<(), RemoteFailure> {
        Ok(())
    }

    /// Newer arguments, each in its own way.
    #[cast(since = "1.1", aliases = ["refreshed"])]
    async fn update(
        &self,
        #[arg(since = "1.2")] zone: Option<String>,
        #[arg(since = "1.3", drop)] reason: Option<&str>,
        #[arg(since = "1.4", default = 1 + 2)] count: u32,
        #[arg(since = "1.4", default = "web")] name: &str,
        #[arg(since = "1.4", default = Some("az"), rename = "kind")] sort: Option<&str>,
    );

    /// Goes to every server.
    #[cast(fanout)]
    async fn refresh(&self);
}

/// A contract without methods.
#[messaging::endpoint(version = "1.0", crate = messaging)]
pub trait Empty {}

/// An error without fields.
#[derive(Debug, messaging::RpcError)]
#[rpc_error(crate = messaging, class = "Denied")]
pub struct Denied;

impl std::fmt::Display for Denied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("denied")
    }
}

/// An error that cannot be.
#[derive(Debug, messaging::RpcError)]
#[rpc_error(crate = messaging)]
pub enum Never {}

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

/// Lint bait for listeners.
#[messaging::listener(crate = messaging)]
pub trait LintedEvents {
    /// An event that is large and passed by value.
    #[on(info, warn, event_type = "lints.[a-c]*")]
    #[filter(publisher_id = r"lints\.", payload(state = r"on|off"))]
    async fn large(&self, ctx: &Context, event: messaging::notify::Event<[u64; 32]>) -> Result<(), String>;

    /// Was a mistake.
    #[deprecated(note = "use `large`")]
    #[messaging::on(debug)]
    async fn old(&self, _: messaging::notify::Event);

    /// Several.
    #[on(sample)]
    async fn many(
        &self,
        events: Vec<messaging::notify::Event<String>>,
    ) -> Result<messaging::notify::NotificationResult, std::io::Error>;
}
