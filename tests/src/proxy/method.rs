//! The methods of AMQP 0-9-1 with RabbitMQ's extensions, and their arguments by name.

use serde_json::{Map, Value, json};

/// Class, method, name, arguments (`name:type`); `_` is a reserved argument. `secret` is a long string whose content is
/// not kept.
const METHODS: &[(u16, u16, &str, &str)] = &[
    (
        10,
        10,
        "connection.start",
        "version_major:octet version_minor:octet server_properties:table mechanisms:longstr locales:longstr",
    ),
    (
        10,
        11,
        "connection.start-ok",
        "client_properties:table mechanism:shortstr response:secret locale:shortstr",
    ),
    (10, 20, "connection.secure", "challenge:secret"),
    (10, 21, "connection.secure-ok", "response:secret"),
    (10, 30, "connection.tune", "channel_max:short frame_max:long heartbeat:short"),
    (10, 31, "connection.tune-ok", "channel_max:short frame_max:long heartbeat:short"),
    (10, 40, "connection.open", "virtual_host:shortstr _:shortstr _:bit"),
    (10, 41, "connection.open-ok", "_:shortstr"),
    (10, 50, "connection.close", "reply_code:short reply_text:shortstr class_id:short method_id:short"),
    (10, 51, "connection.close-ok", ""),
    (10, 60, "connection.blocked", "reason:shortstr"),
    (10, 61, "connection.unblocked", ""),
    (10, 70, "connection.update-secret", "new_secret:secret reason:shortstr"),
    (10, 71, "connection.update-secret-ok", ""),
    (20, 10, "channel.open", "_:shortstr"),
    (20, 11, "channel.open-ok", "_:longstr"),
    (20, 20, "channel.flow", "active:bit"),
    (20, 21, "channel.flow-ok", "active:bit"),
    (20, 40, "channel.close", "reply_code:short reply_text:shortstr class_id:short method_id:short"),
    (20, 41, "channel.close-ok", ""),
    (
        40,
        10,
        "exchange.declare",
        "_:short exchange:shortstr type:shortstr passive:bit durable:bit auto_delete:bit internal:bit nowait:bit arguments:table",
    ),
    (40, 11, "exchange.declare-ok", ""),
    (40, 20, "exchange.delete", "_:short exchange:shortstr if_unused:bit nowait:bit"),
    (40, 21, "exchange.delete-ok", ""),
    (
        50,
        10,
        "queue.declare",
        "_:short queue:shortstr passive:bit durable:bit exclusive:bit auto_delete:bit nowait:bit arguments:table",
    ),
    (50, 11, "queue.declare-ok", "queue:shortstr message_count:long consumer_count:long"),
    (
        50,
        20,
        "queue.bind",
        "_:short queue:shortstr exchange:shortstr routing_key:shortstr nowait:bit arguments:table",
    ),
    (50, 21, "queue.bind-ok", ""),
    (50, 30, "queue.purge", "_:short queue:shortstr nowait:bit"),
    (50, 31, "queue.purge-ok", "message_count:long"),
    (50, 40, "queue.delete", "_:short queue:shortstr if_unused:bit if_empty:bit nowait:bit"),
    (50, 41, "queue.delete-ok", "message_count:long"),
    (50, 50, "queue.unbind", "_:short queue:shortstr exchange:shortstr routing_key:shortstr arguments:table"),
    (50, 51, "queue.unbind-ok", ""),
    (60, 10, "basic.qos", "prefetch_size:long prefetch_count:short global:bit"),
    (60, 11, "basic.qos-ok", ""),
    (
        60,
        20,
        "basic.consume",
        "_:short queue:shortstr consumer_tag:shortstr no_local:bit no_ack:bit exclusive:bit nowait:bit arguments:table",
    ),
    (60, 21, "basic.consume-ok", "consumer_tag:shortstr"),
    (60, 30, "basic.cancel", "consumer_tag:shortstr nowait:bit"),
    (60, 31, "basic.cancel-ok", "consumer_tag:shortstr"),
    (60, 40, "basic.publish", "_:short exchange:shortstr routing_key:shortstr mandatory:bit immediate:bit"),
    (60, 50, "basic.return", "reply_code:short reply_text:shortstr exchange:shortstr routing_key:shortstr"),
    (
        60,
        60,
        "basic.deliver",
        "consumer_tag:shortstr delivery_tag:longlong redelivered:bit exchange:shortstr routing_key:shortstr",
    ),
    (60, 70, "basic.get", "_:short queue:shortstr no_ack:bit"),
    (
        60,
        71,
        "basic.get-ok",
        "delivery_tag:longlong redelivered:bit exchange:shortstr routing_key:shortstr message_count:long",
    ),
    (60, 72, "basic.get-empty", "_:shortstr"),
    (60, 80, "basic.ack", "delivery_tag:longlong multiple:bit"),
    (60, 90, "basic.reject", "delivery_tag:longlong requeue:bit"),
    (60, 110, "basic.recover", "requeue:bit"),
    (60, 111, "basic.recover-ok", ""),
    (60, 120, "basic.nack", "delivery_tag:longlong multiple:bit requeue:bit"),
    (85, 10, "confirm.select", "nowait:bit"),
    (85, 11, "confirm.select-ok", ""),
];

/// The properties of a content, with their types, from the highest flag bit down.
const PROPERTIES: &[(&str, &str)] = &[
    ("content_type", "shortstr"),
    ("content_encoding", "shortstr"),
    ("headers", "table"),
    ("delivery_mode", "octet"),
    ("priority", "octet"),
    ("correlation_id", "shortstr"),
    ("reply_to", "shortstr"),
    ("expiration", "shortstr"),
    ("message_id", "shortstr"),
    ("timestamp", "longlong"),
    ("type", "shortstr"),
    ("user_id", "shortstr"),
    ("app_id", "shortstr"),
    ("cluster_id", "shortstr"),
];

