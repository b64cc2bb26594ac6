//! Generated items are as visible as their trait.

/// Seen by everyone.
#[messaging::endpoint(version = "1.0", crate = messaging)]
pub trait Public {
    /// Does nothing.
    #[cast]
    async fn nothing(&self);
}

#[messaging::endpoint(version = "1.0", crate = messaging)]
pub(crate) trait Crate {
    #[cast]
    async fn nothing(&self);
}

pub(crate) mod inner {
    #[messaging::endpoint(version = "1.0", crate = messaging)]
    pub(in crate::visibility) trait Restricted {
        #[cast]
        async fn nothing(&self);
    }
}

#[messaging::endpoint(version = "1.0", crate = messaging)]
trait Private {
    #[cast]
    async fn nothing(&self);
}

struct Service;

impl Public for Service {
    async fn nothing(&self) {}
}

impl Crate for Service {
    async fn nothing(&self) {}
}

impl inner::Restricted for Service {
    async fn nothing(&self) {}
}

impl Private for Service {
    async fn nothing(&self) {}
}

/// Uses each of them where it can be seen.
pub fn clients() {
    drop(PublicClient::in_process(Service));
    drop(CrateClient::in_process(Service));
    drop(inner::RestrictedClient::in_process(Service));
    drop(PrivateEndpoint::new(Service));
}

/// Seen by everyone.
#[messaging::listener(crate = messaging)]
pub trait PublicEvents {
    /// Does nothing.
    #[on(info)]
    async fn nothing(&self, event: messaging::notify::Event);
}

pub(crate) mod listening {
    #[messaging::listener(crate = messaging)]
    pub(in crate::visibility) trait Restricted {
        #[on(info)]
        async fn nothing(&self, event: messaging::notify::Event);
    }
}

#[messaging::listener(crate = messaging)]
trait PrivateEvents {
    #[on(info)]
    async fn nothing(&self, event: messaging::notify::Event);
}

impl PublicEvents for Service {
    async fn nothing(&self, _: messaging::notify::Event) {}
}

impl listening::Restricted for Service {
    async fn nothing(&self, _: messaging::notify::Event) {}
}

impl PrivateEvents for Service {
    async fn nothing(&self, _: messaging::notify::Event) {}
}

/// Uses each of them where it can be seen.
pub fn listeners() {
    drop(PublicEventsEndpoint::new(Service));
    drop(listening::RestrictedEndpoint::new(Service));
    drop(PrivateEventsEndpoint::from_arc(std::sync::Arc::new(Service)));
}
