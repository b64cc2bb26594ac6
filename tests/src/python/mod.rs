//! Real oslo.messaging processes, driven by lines of JSON.

mod client;
mod listener;
mod notifier;
mod process;
mod server;

pub use client::{Done, PythonClient, PythonRequest, Raised};
pub use listener::{PythonListener, PythonListenerBuilder};
pub use notifier::PythonNotifier;
pub use server::{PythonServer, PythonServerBuilder};
