//! tonic: gRPC over HTTP/2. The service is what `tonic-build` would write. Unroutable is a method that nobody has.

use std::convert::Infallible;
use std::task::{Context, Poll};

use bench_load::{Client, Failure, Queue};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::{Body, BoxFuture, Service, StdError, http};
use tonic::server::{NamedService, UnaryService};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, GrpcMethod, Request, Response, Status};
use tonic_prost::ProstCodec;

use crate::message::{compare, other};
use crate::{Result, Serving};

const ECHO: &str = "/bench.Echo/Echo";
const MISSING: &str = "/bench.Missing/Echo";
/// Largest message; the default is 4 MiB.
const MESSAGE: usize = 64 << 20;

#[derive(Clone, PartialEq, prost::Message)]
struct Message {
    #[prost(string, tag = "1")]
    data: String,
}

#[derive(Clone)]
struct EchoServer;

impl NamedService for EchoServer {
    const NAME: &'static str = "bench.Echo";
}

struct Echo;

impl UnaryService<Message> for Echo {
    type Response = Message;
    type Future = BoxFuture<Response<Message>, Status>;

    fn call(&mut self, request: Request<Message>) -> Self::Future {
        Box::pin(async { Ok(Response::new(request.into_inner())) })
    }
}

impl<B> Service<http::Request<B>> for EchoServer
where
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        if request.uri().path() != ECHO {
            return Box::pin(async { Ok(Status::unimplemented("no such method").into_http()) });
        }
        Box::pin(async {
            let codec = ProstCodec::<Message, Message>::default();
            let mut grpc = tonic::server::Grpc::new(codec)
                .max_decoding_message_size(MESSAGE)
                .max_encoding_message_size(MESSAGE);
            Ok(grpc.unary(Echo, request).await)
        })
    }
}

pub(crate) async fn serve() -> Result<Serving> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let incoming = tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = Server::builder().add_service(EchoServer).serve_with_incoming(incoming);
    tokio::spawn(async move {
        if let Err(error) = serving.await {
            eprintln!("bench-peers: tonic stopped serving: {error}");
        }
    });
    Ok(Serving { address, broker: None })
}

pub(crate) async fn connect(url: &str) -> Result<TonicClient> {
    let channel = Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true).connect().await?;
    Ok(TonicClient(channel))
}

pub(crate) struct TonicClient(Channel);

impl Client for TonicClient {
    async fn send(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        let path = match queue {
            Queue::Served => ECHO,
            Queue::Missing => MISSING,
        };
        let mut grpc = tonic::client::Grpc::new(self.0.clone())
            .max_decoding_message_size(MESSAGE)
            .max_encoding_message_size(MESSAGE);
        grpc.ready().await.map_err(other)?;
        let mut request = Request::new(Message { data: data.to_owned() });
        request.extensions_mut().insert(GrpcMethod::new("bench.Echo", "Echo"));
        let codec = ProstCodec::<Message, Message>::default();
        match grpc.unary(request, PathAndQuery::from_static(path), codec).await {
            Ok(echo) => compare(data, &echo.into_inner().data),
            Err(status) if status.code() == Code::Unimplemented => {
                Err(Failure::Unroutable(status.to_string()))
            }
            Err(status) => Err(other(status)),
        }
    }

    async fn handled(&self) -> Result<Option<u64>, Failure> {
        Ok(None)
    }
}