/// A decoded method frame.
pub(super) struct Method {
    pub(super) name: String,
    pub(super) args: Value,
}

impl Method {
    /// Reads the payload of a method frame.
    pub(super) fn read(payload: &[u8]) -> Result<Self, String> {
        let mut reader = Reader(payload);
        let (class, method) = (reader.short()?, reader.short()?);
        let known = METHODS.iter().find(|known| (known.0, known.1) == (class, method));
        let &(_, _, name, arguments) = known.ok_or_else(|| format!("unknown method {class}.{method}"))?;
        let mut args = Map::new();
        let mut bits: Option<(u8, u8)> = None;
        for (name, kind) in arguments.split_whitespace().filter_map(|argument| argument.split_once(':')) {
            let value = if kind == "bit" {
                let (octet, used) = match bits {
                    Some((octet, used)) if used < 8 => (octet, used),
                    _ => (reader.octet()?, 0),
                };
                bits = Some((octet, used + 1));
                json!(octet >> used & 1 == 1)
            } else {
                bits = None;
                reader.argument(kind, name, &mut args)?
            };
            if name != "_" {
                args.insert(name.to_owned(), value);
            }
        }
        Ok(Self { name: name.to_owned(), args: Value::Object(args) })
    }

    /// Whether a content follows.
    pub(super) fn has_content(&self) -> bool {
        matches!(self.name.as_str(), "basic.publish" | "basic.return" | "basic.deliver" | "basic.get-ok")
    }
}

/// Reads the payload of a content header: size of the body, and the properties.
pub(super) fn content_header(payload: &[u8]) -> Result<(u64, Value), String> {
    let mut reader = Reader(payload);
    reader.long()?;
    let size = reader.longlong()?;
    let flags = reader.short()?;
    let mut properties = Map::new();
    for (position, (name, kind)) in PROPERTIES.iter().enumerate() {
        if flags >> (15 - position) & 1 == 1 {
            let value = reader.argument(kind, name, &mut properties)?;
            properties.insert((*name).to_owned(), value);
        }
    }
    Ok((size, Value::Object(properties)))
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or("the frame ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn number<const N: usize>(&mut self) -> Result<[u8; N], String> {
        Ok(self.take(N)?.try_into().expect("as many as asked for"))
    }

    fn octet(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    fn short(&mut self) -> Result<u16, String> {
        self.number().map(u16::from_be_bytes)
    }

    fn long(&mut self) -> Result<u32, String> {
        self.number().map(u32::from_be_bytes)
    }

    fn longlong(&mut self) -> Result<u64, String> {
        self.number().map(u64::from_be_bytes)
    }

    fn shortstr(&mut self) -> Result<String, String> {
        let length = self.octet()?;
        Ok(String::from_utf8_lossy(self.take(length.into())?).into_owned())
    }

    fn longstr(&mut self) -> Result<&'a [u8], String> {
        let length = self.long()?;
        self.take(length as usize)
    }

    /// Reads an argument; the field types of a table go to `<name>_types` in `beside`.
    fn argument(&mut self, kind: &str, name: &str, beside: &mut Map<String, Value>) -> Result<Value, String> {
        Ok(match kind {
            "octet" => json!(self.octet()?),
            "short" => json!(self.short()?),
            "long" => json!(self.long()?),
            "longlong" => json!(self.longlong()?),
            "shortstr" => json!(self.shortstr()?),
            "longstr" => json!(String::from_utf8_lossy(self.longstr()?)),
            "secret" => json!(format!("<{} bytes>", self.longstr()?.len())),
            "table" => {
                let mut types = Map::new();
                let table = self.table(&mut types)?;
                if !types.is_empty() {
                    beside.insert(format!("{name}_types"), Value::Object(types));
                }
                table
            }
            other => return Err(format!("no such type: {other}")),
        })
    }

    fn table(&mut self, types: &mut Map<String, Value>) -> Result<Value, String> {
        let mut fields = Reader(self.longstr()?);
        let mut table = Map::new();
        while !fields.0.is_empty() {
            let name = fields.shortstr()?;
            let kind = char::from(fields.octet()?);
            types.insert(name.clone(), json!(kind.to_string()));
            table.insert(name, fields.field(kind)?);
        }
        Ok(Value::Object(table))
    }

    /// A field value, with the type letters that RabbitMQ and its clients use.
    fn field(&mut self, kind: char) -> Result<Value, String> {
        Ok(match kind {
            't' => json!(self.octet()? != 0),
            'b' => json!(i8::from_be_bytes(self.number()?)),
            'B' => json!(self.octet()?),
            's' => json!(i16::from_be_bytes(self.number()?)),
            'u' => json!(self.short()?),
            'I' => json!(i32::from_be_bytes(self.number()?)),
            'i' => json!(self.long()?),
            'l' | 'L' => json!(i64::from_be_bytes(self.number()?)),
            'f' => json!(f32::from_be_bytes(self.number()?)),
            'd' => json!(f64::from_be_bytes(self.number()?)),
            'D' => json!({"scale": self.octet()?, "value": self.long()?}),
            'S' | 'x' => json!(String::from_utf8_lossy(self.longstr()?)),
            'T' => json!(self.longlong()?),
            'F' => self.table(&mut Map::new())?,
            'V' => Value::Null,
            'A' => {
                let mut items = Reader(self.longstr()?);
                let mut array = Vec::new();
                while !items.0.is_empty() {
                    let kind = char::from(items.octet()?);
                    array.push(items.field(kind)?);
                }
                Value::Array(array)
            }
            other => return Err(format!("unknown field type {other:?}")),
        })
    }
}
