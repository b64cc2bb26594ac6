//! How many deliveries a process has settled. One frame may settle several, so frames are not counted.

use super::record::Record;
use super::relay::Proxy;
use crate::wait::eventually;
use std::collections::BTreeSet;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);

/// How many deliveries have been acknowledged or given back, on every channel.
pub(super) fn settled(records: &[Record]) -> usize {
    let mut tags = BTreeSet::new();
    for record in records {
        if !["basic.ack", "basic.reject", "basic.nack"].iter().any(|method| record.sent(method)) {
            continue;
        }
        // Tags count from 1 on each channel.
        let last = record.args["delivery_tag"].as_u64().unwrap_or_default();
        let first = if record.args["multiple"] == true { 1 } else { last };
        tags.extend((first..=last).map(|tag| (record.connection, record.channel, tag)));
    }
    tags.len()
}

impl Proxy {
    /// Waits until the process has settled `count` deliveries; says of `whom`.
    pub async fn wait_for_settled(&self, count: usize, whom: &str) {
        let what = format!("{count} deliveries settled by {whom}");
        let enough = || async {
            let settled = settled(&self.records().all());
            if settled >= count { Ok(()) } else { Err(settled) }
        };
        eventually(LIMIT, &what, enough).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::Direction;
    use serde_json::{Value, json};

    fn settling(channel: u16, method: &str, args: Value) -> Record {
        let (method, properties) = (method.to_owned(), Value::Null);
        let (at, direction) = (Duration::ZERO, Direction::ToBroker);
        Record { at, connection: 1, direction, channel, method, args, properties, body: None }
    }

    #[test]
    fn one_frame_may_settle_several() {
        let records = [
            settling(1, "basic.ack", json!({"delivery_tag": 2, "multiple": false})),
            settling(1, "basic.ack", json!({"delivery_tag": 4, "multiple": true})),
            settling(2, "basic.reject", json!({"delivery_tag": 1, "requeue": true})),
            settling(1, "basic.cancel", json!({})),
        ];
        assert_eq!(settled(&records), 5);
    }
}
