//! The bare peer's messages.

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct Request<'a> {
    pub(super) method: Method,
    #[serde(borrow)]
    pub(super) args: Args<'a>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Method {
    Echo,
    Hit,
    Handled,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Args<'a> {
    #[serde(borrow)]
    pub(super) data: std::borrow::Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Reply<T> {
    pub(super) result: T,
}
