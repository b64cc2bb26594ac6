//! Who waits for an answer is woken without the connection's lock.

use super::peer::*;
use super::soon;
use crate::drivers::rabbit::amqp::QueueSpec;
use crate::drivers::rabbit::amqp::native::Channel;
use crate::transport::Acknowledge;
use amq_protocol::protocol::{AMQPClass, queue};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use tokio::sync::mpsc;

/// Uses the channel when it is woken, as a task may that ends there and then.
struct Busy(Channel, mpsc::UnboundedSender<()>);

impl Wake for Busy {
    fn wake(self: Arc<Self>) {
        acks(&self.0).ack(1);
        self.1.send(()).unwrap();
    }
}

fn used(channel: &Channel) -> (Waker, mpsc::UnboundedReceiver<()>) {
    let (woken, wakes) = mpsc::unbounded_channel();
    (Waker::from(Arc::new(Busy(channel.clone(), woken))), wakes)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_woken_may_use_the_connection() {
    let (connection, _events, mut peer) = connected();
    let (channel, id) = peer.channel(&connection).await;
    let spec = QueueSpec { name: "queue".to_owned(), durable: false, auto_delete: false, expires: None };
    // By an answer, and by the end of the channel.
    for _ in 0..2 {
        let (waker, mut wakes) = used(&channel);
        let mut declaring = pin!(channel.declare_queue(&spec));
        assert!(declaring.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!(peer.hear().await.0, id);
        let ok = queue::DeclareOk { queue: "queue".into(), message_count: 0, consumer_count: 0 };
        peer.say(id, AMQPClass::Queue(queue::AMQPMethod::DeclareOk(ok))).await;
        soon("a wake", wakes.recv()).await.unwrap();
        soon("the answer", declaring).await.unwrap();
    }
    let (waker, mut wakes) = used(&channel);
    let mut declaring = pin!(channel.declare_queue(&spec));
    assert!(declaring.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!(peer.hear().await.0, id);
    peer.say(id, channel_close(406, "PRECONDITION_FAILED")).await;
    soon("a wake", wakes.recv()).await.unwrap();
    assert_eq!(soon("the answer", declaring).await.unwrap_err().code, Some(406));
}
