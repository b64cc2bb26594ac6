//! Many channels, one after the other and at once.

use super::stage::{Stage, inspected, queue, within};
use crate::drivers::rabbit::amqp::Scope;
use futures_util::future::join_all;

/// Numbers are given again; whatever is still on its way for the last holder of one is not the next one's.
pub async fn numbers_of_channels_are_given_again(stage: Stage) {
    let (connection, mut events) = stage.open().await;
    for round in 0..50 {
        let play = |number: usize| {
            let connection = connection.clone();
            async move {
                let channel = connection.channel().await.unwrap();
                let name = format!("queue-{round}-{number}");
                match number % 4 {
                    // Closed, dropped, dropped with a question open, and closed by the broker.
                    0 => {
                        channel.declare_queue(&queue(&name)).await.unwrap();
                        channel.close().await;
                    }
                    1 => channel.declare_queue(&queue(&name)).await.unwrap(),
                    2 => {
                        let spec = queue(&name);
                        let question = channel.declare_queue(&spec);
                        let _ = tokio::time::timeout(std::time::Duration::ZERO, question).await;
                    }
                    _ => {
                        let error = channel.inspect(&name).await.unwrap_err();
                        assert!(error.text.contains(&name), "{error} of another channel");
                    }
                }
            }
        };
        within("a round", join_all((0..10).map(play))).await;
    }
    let channel = connection.channel().await.unwrap();
    inspected(&channel, "queue-49-1", 0, 0).await;
    assert!(events.try_recv().is_err());
}

/// RabbitMQ allows 2,047 channels; one more is an error of its own, and costs nothing.
pub async fn there_are_as_many_channels_as_agreed(stage: Stage) {
    let (connection, mut events) = stage.open().await;
    let mut channels = Vec::new();
    let error = loop {
        match within("an answer", connection.channel()).await {
            Ok(channel) => channels.push(channel),
            Err(error) => break error,
        }
        assert!(channels.len() <= 2_047);
    };
    assert_eq!((channels.len(), error.scope), (2_047, Scope::Channel), "{error}");
    within("the end", channels.swap_remove(700).close()).await;
    // Some free the number a little after the answer, and tell nobody.
    let channel = within("a free number", async {
        loop {
            match connection.channel().await {
                Ok(channel) => break channel,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    });
    channel.await.declare_queue(&queue("last")).await.unwrap();
    assert!(events.try_recv().is_err());
}
