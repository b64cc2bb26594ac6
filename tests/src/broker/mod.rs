//! RabbitMQ as a fixture: the run's shared node with a virtual host for each test, or a node of a test's own that it
//! may stop, kill and start again.

mod http;
mod node;
mod virtual_host;

pub use node::Broker;
pub use virtual_host::{User, VirtualHost};
