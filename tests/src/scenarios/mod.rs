//! Stories that hold on any broker: each takes a transport and is told on memory and on RabbitMQ alike; the one of
//! notifications restarts a RabbitMQ node of its own.

mod nothing_lost;
mod routability;
mod stopping;

pub use nothing_lost::{Course, Outcome, nothing_lost};
pub use routability::every_eighth_call_has_no_queue;
pub use stopping::each_cast_runs_once_while_its_server_comes_and_goes;
