//! Stories that hold on any broker: each takes a transport and is told on memory and on RabbitMQ alike.

mod routability;

pub use routability::every_eighth_call_has_no_queue;
