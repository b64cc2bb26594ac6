//! What to do about a refusal of the broker.

use super::amqp::AmqpError;

/// The advice that follows the broker's words.
pub(super) fn advice(error: &AmqpError) -> &'static str {
    match error.code {
        Some(406) => {
            "; another peer declared it with other arguments: use the same options on all peers of this exchange \
             (`amqp_durable_queues`, `amqp_auto_delete`, `rabbit_transient_queues_ttl`), or delete it"
        }
        Some(403) => "; give the user configure, write and read permission on it",
        _ => "",
    }
}
