//! Whether a request's `_reply_q` may be written to.
//!
//! The name is a routing key on the default exchange, chosen by whoever sent the request: unchecked, it would make this
//! process post into any queue of the virtual host.

use crate::rpc::outgoing::LONGEST_NAME;

/// What is wrong with a reply address; `served` are the queues of this server.
pub(crate) fn problem(address: &str, served: &[String]) -> Option<&'static str> {
    if address.is_empty() {
        Some("is missing")
    } else if !address.starts_with("reply_") {
        Some("does not start with `reply_`")
    } else if address.len() > LONGEST_NAME {
        Some("is longer than 255 bytes")
    } else if address.chars().any(char::is_control) {
        Some("contains a control character")
    } else if served.iter().any(|queue| queue == address) {
        Some("is a queue that this server serves")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reply_queues_pass() {
        let served = ["reply_desk".to_owned(), "reply_desk.one".to_owned()];
        let check = |address: &str| problem(address, &served);
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
