//! What a recorder is told to expect, and with what it answers.

use super::{Recorded, Recorder};
use crate::contract::Answer;
use crate::error::{CallFault, Failing, RpcError};
use crate::json::RawJson;
use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// Says more about a request that a [`Recorder`] expects. Expected from the moment it is made.
#[derive(Debug)]
pub struct Expectation {
    recorder: Recorder,
    index: usize,
}

pub(super) struct Expected {
    topic: String,
    method: String,
    server: Option<String>,
    args: Vec<(String, Value)>,
    answer: Result<Answer, CallFault>,
    remaining: usize,
}

impl Expectation {
    pub(super) fn new(recorder: Recorder, index: usize) -> Self {
        Self { recorder, index }
    }

    /// Only with this value of an argument. Other arguments may be anything.
    pub fn with_arg<T: Serialize + ?Sized>(self, name: &str, value: &T) -> Self {
        // A value that does not encode equals none that was sent.
        let value =
            serde_json::to_value(value).unwrap_or_else(|e| Value::String(format!("does not encode: {e}")));
        self.change(|expected| expected.args.push((name.to_owned(), value)))
    }

    /// Only at this server of the topic.
    pub fn at_server(self, server: &str) -> Self {
        self.change(|expected| expected.server = Some(server.to_owned()))
    }

    /// Answers with this result.
    pub fn reply<T: Serialize + ?Sized>(self, result: &T) -> Self {
        let answer = RawJson::encode(result).unwrap_or_default();
        self.change(|expected| expected.answer = Ok(Answer::Result(answer)))
    }

    /// Answers with this error, as a server would.
    pub fn fail<E: RpcError>(self, error: &E) -> Self {
        let (Failing::Declared(failure) | Failing::Internal { failure, .. }) = error.to_failure();
        self.change(|expected| expected.answer = Ok(Answer::Failure(failure)))
    }

    /// Ends the request like this: a timeout, no queue, ...
    pub fn fault(self, fault: impl Into<CallFault>) -> Self {
        self.change(|expected| expected.answer = Err(fault.into()))
    }

    /// Expects this many such requests instead of one.
    pub fn times(self, times: usize) -> Self {
        self.change(|expected| expected.remaining = times)
    }

    fn change(self, f: impl FnOnce(&mut Expected)) -> Self {
        self.recorder.lock().expected.get_mut(self.index).map(f);
        self
    }
}

impl Expected {
    pub(super) fn new(topic: &str, method: &str) -> Self {
        Self {
            topic: topic.to_owned(),
            method: method.to_owned(),
            server: None,
            args: Vec::new(),
            answer: Ok(Answer::Result(RawJson::default())),
            remaining: 1,
        }
    }

    pub(super) fn remaining(&self) -> usize {
        self.remaining
    }

    pub(super) fn matches(&self, request: &Recorded) -> bool {
        self.remaining > 0
            && self.method == request.method
            && request.target.topic.as_deref() == Some(self.topic.as_str())
            && self.server.as_deref().is_none_or(|server| request.target.server.as_deref() == Some(server))
            && self.args.iter().all(|(name, value)| request.args.get(name) == Some(value))
    }

    pub(super) fn answer(&mut self) -> Result<Answer, CallFault> {
        self.remaining = self.remaining.saturating_sub(1);
        self.answer.clone()
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` on topic `{}`", self.method, self.topic)?;
        for (name, value) in &self.args {
            write!(f, ", {name} = {value}")?;
        }
        if self.remaining > 1 { write!(f, ", {} times", self.remaining) } else { Ok(()) }
    }
}
