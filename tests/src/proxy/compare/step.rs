//! A sent method without what differs from run to run.

use crate::proxy::message::Message;
use crate::proxy::record::{Direction, Record};
use crate::proxy::settled::settled;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One step of a lane. Lanes are compared each for itself, because peers may spread them over connections and channels
/// as they like: `handshake`, `declare`, `reply queue`, `published`, `settled`, `close`, `structure`.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Which lane.
    pub lane: &'static str,
    /// Method and what it is about: `queue.declare topic1`.
    pub head: String,
    /// Keys of the message, outside in, in wire order; empty for methods without one.
    pub keys: Vec<String>,
    /// Everything else, by name.
    pub fields: Vec<(String, String)>,
}

impl Step {
    /// What a process sent through the proxy, normalised.
    pub fn of_records(records: &[Record]) -> Vec<Self> {
        steps_of(records, Record::message)
    }

    /// The steps with what is declared and published in the order of its names, and consumer tags replaced: a Python
    /// listener keeps its queues in a set, so their order is another in each run, and a Rust notifier sends to several
    /// topics at once. What is declared for one queue stays together, what is published to one in its order.
    pub fn in_order_of_names(steps: Vec<Self>) -> Vec<Self> {
        let (declared, mut others): (Vec<_>, Vec<_>) =
            steps.into_iter().partition(|step| step.lane == "declare");
        let published =
            |step: &Self| if step.lane == "published" { step.head.clone() } else { String::new() };
        others.sort_by_key(published);
        let (mut runs, mut consumers): (Vec<Vec<Self>>, _) = (Vec::new(), Vec::new());
        for mut step in declared {
            if step.head.starts_with("basic.") {
                for (_, tag) in step.fields.iter_mut().filter(|(name, _)| name == "consumer_tag") {
                    "<tag>".clone_into(tag);
                }
                consumers.push(step);
                continue;
            }
            match runs.last_mut() {
                Some(run) if step.head.starts_with("queue.") => run.push(step),
                _ => runs.push(vec![step]),
            }
        }
        runs.sort_by_key(|run| run.iter().map(|step| step.head.clone()).collect::<Vec<_>>());
        consumers.sort_by(|a, b| a.head.cmp(&b.head));
        others.into_iter().chain(runs.into_iter().flatten()).chain(consumers).collect()
    }
}

/// The steps of `records`, with `read` to read the messages.
pub(super) fn steps_of(records: &[Record], read: impl Fn(&Record) -> Message) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let (mut connections, mut channels) = (BTreeSet::new(), BTreeSet::new());
    for record in records.iter().filter(|record| record.direction == Direction::ToBroker) {
        connections.insert(record.connection);
        if record.method == "channel.open" {
            channels.insert((record.connection, record.channel));
        }
        let Some(lane) = lane(record) else { continue };
        let mut step = Step { lane, head: head(record), keys: Vec::new(), fields: Vec::new() };
        flatten("", &record.args, &mut step.fields);
        // One frame for several or one for each: how many are settled is what counts.
        step.fields.retain(|(name, _)| lane != "settled" || name != "multiple");
        if record.method == "basic.publish" {
            flatten("property ", &record.properties, &mut step.fields);
            add_message(&mut step, &read(record));
        }
        // How often these happen depends on how many connections there are.
        let once = matches!(lane, "handshake" | "close" | "settled");
        if !once || !steps.contains(&step) {
            steps.push(step);
        }
    }
    let count = |name: &str, count: usize| (name.to_owned(), count.to_string());
    let fields = vec![
        count("connections", connections.len()),
        count("channels", channels.len()),
        count("settled deliveries", settled(records)),
    ];
    steps.push(Step { lane: "structure", head: "the process".to_owned(), keys: Vec::new(), fields });
    steps
}

fn lane(record: &Record) -> Option<&'static str> {
    let reply = record.text("queue").starts_with("reply_");
    Some(match record.method.as_str() {
        "protocol-header" | "connection.start-ok" | "connection.tune-ok" | "connection.open" => "handshake",
        "channel.open" | "confirm.select" => "handshake",
        "channel.close" | "connection.close" => "close",
        "basic.publish" => "published",
        "basic.ack" | "basic.reject" | "basic.nack" => "settled",
        "heartbeat" | "tcp.open" | "tcp.end" | "tcp.killed" | "tcp.refused" => return None,
        "channel.close-ok" | "connection.close-ok" | "basic.cancel-ok" => return None,
        _ if reply => "reply queue",
        _ => "declare",
    })
}

fn head(record: &Record) -> String {
    let about = ["queue", "exchange", "routing_key"].map(|name| record.text(name));
    let about: Vec<_> = about.into_iter().filter(|text| !text.is_empty()).map(normal).collect();
    format!("{} {}", record.method, about.join(" ")).trim_end().to_owned()
}

fn add_message(step: &mut Step, message: &Message) {
    let wrapped =
        [("envelope", &message.envelope), ("message", &message.keys), ("failure", &message.failure_keys)];
    for (part, keys) in wrapped {
        step.keys.extend(keys.iter().map(|key| format!("{part}.{key}")));
    }
    let mut inner = message.inner.clone();
    if !message.failure.is_null() {
        inner["failure"] = message.failure.clone();
        // Which lines of which files is the peer's own business; that there are some is not.
        if inner["failure"]["tb"].as_array().is_some_and(|lines| !lines.is_empty()) {
            inner["failure"]["tb"] = json!("<traceback>");
        }
    }
    flatten("message.", &inner, &mut step.fields);
}

/// Writes `value` as `name`, objects as `name.key`, with the run's own ids and names replaced.
fn flatten(name: &str, value: &Value, fields: &mut Vec<(String, String)>) {
    if let Value::Object(object) = value
        && !object.is_empty()
    {
        let prefix =
            if name.is_empty() || name.ends_with([' ', '.']) { name.to_owned() } else { format!("{name}.") };
        for (key, value) in object {
            flatten(&format!("{prefix}{key}"), value, fields);
        }
        return;
    }
    if name.starts_with("client_properties_types") {
        return;
    }
    let text = match name.rsplit('.').next().unwrap_or(name) {
        "virtual_host" => "<virtual host>".to_owned(),
        "delivery_tag" => "<number>".to_owned(),
        "response" => "<credentials>".to_owned(),
        "connection_name" => "<name>".to_owned(),
        // A notification's own; what is in its payload stays.
        _ if name == "message.timestamp" => "<timestamp>".to_owned(),
        _ => normal(&value.to_string()),
    };
    fields.push((name.trim_end_matches(['.', ' ']).to_owned(), text));
}

/// The text with runs of 32 hex digits and dashed UUIDs replaced.
fn normal(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let run = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == '-').len();
        let candidate = &rest[..run];
        if candidate.len() == 32 && !candidate.contains('-') {
            out.push_str("<hex>");
            rest = &rest[run..];
        } else if candidate.len() == 36 && candidate.matches('-').count() == 4 {
            out.push_str("<uuid>");
            rest = &rest[run..];
        } else {
            let taken = run.max(first.len_utf8());
            out.push_str(&rest[..taken]);
            rest = &rest[taken..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn ids_are_replaced_and_nothing_else() {
        let hex = "0123456789abcdef0123456789abcdef";
        assert_eq!(normal(&format!("reply_{hex}")), "reply_<hex>");
        assert_eq!(normal("é-8-4 cafe 0123-4567"), "é-8-4 cafe 0123-4567");
        assert_eq!(normal("x01234567-89ab-cdef-0123-456789abcdef,"), "x<uuid>,");
    }
}
