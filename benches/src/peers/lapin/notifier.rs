//! The bare notifier.

use bench_load::{Client, Failure, Probes, Queue};
use lapin::options::ConfirmSelectOptions;
use lapin::{BasicProperties, Channel, Connection};

use super::publish::{Place, Wait, publish};
use super::{declare, properties};
use crate::broker::{Site, missing, notification_queue};
use crate::cli::LapinMode;
use crate::error::Result;
use crate::notification::{Form, Notification};

pub(crate) struct LapinNotifier {
    channel: Channel,
    served: Place,
    missing: Place,
    properties: BasicProperties,
    mode: LapinMode,
    _connection: Connection,
}

impl LapinNotifier {
    pub(crate) async fn connect(site: &Site, mode: LapinMode) -> Result<Self> {
        let connection = super::connect(&site.url).await?;
        let channel = connection.create_channel().await?;
        if mode.confirms() {
            channel.confirm_select(ConfirmSelectOptions::default()).await?;
        }
        let place = |key: String| Place { exchange: site.topic.as_str().into(), key: key.into() };
        let served = place(declare(&channel, site).await?);
        let missing = place(notification_queue(&missing(&site.topic)));
        Ok(Self { channel, served, missing, properties: properties(site), mode, _connection: connection })
    }
}

impl Client for LapinNotifier {
    async fn send(&self, queue: Queue, data: &str) -> Result<(), Failure> {
        let place = match queue {
            Queue::Served => self.served.clone(),
            Queue::Missing => self.missing.clone(),
        };
        let wait = if self.mode.confirms() { Wait::Confirm } else { Wait::Write };
        let encoded = Notification::new(data).encode(Form::Plain);
        let body = encoded.map_err(|error| Failure::Other(format!("JSON: {error}")))?;
        let properties = self
            .properties
            .clone()
            .with_content_type("application/json".into())
            .with_content_encoding("utf-8".into());
        match publish(&self.channel, place, &body, properties, wait).await? {
            Some(_) => Err(Failure::Unroutable("returned by the broker".to_owned())),
            None => Ok(()),
        }
    }

    async fn handled(&self) -> Result<Option<u64>, Failure> {
        Ok(None)
    }

    /// What no queue is bound for comes back with its confirmation; alone on the channel, so it is this one's.
    async fn probe_afterwards(&self) -> bench_load::Result<Option<Probes>> {
        if !self.mode.confirms() {
            return Ok(None);
        }
        let returned = matches!(self.send(Queue::Missing, "").await, Err(Failure::Unroutable(_)));
        Ok(Some(Probes { sent: 1, returned: returned.into() }))
    }
}
