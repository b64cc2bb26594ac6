//! The driver `log`: notifications become log lines, with passwords hidden.

mod mask;
mod words;

use crate::notify::{DriverFailure, NotifyDriver, PreparedNotification, Priority};
use crate::transport::BoxFuture;
use mask::{write_masked, write_masked_text};
use words::mask_text;

/// `tracing` target of the lines.
const TARGET: &str = "oslo.messaging.notification";

/// Writes each notification as a line of JSON through `tracing`: target `oslo.messaging.notification`, the event type in
/// the field `event_type`, the level by the priority (`critical` is `ERROR`; `audit` and `sample` are `INFO`). What looks
/// like a password or a token is `***`. Does no work for a level that nobody listens to.
///
/// Corresponds to oslo.messaging's driver `log`. There the event type is a part of the logger's name, which `tracing` does
/// not allow, and `audit` and `sample`, for which Python's loggers have no method, are not written at all. Texts are
/// written as they are, where Python escapes what is not ASCII.
#[derive(Debug, Clone, Copy, Default)]
pub struct LogDriver;

impl NotifyDriver for LogDriver {
    fn name(&self) -> &str {
        "log"
    }

    /// Done when it returns.
    fn send<'a>(
        &'a self,
        notification: &'a PreparedNotification,
    ) -> BoxFuture<'a, Result<(), DriverFailure>> {
        log(notification);
        Box::pin(std::future::ready(Ok(())))
    }
}

fn log(notification: &PreparedNotification) {
    // A level is a part of a line's static description, so each has its own.
    macro_rules! at {
        ($level:ident) => {
            if tracing::enabled!(target: TARGET, tracing::Level::$level) {
                let event_type = mask_text(&notification.event_type);
                let event_type = event_type.as_ref();
                tracing::event!(target: TARGET, tracing::Level::$level, event_type, "{}", line(notification));
            }
        };
    }
    match notification.priority {
        Priority::Debug => at!(DEBUG),
        Priority::Info | Priority::Audit | Priority::Sample => at!(INFO),
        Priority::Warn => at!(WARN),
        Priority::Error | Priority::Critical => at!(ERROR),
    }
}

/// The message without what only brokers need, in Python's order.
fn line(notification: &PreparedNotification) -> String {
    let mut line = String::with_capacity(notification.payload.as_str().len() + 256);
    line.push_str("{\"message_id\": ");
    write_masked_text(&notification.message_id, &mut line);
    line.push_str(", \"publisher_id\": ");
    match &notification.publisher_id {
        Some(publisher_id) => write_masked_text(publisher_id, &mut line),
        None => line.push_str("null"),
    }
    line.push_str(", \"event_type\": ");
    write_masked_text(&notification.event_type, &mut line);
    line.push_str(", \"priority\": ");
    write_masked_text(notification.priority.wire(), &mut line);
    line.push_str(", \"payload\": ");
    write_masked(&notification.payload, &mut line);
    line.push_str(", \"timestamp\": ");
    write_masked_text(&notification.timestamp, &mut line);
    line.push('}');
    line
}
