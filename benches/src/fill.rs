//! Fills the queue of a topic's notifications before a listener is measured. Not measured itself.

use futures_util::{StreamExt, TryStreamExt, stream};
use lapin::BasicProperties;
use lapin::options::{BasicPublishOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use tokio::time::{Duration, Instant, sleep};

use crate::broker::{Admin, Site, notification_queue};
use crate::error::{Error, Result};
use crate::notification::{Form, Notification};

/// Publishes under way at a time.
const UNDER_WAY: usize = 64;
/// How long the broker may take to have the last of them in the queue.
const SETTLING: Duration = Duration::from_secs(30);

/// Puts `count` notifications into the queue, made as every peer makes it, and returns when they are all there.
pub(crate) async fn fill(site: &Site, form: Form, count: usize, size: usize) -> Result<()> {
    let admin = Admin::connect(&site.url).await?;
    let queue = notification_queue(&site.topic);
    let channel = admin.channel();
    let declare = QueueDeclareOptions { durable: site.durable, ..Default::default() };
    channel.queue_declare(queue.as_str().into(), declare, FieldTable::default()).await?;
    let data = "x".repeat(size);
    let publish = |_| async {
        // Each under ids of its own: listeners of oslo.messaging's drop what they have had.
        let body = Notification::new(&data).encode(form)?;
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_content_encoding("utf-8".into())
            .with_delivery_mode(2)
            .with_priority(0);
        let options = BasicPublishOptions::default();
        channel.basic_publish("".into(), queue.as_str().into(), options, &body, properties).await?;
        Ok::<_, Error>(())
    };
    stream::iter(0..count)
        .map(publish)
        .buffer_unordered(UNDER_WAY)
        .try_for_each(|()| async { Ok(()) })
        .await?;
    wait_for(&admin, &queue, count).await?;
    admin.close().await
}

async fn wait_for(admin: &Admin, queue: &str, count: usize) -> Result<()> {
    let begun = Instant::now();
    loop {
        let waiting = admin.waiting(queue).await?;
        if waiting as usize == count {
            return Ok(());
        }
        if begun.elapsed() > SETTLING {
            let what = format!("{waiting} of {count} notifications came into the queue before the window");
            return Err(Error::Peer(what));
        }
        sleep(Duration::from_millis(20)).await;
    }
}
