//! Prints scenes for a person, or as lines of JSON.

use crate::shop::Heard;
use oslo_messaging::CallError;
use serde_json::json;
use std::fmt::Display;

/// What happened, and where.
pub(crate) struct Scene {
    name: &'static str,
    outcome: String,
    server: Option<String>,
    message_id: Option<String>,
}

impl Scene {
    /// A scene called `name` that ended with `outcome`.
    pub(crate) fn new(name: &'static str, outcome: String) -> Self {
        Self { name, outcome, server: None, message_id: None }
    }

    /// The same, about a message.
    pub(crate) fn message(mut self, id: String) -> Self {
        self.message_id = Some(id);
        self
    }

    /// The same, as the one who did it tells.
    pub(crate) fn heard(mut self, heard: Heard) -> Self {
        self.server = Some(heard.by.to_owned());
        self.message_id = heard.message_id;
        self
    }

    /// The same, done by a server.
    pub(crate) fn server(mut self, server: impl Into<String>) -> Self {
        self.server = Some(server.into());
        self
    }
}

/// Prints scenes.
pub(crate) struct Report {
    json: bool,
}

impl Report {
    /// A report on a run over `url`.
    pub(crate) fn new(json: bool, url: &str) -> Self {
        if !json && url.starts_with("memory:") {
            println!("on the embedded broker; --url rabbit://... runs the same over RabbitMQ");
        }
        Self { json }
    }

    /// What the next scenes show.
    pub(crate) fn title(&self, text: &str) {
        if !self.json {
            println!("\n{text}");
        }
    }

    /// Prints a scene.
    pub(crate) fn scene(&self, scene: Scene) {
        let Scene { name, outcome, server, message_id } = scene;
        if self.json {
            println!(
                "{}",
                json!({"scene": name, "server": server, "outcome": outcome, "message_id": message_id})
            );
        } else {
            println!("  {:<7}{outcome}", server.unwrap_or_default());
        }
    }

    /// Prints a call that has no answer.
    pub(crate) fn failed<E: Display + std::fmt::Debug>(&self, name: &'static str, error: &CallError<E>) {
        let message_id = error.request().and_then(|request| request.message_id);
        let outcome = format!("{error} (ran: {})", error.ran());
        self.scene(Scene { name, outcome, server: None, message_id: message_id.map(|id| id.to_string()) });
    }
}
