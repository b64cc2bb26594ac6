//! Implementations that register themselves, served by one server that names none of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::contract::Misfit;
use oslo_messaging::{RemoteFailure, RpcServer, Target, Transport, endpoint, register};
use std::time::Duration;

#[endpoint(version = "1.0", namespace = "a")]
trait First {
    async fn first(&self) -> Result<String, RemoteFailure>;
}

mod api {
    use oslo_messaging::{RemoteFailure, endpoint};

    #[endpoint(version = "1.0", namespace = "b", endpoint = SecondServer)]
    pub(crate) trait Second {
        async fn second(&self) -> Result<u32, RemoteFailure>;
    }
}

struct App {
    name: String,
}

struct Service(String);

impl From<&App> for Service {
    fn from(app: &App) -> Self {
        Self(app.name.clone())
    }
}

#[register(state = App)]
impl First for Service {
    async fn first(&self) -> Result<String, RemoteFailure> {
        Ok(self.0.clone())
    }
}

#[register(state = App, endpoint = api::SecondServer)]
impl api::Second for Service {
    async fn second(&self) -> Result<u32, RemoteFailure> {
        Ok(2)
    }
}

#[tokio::test]
async fn a_server_serves_what_is_registered() {
    let transport = Transport::connect("memory://").unwrap();
    let app = App { name: "host-1".to_owned() };
    let server = RpcServer::builder(&transport, Target::server("topic", "host-1"))
        .discover(&app)
        .unwrap()
        .build()
        .unwrap();
    let handle = server.start().await.unwrap();

    let first = FirstClient::new(&transport, Target::topic("topic"));
    assert_eq!(first.first().await.unwrap(), "host-1");
    let second = api::SecondClient::new(&transport, Target::topic("topic"));
    assert_eq!(second.second().await.unwrap(), 2);
    handle.stop();
    handle.wait(Duration::from_secs(10)).await;
}

#[tokio::test]
async fn a_state_of_another_type_is_refused_by_name() {
    let transport = Transport::connect("memory://").unwrap();
    let error =
        RpcServer::builder(&transport, Target::server("topic", "host-1")).discover(&7_u8).unwrap_err();
    let misfits: Vec<_> = error
        .misfits
        .iter()
        .map(|Misfit { contract, service, state, .. }| (*contract, *service, *state))
        .collect();
    assert_eq!(error.state, "u8");
    assert_eq!(misfits, [("First", "Service", "App"), ("Second", "Service", "App")]);
    assert!(
        error.to_string().contains("`Service` in macro_register serves `First` and wants `App`"),
        "{error}"
    );
}
