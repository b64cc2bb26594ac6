//! One direction of one connection: bytes in, finished records out.

use super::method::{Method, content_header};
use serde_json::{Value, json};
use std::collections::HashMap;

/// What a direction has to say about the bytes it was fed.
pub(super) struct Decoded {
    pub(super) channel: u16,
    pub(super) method: String,
    pub(super) args: Value,
    pub(super) properties: Value,
    pub(super) body: Option<Vec<u8>>,
}

impl Decoded {
    fn plain(channel: u16, method: &str, args: Value) -> Self {
        Self { channel, method: method.to_owned(), args, properties: Value::Null, body: None }
    }
}

/// A method whose content is still coming.
struct Pending {
    method: Method,
    header: Option<(u64, Value)>,
    body: Vec<u8>,
}

/// The incremental reader of a direction.
pub(super) struct Frames {
    buffer: Vec<u8>,
    protocol_header: bool,
    pending: HashMap<u16, Pending>,
}

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
const HEARTBEAT: u8 = 8;
const FRAME_END: u8 = 0xCE;

impl Frames {
    /// A reader; the process begins with a protocol header, the broker with a frame.
    pub(super) fn new(protocol_header: bool) -> Self {
        Self { buffer: Vec::new(), protocol_header, pending: HashMap::new() }
    }

    /// Takes bytes; gives what they complete. What cannot be decoded becomes a record that says so, and the rest of
    /// the direction is only passed on.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<Decoded> {
        self.buffer.extend_from_slice(bytes);
        let mut done = Vec::new();
        while let Some(next) = self.next() {
            match next {
                Ok(Some(decoded)) => done.push(decoded),
                Ok(None) => {}
                Err(cause) => {
                    self.buffer.clear();
                    done.push(Decoded::plain(0, "undecodable", json!({"cause": cause})));
                }
            }
        }
        done
    }

    fn next(&mut self) -> Option<Result<Option<Decoded>, String>> {
        if self.protocol_header {
            let header = self.buffer.get(..8)?;
            let text: String = header.iter().map(|byte| format!("{byte:02x}")).collect();
            self.buffer.drain(..8);
            self.protocol_header = false;
            return Some(Ok(Some(Decoded::plain(0, "protocol-header", json!({"hex": text})))));
        }
        let head: [u8; 7] = self.buffer.get(..7)?.try_into().ok()?;
        let [kind, c1, c2, s1, s2, s3, s4] = head;
        let (channel, size) = (u16::from_be_bytes([c1, c2]), u32::from_be_bytes([s1, s2, s3, s4]) as usize);
        let frame: Vec<u8> = self.buffer.get(..size + 8)?.to_vec();
        self.buffer.drain(..size + 8);
        if frame[size + 7] != FRAME_END {
            return Some(Err("no end of frame".to_owned()));
        }
        Some(self.frame(kind, channel, &frame[7..size + 7]))
    }

    fn frame(&mut self, kind: u8, channel: u16, payload: &[u8]) -> Result<Option<Decoded>, String> {
        match kind {
            METHOD => {
                let method = Method::read(payload)?;
                if !method.has_content() {
                    return Ok(Some(Decoded::plain(channel, &method.name, method.args)));
                }
                self.pending.insert(channel, Pending { method, header: None, body: Vec::new() });
            }
            HEADER => self.content(channel)?.header = Some(content_header(payload)?),
            BODY => self.content(channel)?.body.extend_from_slice(payload),
            HEARTBEAT => return Ok(Some(Decoded::plain(channel, "heartbeat", json!({})))),
            other => return Err(format!("unknown frame type {other}")),
        }
        Ok(self.finished(channel))
    }

    fn content(&mut self, channel: u16) -> Result<&mut Pending, String> {
        self.pending
            .get_mut(&channel)
            .ok_or_else(|| format!("a content without a method on channel {channel}"))
    }

    fn finished(&mut self, channel: u16) -> Option<Decoded> {
        let pending = self.pending.get(&channel)?;
        let (size, _) = pending.header.as_ref()?;
        if (pending.body.len() as u64) < *size {
            return None;
        }
        let Pending { method, header, body } = self.pending.remove(&channel)?;
        let properties = header?.1;
        Some(Decoded { channel, method: method.name, args: method.args, properties, body: Some(body) })
    }
}
