//! What the macros' output calls, under one stable name. Nothing here is for people: it changes with the macros, in any
//! release.

pub use crate::__submit_contract as submit;
pub use crate::__submit_factory as submit_factory;
pub use crate::__submit_notification as submit_notification;
pub use crate::context::{Context, RpcContext};
pub use crate::contract::{
    ArgDescriptor, BoxFuture, Call, CallOptions, CallOutput, Caller, Cast, CastOutput, ClientCore, Contract,
    Endpoint, EndpointDescriptor, EndpointFactory, Handler, MethodDescriptor, MethodKind, Refusal, Reply,
    Request, RequestBuilder, Started, dispatch, in_process, reply, reply_cast,
};
pub use crate::error::{Failing, FailureBuilder, FailureReader, RemoteFailure, RpcError, source_chain};
pub use crate::json::RawJson;
pub use crate::notify::{
    BatchStarted, Event, FilterDescriptor, HandlerStarted, ListenerEndpoint, Notification,
    NotificationDescriptor, On, OnDescriptor, Priority, Submitted as SubmittedNotification, on_batch, on_one,
    own_context, start_batch, start_one,
};
pub use crate::target::Target;
pub use crate::version::Version;
pub use inventory;
pub use std::boxed::Box;
pub use std::sync::Arc;
pub use std::time::Duration;
pub use std::vec::Vec;
