//! What everything that takes deliveries shares: slots and the line in front of them, the phases from start to stop, ids
//! seen before, signals, limits on log lines.
//!
//! Knows neither requests nor notifications, and no broker.

mod intake;
mod life;
mod recent;
mod signals;
mod starts;
mod supervised;
mod time;

pub(crate) use crate::log_limit::LogLimit;
pub(crate) use intake::Intake;
pub(crate) use life::Life;
pub(crate) use recent::{Keys, Recent};
pub(crate) use starts::Starts;
pub(crate) use supervised::{Left, Run as SupervisedRun, supervised};
pub(crate) use time::after;
