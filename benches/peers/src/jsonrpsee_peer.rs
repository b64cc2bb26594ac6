//! jsonrpsee over WebSocket. Unroutable is a method that the server does not have.

use bench_load::{Client, Failure, Queue};
use jsonrpsee::RpcModule;
use jsonrpsee::core::client::{ClientT, Error};
use jsonrpsee::rpc_params;
use jsonrpsee::server::{Server, ServerConfig};
use jsonrpsee::types::error::{ErrorObjectOwned, METHOD_NOT_FOUND_CODE};
use jsonrpsee::ws_client::{WsClient, WsClientBuilder};

use crate::message::{compare, other};
use crate::{Result, Serving};

/// Largest message either way, and requests under way: the defaults would refuse the largest and the most of the table.
const MESSAGE: u32 = 64 << 20;
const UNDER_WAY: usize = 8192;

pub(crate) async fn serve() -> Result<Serving> {
    let config = ServerConfig::builder()
        .max_request_body_size(MESSAGE)
        .max_response_body_size(MESSAGE)
        .set_message_buffer_capacity(UNDER_WAY as u32)
        .build();
    let server = Server::builder().set_config(config).build("127.0.0.1:0").await?;
    let address = format!("ws://{}", server.local_addr()?);
    let mut module = RpcModule::new(());
    module.register_async_method("echo", |parameters, _, _| async move { parameters.one::<String>() })?;
    tokio::spawn(server.start(module).stopped());
    Ok(Serving { address, broker: None })
}

pub(crate) async fn connect(url: &str) -> Result<JsonrpseeClient> {
    let builder = WsClientBuilder::default()
        .max_concurrent_requests(UNDER_WAY)
        .max_request_size(MESSAGE)
        .max_response_size(MESSAGE)
        .request_timeout(bench_load::TAIL);
    Ok(JsonrpseeClient(builder.build(url).await?))
}

pub(crate) struct JsonrpseeClient(WsClient);

impl Client for JsonrpseeClient {
    async fn send(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        let method = match queue {
            Queue::Served => "echo",
            Queue::Missing => "missing",
        };
        match self.0.request::<String, _>(method, rpc_params![data]).await {
            Ok(echo) => compare(data, &echo),
            Err(Error::Call(error)) if is_missing(&error) => Err(Failure::Unroutable(error.to_string())),
            Err(error) => Err(other(error)),
        }
    }

    async fn handled(&self) -> Result<Option<u64>, Failure> {
        Ok(None)
    }
}

fn is_missing(error: &ErrorObjectOwned) -> bool {
    error.code() == METHOD_NOT_FOUND_CODE
}
