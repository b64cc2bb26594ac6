//! What the process behind a proxy has done: with its deliveries, with its connections.

use super::record::Record;
use super::relay::Proxy;
use crate::wait::eventually;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

impl Proxy {
    /// What was done with each delivery: `ack`, `requeue` or `reject`. By connection, channel and tag, because one frame
    /// may settle several.
    pub fn verdicts(&self) -> BTreeMap<(usize, u64, u64), &'static str> {
        let mut verdicts = BTreeMap::new();
        let delivered: Vec<_> = self.received("basic.deliver").iter().map(delivery).collect();
        for record in self.records().all() {
            let settled = delivery(&record);
            let verdict = match &*record.method {
                _ if record.received(&record.method) => continue,
                "basic.ack" => "ack",
                "basic.reject" | "basic.nack" if record.args["requeue"] == true => "requeue",
                "basic.reject" | "basic.nack" => "reject",
                _ => continue,
            };
            let here = |one: &&(usize, u64, u64)| (one.0, one.1) == (settled.0, settled.1);
            let which = |one: &&(usize, u64, u64)| {
                record.args["multiple"] == true && one.2 <= settled.2 || one.2 == settled.2
            };
            for one in delivered.iter().filter(here).filter(which) {
                verdicts.entry(*one).or_insert(verdict);
            }
        }
        verdicts
    }

    /// The verdicts in the order of delivery, as soon as there are `count`.
    pub async fn wait_for_verdicts(&self, count: usize) -> Vec<&'static str> {
        let settled = || async {
            let verdicts = self.verdicts();
            if verdicts.len() >= count { Ok(verdicts) } else { Err(verdicts) }
        };
        eventually(LIMIT, "every delivery is settled", settled).await.into_values().collect()
    }

    /// Waits until the process has closed every connection; each in order.
    ///
    /// # Panics
    /// When one ended without a good-bye; says of `whom`.
    pub async fn wait_for_good_byes(&self, whom: &str) {
        let numbers = |method: &str| -> BTreeSet<usize> {
            self.sent(method).iter().map(|record| record.connection).collect()
        };
        let opened = numbers("tcp.open");
        let what = format!("the end of {opened:?} of {whom}");
        self.records().first(opened.len(), LIMIT, &what, |record| record.sent("tcp.end")).await;
        assert_eq!(numbers("connection.close"), opened, "good-byes of {whom}");
    }
}

fn delivery(record: &Record) -> (usize, u64, u64) {
    let tag = record.args["delivery_tag"].as_u64().unwrap_or_default();
    (record.connection, record.channel.into(), tag)
}
