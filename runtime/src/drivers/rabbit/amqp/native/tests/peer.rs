//! The broker's end of a connection in the hands of a test. Frames are written and read by `amq-protocol`, which knows
//! nothing of our own codec.

use super::super::handshake::Agreed;
use super::super::input::Input;
use super::super::socket::Stream;
use super::super::{Confirms, Connection};
use super::soon;
use crate::drivers::rabbit::amqp::native::{Channel, ChannelAcks};
pub(super) use crate::drivers::rabbit::amqp::sample::outcome;
use crate::drivers::rabbit::amqp::{AmqpError, Assurance, Event, Message, Received};
use crate::drivers::rabbit::host::Surroundings;
use crate::wire::Oslo2;
use amq_protocol::frame::{AMQPContentHeader, AMQPFrame, WriteContext, gen_frame, parse_frame};
use amq_protocol::protocol::{AMQPClass, basic, channel, confirm, connection};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;

pub(in crate::drivers::rabbit) const FRAME_MAX: usize = 4096;
/// What the pipe holds unless a test says otherwise.
pub(in crate::drivers::rabbit) const ROOM: usize = 1 << 20;

pub(in crate::drivers::rabbit) type Events = mpsc::UnboundedReceiver<Event>;

pub(in crate::drivers::rabbit) struct Peer<S = DuplexStream> {
    pub(in crate::drivers::rabbit) stream: S,
    received: Vec<u8>,
}

