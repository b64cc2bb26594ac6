//! Whether a request's `_reply_q` may be written to.
//!
//! The name is a routing key on the default exchange, chosen by whoever sent the request: unchecked, it would make this
//! process post into any queue of the virtual host.

use super::served::is_served;
use crate::transport::LONGEST_NAME;

/// How every reply address begins, Python's included.
pub(super) const PREFIX: &str = "reply_";

/// What is wrong with a reply address.
pub(crate) fn problem(address: &str) -> Option<&'static str> {
    if address.is_empty() {
        Some("is missing")
    } else if !address.starts_with(PREFIX) {
        Some("does not start with `reply_`")
    } else if address.len() > LONGEST_NAME {
        Some("is longer than 255 bytes")
    } else if address.chars().any(char::is_control) {
        Some("contains a control character")
    } else if is_served(address) {
        Some("is a queue that this process serves")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reply_queues_pass() {
        let check = |address: &str| problem(address);
        let _served = crate::rpc::server::served::Served::new(&"reply_desk".into());
        assert_eq!(check("reply_0123"), None);
        assert_eq!(check("reply_host:proc:1"), None);
        assert!(check("").is_some());
        assert!(check("compute").is_some());
        assert!(check("reply_a\n").is_some());
        assert!(check("reply_\u{85}").is_some());
        assert!(check(&format!("reply_{}", "a".repeat(249))).is_none());
        assert!(check(&format!("reply_{}", "a".repeat(250))).is_some());
        assert!(check("reply_desk").is_some() && check("reply_desk.one").is_some());
    }
}
