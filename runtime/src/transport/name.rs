//! What a broker can hold as a name.

use crate::error::NotSentReason;

/// The longest name that brokers hold, in bytes (AMQP's short string).
pub(crate) const LONGEST_NAME: usize = 255;

/// Whether a broker can hold `name` as the name of a queue or exchange or as a routing key.
pub(crate) fn check_name(what: &str, name: &str) -> Result<(), NotSentReason> {
    let invalid = |problem: &str| Err(NotSentReason::InvalidTarget(format!("{what} {problem}")));
    if name.is_empty() {
        invalid("is empty")
    } else if name.len() > LONGEST_NAME {
        invalid(&format!("is {} bytes long, the broker holds {LONGEST_NAME}", name.len()))
    } else if name.bytes().any(|byte| byte.is_ascii_control()) {
        invalid("contains a control character")
    } else {
        Ok(())
    }
}