impl Stream for DuplexStream {
    /// It belongs to no runtime.
    fn enter(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A connection and its broker, without heartbeats.
pub(in crate::drivers::rabbit) fn connected() -> (Connection, Events, Peer) {
    connected_over(ROOM, 0)
}

pub(in crate::drivers::rabbit) fn connected_over(room: usize, heartbeat: u16) -> (Connection, Events, Peer) {
    let (ours, theirs) = tokio::io::duplex(room);
    let agreed = Agreed { frame_max: FRAME_MAX, channel_max: 100 };
    let (connection, events) =
        Connection::start(ours, None, Input::default(), agreed, heartbeat, Surroundings::default());
    (connection, events, Peer { stream: theirs, received: Vec::new() })
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(in crate::drivers::rabbit) fn new(stream: S) -> Self {
        Self { stream, received: Vec::new() }
    }

    pub(in crate::drivers::rabbit) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    pub(in crate::drivers::rabbit) async fn send(&mut self, frames: &[AMQPFrame]) {
        for frame in frames {
            self.send_bytes(&bytes(frame)).await;
        }
    }

    /// A method on a channel.
    pub(in crate::drivers::rabbit) async fn say(&mut self, channel: u16, class: AMQPClass) {
        self.send(&[AMQPFrame::Method(channel, class)]).await;
    }

    /// The next frame, heartbeats included; `None` when the connection has closed its end.
    pub(in crate::drivers::rabbit) async fn frame(&mut self) -> Option<AMQPFrame> {
        loop {
            if let Ok((rest, frame)) = parse_frame(&self.received[..]) {
                let rest = rest.len();
                self.received.drain(..self.received.len() - rest);
                return Some(frame);
            }
            let read = soon("a frame", self.stream.read_buf(&mut self.received)).await;
            if read.unwrap_or_default() == 0 {
                assert!(self.received.is_empty(), "an end within a frame: {:?}", self.received);
                return None;
            }
        }
    }

    /// The next method.
    pub(in crate::drivers::rabbit) async fn hear(&mut self) -> (u16, AMQPClass) {
        match self.frame().await {
            Some(AMQPFrame::Method(channel, class)) => (channel, class),
            other => panic!("{other:?} instead of a method"),
        }
    }

    /// Takes a published message: its channel and its body.
    pub(in crate::drivers::rabbit) async fn publish(&mut self) -> (u16, Vec<u8>) {
        let (channel, class) = self.hear().await;
        assert!(matches!(class, AMQPClass::Basic(basic::AMQPMethod::Publish(_))), "{class:?}");
        let Some(AMQPFrame::Header(_, header)) = self.frame().await else { panic!("no content header") };
        let mut body = Vec::new();
        while (body.len() as u64) < header.body_size {
            let Some(AMQPFrame::Body(_, chunk)) = self.frame().await else { panic!("no body") };
            body.extend(chunk);
        }
        (channel, body)
    }

    /// A new channel of `connection`.
    pub(in crate::drivers::rabbit) async fn channel(&mut self, connection: &Connection) -> (Channel, u16) {
        let opening = connection.channel();
        let answering = async {
            let (id, class) = self.hear().await;
            assert!(matches!(class, AMQPClass::Channel(channel::AMQPMethod::Open(_))), "{class:?}");
            self.say(id, AMQPClass::Channel(channel::AMQPMethod::OpenOk(channel::OpenOk {}))).await;
            id
        };
        let (opened, id) = tokio::join!(soon("a channel", opening), answering);
        (opened.unwrap(), id)
    }

    /// A new channel in confirm mode.
    pub(in crate::drivers::rabbit) async fn confirms(&mut self, connection: &Connection) -> (Confirms, u16) {
        let (channel, id) = self.channel(connection).await;
        let starting = Confirms::start(channel, Arc::new(Oslo2::new()), Assurance::Confirmed);
        let answering = async {
            let (id, _) = self.hear().await;
            let ok = confirm::AMQPMethod::SelectOk(confirm::SelectOk {});
            self.say(id, AMQPClass::Confirm(ok)).await;
        };
        let (started, ()) = tokio::join!(soon("confirm mode", starting), answering);
        (started.unwrap(), id)
    }

    /// A new channel that asks whether its messages were routed.
    pub(super) async fn routed(&mut self, connection: &Connection) -> (Confirms, u16) {
        let (channel, id) = self.channel(connection).await;
        (Confirms::start(channel, Arc::new(Oslo2::new()), Assurance::Routed).await.unwrap(), id)
    }

    /// A consumer `tag` of a channel: where its messages go, and its end.
    pub(in crate::drivers::rabbit) async fn consume(
        &mut self,
        channel: &Channel,
        tag: u32,
    ) -> (mpsc::UnboundedReceiver<Received>, Pin<Box<dyn Future<Output = Option<AmqpError>> + Send>>) {
        let (take, taken) = mpsc::unbounded_channel();
        let consuming = channel.consume("queue", tag, move |received| {
            // A test that looks no more has ended.
            let _ = take.send(received);
        });
        let answering = async {
            let (id, class) = self.hear().await;
            assert!(matches!(class, AMQPClass::Basic(basic::AMQPMethod::Consume(_))), "{class:?}");
            self.say(id, consume_ok(tag)).await;
        };
        let (ended, ()) = tokio::join!(soon("a consumer", consuming), answering);
        (taken, Box::pin(ended.unwrap()))
    }

    /// Sends a whole message to a consumer.
    pub(in crate::drivers::rabbit) async fn deliver(
        &mut self,
        channel: u16,
        consumer: u32,
        tag: u64,
        body: &[u8],
    ) {
        self.say(channel, deliver(consumer, tag)).await;
        self.content(channel, body).await;
    }

    /// A content header without properties, and the body in one frame.
    pub(in crate::drivers::rabbit) async fn content(&mut self, channel: u16, body: &[u8]) {
        self.send(&[header(channel, body.len()), AMQPFrame::Body(channel, body.to_vec())]).await;
    }
}

pub(in crate::drivers::rabbit) fn bytes(frame: &AMQPFrame) -> Vec<u8> {
    gen_frame(frame)(WriteContext::from(Vec::new())).unwrap().into_inner().0
}

pub(in crate::drivers::rabbit) fn header(channel: u16, size: usize) -> AMQPFrame {
    let properties = basic::AMQPProperties::default();
    AMQPFrame::Header(channel, AMQPContentHeader { class_id: 60, body_size: size as u64, properties })
}

pub(in crate::drivers::rabbit) fn consume_ok(tag: u32) -> AMQPClass {
    AMQPClass::Basic(basic::AMQPMethod::ConsumeOk(basic::ConsumeOk { consumer_tag: tag.to_string().into() }))
}

pub(in crate::drivers::rabbit) fn deliver(consumer: u32, tag: u64) -> AMQPClass {
    AMQPClass::Basic(basic::AMQPMethod::Deliver(basic::Deliver {
        consumer_tag: consumer.to_string().into(),
        delivery_tag: tag,
        redelivered: false,
        exchange: "".into(),
        routing_key: "queue".into(),
    }))
}

pub(in crate::drivers::rabbit) fn ack(tag: u64, multiple: bool) -> AMQPClass {
    AMQPClass::Basic(basic::AMQPMethod::Ack(basic::Ack { delivery_tag: tag, multiple }))
}

pub(in crate::drivers::rabbit) fn channel_close(code: u16, text: &str) -> AMQPClass {
    let close = channel::Close { reply_code: code, reply_text: text.into(), class_id: 0, method_id: 0 };
    AMQPClass::Channel(channel::AMQPMethod::Close(close))
}

pub(in crate::drivers::rabbit) fn channel_close_ok() -> AMQPClass {
    AMQPClass::Channel(channel::AMQPMethod::CloseOk(channel::CloseOk {}))
}

pub(in crate::drivers::rabbit) fn connection_close(code: u16, text: &str) -> AMQPClass {
    let close = connection::Close { reply_code: code, reply_text: text.into(), class_id: 0, method_id: 0 };
    AMQPClass::Connection(connection::AMQPMethod::Close(close))
}

pub(in crate::drivers::rabbit) fn connection_close_ok() -> AMQPClass {
    AMQPClass::Connection(connection::AMQPMethod::CloseOk(connection::CloseOk {}))
}

/// A mandatory message to the default exchange.
pub(in crate::drivers::rabbit) fn message(text: &str) -> Message {
    crate::drivers::rabbit::amqp::sample::message("queue", text)
}

/// Acknowledges on a channel.
pub(in crate::drivers::rabbit) fn acks(channel: &Channel) -> ChannelAcks {
    ChannelAcks(channel.clone())
}

/// The connection's last event.
pub(in crate::drivers::rabbit) async fn lost(events: &mut Events) -> AmqpError {
    loop {
        match soon("the loss", events.recv()).await {
            Some(Event::Lost(error)) => {
                assert!(events.try_recv().is_err(), "nothing follows the loss");
                return error;
            }
            Some(_) => {}
            None => panic!("the connection ended without a word"),
        }
    }
}
