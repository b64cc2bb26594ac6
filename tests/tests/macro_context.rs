//! The context: given, of the user's own type, bound to a client, or left out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::context::{ContextError, RpcContext};
use oslo_messaging::error::{CallError, NotSentReason};
use oslo_messaging::{Context, RemoteFailure, endpoint};

struct NovaContext {
    user: String,
    secret: bool,
}

impl RpcContext for NovaContext {
    fn to_context(&self) -> Result<Context, ContextError> {
        let key = if self.secret { "msg_id" } else { "user_id" };
        Context::new().with(key, &self.user)
    }

    fn from_context(context: &Context) -> Result<Self, String> {
        match context.user_id() {
            user if user.is_empty() => Err("no `user_id`".to_owned()),
            user => Ok(Self { user, secret: false }),
        }
    }
}

#[endpoint(version = "1.0")]
trait Whoami {
    async fn given(&self, ctx: &Context) -> Result<String, RemoteFailure>;
    async fn own(&self, #[context] ctx: &NovaContext) -> Result<String, RemoteFailure>;
    async fn left_out(&self) -> Result<String, RemoteFailure>;
}

struct Service;

impl Whoami for Service {
    async fn given(&self, ctx: &Context) -> Result<String, RemoteFailure> {
        Ok(format!("{} by {}", ctx.method(), ctx.user_id()))
    }
    async fn own(&self, ctx: &NovaContext) -> Result<String, RemoteFailure> {
        Ok(ctx.user.clone())
    }
    async fn left_out(&self) -> Result<String, RemoteFailure> {
        Ok("somebody".to_owned())
    }
}

#[tokio::test]
async fn a_context_reaches_the_handler() {
    let client = WhoamiClient::in_process(Service);
    let ctx = Context::new().with("user_id", "ada").unwrap();
    assert_eq!(client.given(&ctx).await.unwrap(), "given by ada");
    assert_eq!(client.own(&NovaContext { user: "bob".to_owned(), secret: false }).await.unwrap(), "bob");
    assert_eq!(client.left_out().await.unwrap(), "somebody");
}

#[tokio::test]
async fn a_context_that_cannot_be_sent_stops_the_call() {
    let client = WhoamiClient::in_process(Service);
    let error = client.own(&NovaContext { user: "bob".to_owned(), secret: true }).await.unwrap_err();
    let CallError::NotSent(error) = error else { panic!("{error}") };
    assert!(
        matches!(&error.reason, NotSentReason::Encode { cause, .. } if cause.contains("msg_id")),
        "{error}"
    );
}

#[tokio::test]
async fn a_context_that_cannot_be_read_refuses_the_request() {
    let client = WhoamiClient::in_process(Service);
    let error = client.own(&NovaContext { user: String::new(), secret: false }).await.unwrap_err();
    let CallError::Rejected(refusal) = error else { panic!("{error}") };
    assert!(refusal.failure.message.contains("no `user_id`"), "{refusal}");
}
