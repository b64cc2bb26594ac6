//! The scripts, by subject. Each is a function that plays it, compares what happened with what must happen, and gives
//! the history.

mod again;
mod closing;
mod cutting;
mod expiry;
mod fanout;
mod leaving;
mod looking;
mod notifications;
mod order;
mod reentry;
mod replies;
mod returns;
mod sharing;

pub use again::{dead_letters, publish_again};
pub use closing::close_settles_everything;
pub use cutting::{cut_caller, cut_fanout_listener, cut_publisher, cut_server};
pub use expiry::{expiry_at_the_head, expiry_of_zero};
pub use fanout::{fanout_to_late_joiners, fanout_within_a_process};
pub use leaving::{
    acknowledge_after_cancel, one_of_two_closes, queue_outlives_its_server, unacknowledged_at_close,
    unacknowledged_at_driver_close, unacknowledged_at_drop,
};
pub use looking::inspect;
pub use notifications::{listener_pools, notifications_wait};
pub use order::{content_intact, publish_order, requeue_order, requeue_to_oneself};
pub use reentry::publish_from_a_delivery;
pub use replies::reply_address;
pub use returns::mandatory_return;
pub use sharing::{round_robin, routes_of_a_server, two_exchanges_share_a_queue, unlimited_prefetch};

use super::suite::Script;
use crate::transport::Capabilities;

const ALWAYS: fn(&Capabilities) -> bool = |_| true;

macro_rules! script {
    ($name:ident, $applies:expr, $about:literal) => {
        script!($name, $applies, false, $about)
    };
    ($name:ident, $applies:expr, $cuts:literal, $about:literal) => {
        Script {
            name: stringify!($name),
            about: $about,
            applies: $applies,
            cuts: $cuts,
            play: |suite| Box::pin($name(suite)),
        }
    };
}

/// Every script of the suite.
pub const SCRIPTS: &[Script] = &[
    script!(round_robin, ALWAYS, "consumers with room take turns"),
    script!(unlimited_prefetch, ALWAYS, "consumers without a limit take turns too"),
    script!(two_exchanges_share_a_queue, ALWAYS, "a queue's name holds no exchange"),
    script!(routes_of_a_server, |can| can.rpc && can.mandatory, "topic, server and fanout are told apart"),
    script!(publish_order, ALWAYS, "messages keep the order of their publisher"),
    script!(requeue_order, |can| can.requeue, "a message given back stands where it stood"),
    script!(requeue_to_oneself, |can| can.requeue, "a message given back comes back"),
    script!(content_intact, ALWAYS, "bodies and properties arrive unchanged"),
    script!(expiry_at_the_head, ALWAYS, "expired messages are dropped at the head"),
    script!(expiry_of_zero, ALWAYS, "an expiry of zero still reaches a waiting consumer"),
    script!(
        mandatory_return,
        |can| can.mandatory && can.confirm,
        "exactly the unroutable messages are returned"
    ),
    script!(fanout_to_late_joiners, ALWAYS, "a fanout reaches who listens when it is published"),
    script!(fanout_within_a_process, ALWAYS, "each consumer of a process gets its copy"),
    script!(unacknowledged_at_close, |can| can.requeue, "a closed consumer gives back"),
    script!(unacknowledged_at_drop, |can| can.requeue, "a dropped consumer gives back"),
    script!(unacknowledged_at_driver_close, |can| can.requeue, "a closed driver gives back"),
    script!(queue_outlives_its_server, |can| can.mandatory, "messages wait for the next server"),
    script!(acknowledge_after_cancel, |can| can.requeue, "a cancelled consumer can still acknowledge"),
    script!(one_of_two_closes, |can| can.requeue, "closing one consumer leaves the other alone"),
    script!(reply_address, |can| can.rpc && can.mandatory, "replies reach their address"),
    script!(inspect, ALWAYS, "a queue can be asked about"),
    script!(notifications_wait, ALWAYS, "notifications wait for their first listener"),
    script!(listener_pools, |can| can.pools, "each pool gets a copy"),
    script!(
        publish_again,
        |can| can.pools && can.requeue && can.mandatory,
        "a message published again goes to one queue"
    ),
    script!(dead_letters, |can| can.confirm, "dead letters wait in a queue of their own"),
    script!(publish_from_a_delivery, |can| can.mandatory, "a sink may use its driver"),
    script!(close_settles_everything, |can| can.confirm, "closing leaves nothing open"),
    script!(cut_server, |can| can.requeue, true, "what a lost server held is delivered again"),
    script!(cut_fanout_listener, |can| can.requeue, true, "a lost fanout listener misses nothing"),
    script!(cut_publisher, |can| can.confirm, true, "a publisher outlives its connection"),
    script!(cut_caller, |can| can.rpc, true, "replies find a caller that was lost"),
];
