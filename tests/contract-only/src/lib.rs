//! A crate that holds contracts and nothing else: no tokio, no lapin, no TLS in its graph.
