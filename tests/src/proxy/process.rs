//! What the process behind a proxy has done: with its deliveries, with its connections.

use super::record::Record;
use super::relay::Proxy;
use crate::wait::eventually;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

impl Proxy {
    /// What was done with each delivery, by tag: `ack`, `requeue` or `reject`. For a process that consumes on one channel.
    pub fn verdicts(&self) -> BTreeMap<u64, &'static str> {
        let mut verdicts = BTreeMap::new();
        let tags: Vec<u64> = self.received("basic.deliver").iter().map(tag).collect();
        for record in self.records().all() {
            let settled = tag(&record);
            let which = |t: &&u64| record.args["multiple"] == true && **t <= settled || **t == settled;
            if record.sent("basic.ack") {
                tags.iter().filter(which).for_each(|t| _ = verdicts.entry(*t).or_insert("ack"));
            } else if record.sent("basic.reject") || record.sent("basic.nack") {
                let verdict = if record.args["requeue"] == true { "requeue" } else { "reject" };
                tags.iter().filter(which).for_each(|t| _ = verdicts.entry(*t).or_insert(verdict));
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

fn tag(record: &Record) -> u64 {
    record.args["delivery_tag"].as_u64().unwrap_or_default()
}
