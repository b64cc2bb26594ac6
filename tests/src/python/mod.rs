//! Real oslo.messaging processes, driven by lines of JSON.

mod client;
mod process;
mod server;

pub use client::{Done, PythonClient, PythonRequest, Raised};
pub use server::{PythonServer, PythonServerBuilder};
