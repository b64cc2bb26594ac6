//! A request on its way into a handler: arguments are taken by name, one by one, in Python's words when they do not fit.

use super::flat;
use super::refusal::{Refusal, UNFIT};
use crate::context::{Context, RpcContext};
use crate::json::{Missing, RawJson};
use serde::Deserialize;
use std::fmt;

/// A request on its way into a handler: arguments by name, and the context.
///
/// Generated endpoints take every argument of their method, then [`finish`](Self::finish).
#[non_exhaustive]
pub struct Request {
    /// The arguments that were not taken yet, in wire order.
    pub(crate) args: Vec<(String, RawJson)>,
    /// The context; knows method, deadline and message id of this delivery.
    pub(crate) context: Context,
    /// Whether arguments that nobody takes are fine.
    pub(crate) ignore_unknown_args: bool,
    /// Name of the endpoint's contract, for refusals: Python names the class there.
    pub(crate) endpoint: &'static str,
}

/// Names the arguments only: their values may be secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.args.iter().map(|(name, _)| name).collect();
        f.debug_struct("Request")
            .field("args", &names)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// The context as received.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The context as a user's own type.
    ///
    /// # Errors
    /// Python's `TypeError` when it cannot be read.
    pub fn take_context<C: RpcContext>(&mut self) -> Result<C, Refusal> {
        C::from_context(&self.context).map_err(|cause| self.unfit("context", &cause))
    }

    /// Takes the argument `name`. A missing one is `None` for an `Option` (behind aliases and newtypes too).
    ///
    /// # Errors
    /// Python's `TypeError` when it is missing or does not fit.
    pub fn take<T: for<'de> Deserialize<'de>>(&mut self, name: &str) -> Result<T, Refusal> {
        match self.remove(name) {
            Some(value) => value.decode().map_err(|e| self.unfit(name, &e)),
            None => T::deserialize(Missing).map_err(|_| self.missing(name)),
        }
    }

    /// Takes the argument `name`, or `default` when it is missing.
    ///
    /// # Errors
    /// Python's `TypeError` when it does not fit.
    pub fn take_or<T>(&mut self, name: &str, default: impl FnOnce() -> T) -> Result<T, Refusal>
    where
        T: for<'de> Deserialize<'de>,
    {
        match self.remove(name) {
            Some(value) => value.decode().map_err(|e| self.unfit(name, &e)),
            None => Ok(default()),
        }
    }

    /// Takes those arguments that are fields of the struct `T`. A map, or a struct with a flattened field of its own,
    /// takes all that are left.
    ///
    /// # Errors
    /// Python's `TypeError` when one does not fit or is missing.
    pub fn take_flat<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T, Refusal> {
        flat::take(&mut self.args).map_err(|e| {
            let text = format!("{}() arguments{UNFIT}: {e}", self.function());
            Refusal::invalid_arguments(text)
        })
    }

    /// Says that every argument was taken.
    ///
    /// # Errors
    /// Python's `TypeError` for the first one that was not, unless the contract ignores unknown arguments.
    pub fn finish(&mut self) -> Result<(), Refusal> {
        match self.args.first() {
            Some((name, _)) if !self.ignore_unknown_args => {
                let text = format!("{}() got an unexpected keyword argument '{name}'", self.function());
                Err(Refusal::invalid_arguments(text))
            }
            _ => Ok(()),
        }
    }

    /// Takes every argument that is left, in wire order.
    pub fn take_all(&mut self) -> Vec<(String, RawJson)> {
        std::mem::take(&mut self.args)
    }

    fn remove(&mut self, name: &str) -> Option<RawJson> {
        let index = self.args.iter().position(|(key, _)| key == name)?;
        Some(self.args.remove(index).1)
    }

    fn missing(&self, name: &str) -> Refusal {
        let text = format!("{}() missing 1 required positional argument: '{name}'", self.function());
        Refusal::invalid_arguments(text)
    }

    fn unfit(&self, name: &str, cause: &dyn fmt::Display) -> Refusal {
        Refusal::invalid_arguments(format!("{}() argument '{name}'{UNFIT}: {cause}", self.function()))
    }

    /// As Python's `__qualname__` of an endpoint's method.
    fn function(&self) -> String {
        format!("{}.{}", self.endpoint, self.context.method())
    }
}
