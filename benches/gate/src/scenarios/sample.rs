//! What the measured messages carry: records as OpenStack's services send them, as many as make up a size.

use oslo_messaging::context::Context;
use oslo_messaging::id::MessageId;
use serde::{Deserialize, Serialize};

use crate::error::Outcome;

/// About 100 bytes of JSON: texts, an escape and a character of three bytes in them, numbers, a null, a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    id: u64,
    name: String,
    host: Option<String>,
    load: f64,
    tags: Vec<String>,
}

/// How large a message's argument, result or payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    B100,
    KiB2,
    KiB64,
}

impl Size {
    /// How many records it takes.
    fn records(self) -> u64 {
        match self {
            Self::B100 => 1,
            Self::KiB2 => 20,
            Self::KiB64 => 640,
        }
    }

    /// How often an operation of this size is counted: fewer times where one is long.
    pub(super) fn times(self) -> u32 {
        match self {
            Self::B100 => 100,
            Self::KiB2 => 50,
            Self::KiB64 => 5,
        }
    }

    pub(super) fn sample(self) -> Vec<Record> {
        let record = |n: u64| Record {
            id: 1_000_000 + n,
            name: format!("web \"{n:04}\" 中"),
            host: (n % 3 != 1).then(|| format!("compute-{n:04}")),
            load: 0.25,
            tags: vec!["blue".to_owned(), "fast".to_owned()],
        };
        (0..self.records()).map(record).collect()
    }
}

/// As a request carries it through a cloud: who asks, for which project.
pub(super) fn context() -> Outcome<Context> {
    Ok(Context::new()
        .with("user", "admin")?
        .with("project_id", "8f4c0ab1e5a94b02a3a5c2a7b1a0f7c3")?
        .with("is_admin", &true)?)
}

/// The same in every run, so that texts made of it have one length.
pub(super) fn id() -> Outcome<MessageId> {
    Ok("4833bf41ed114a20a2ab3f3a75ac71de".parse()?)
}

#[cfg(test)]
mod tests {
    use super::Size;
    use oslo_messaging::json::RawJson;

    #[test]
    fn samples_are_as_large_as_they_are_named() {
        for (size, bytes) in [(Size::B100, 100), (Size::KiB2, 2 << 10), (Size::KiB64, 64 << 10)] {
            let length = RawJson::encode(&size.sample()).unwrap().as_str().len();
            assert!(length.abs_diff(bytes) * 10 <= bytes, "{size:?} has {length} bytes");
        }
    }
}
