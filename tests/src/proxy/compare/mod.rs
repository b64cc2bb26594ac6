//! Is what a process sent the same as what a Python peer sent in the same scenario? Ids, names and numbers of one run are
//! replaced, order is kept within a lane, and each difference is one line of text that a list may allow with a reason.

mod allowed;
mod capture;
mod difference;
mod step;

pub use allowed::Allowed;
pub use capture::{Capture, NotifyCapture, PeerCapture};
pub use difference::{Difference, differences};
pub use step::Step;
