//! A stand-in for a transport that answers with what it was told to and keeps what it was sent.

mod expectation;

pub use expectation::Expectation;

use crate::context::Context;
use crate::contract::{Answer, BoxFuture, Caller, Invocation, Invoke, SendOptions};
use crate::error::{CallFault, CastError, NotSent, NotSentReason};
use crate::json::RawJson;
use crate::target::Target;
use expectation::Expected;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Answers a client's requests with canned replies and keeps them. For tests of code that owns a client and no server.
///
/// A clone shares what was expected and recorded. A request that nobody expects is not sent.
///
/// ```
/// use oslo_messaging::testing::{Recorder, block_on};
/// use oslo_messaging::{Context, cast, endpoint, target::Target};
/// use std::convert::Infallible;
///
/// #[endpoint(version = "1.0")]
/// trait Compute {
///     async fn name(&self, id: u32) -> Result<String, Infallible>;
///     #[cast]
///     async fn reboot(&self, ctx: &Context, id: u32, #[arg(default)] hard: bool);
/// }
///
/// let recorder = Recorder::new();
/// recorder.expect("compute", "name").with_arg("id", &7).reply("web");
/// recorder.expect("compute", "reboot").with_arg("hard", &true);
///
/// let compute = ComputeClient::new(&recorder, Target::topic("compute"));
/// assert_eq!(block_on(compute.name(7)).unwrap(), "web");
/// block_on(compute.reboot(&Context::new(), 7, true)).unwrap();
///
/// recorder.verify().unwrap();
/// assert_eq!(recorder.requests()[1].args["id"], 7);
/// ```
#[derive(Clone, Default)]
pub struct Recorder {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    expected: Vec<Expected>,
    requests: Vec<Recorded>,
    unexpected: Vec<String>,
}

/// A request that a [`Recorder`] was sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Recorded {
    /// Wire name of the method.
    pub method: String,
    /// The arguments by their wire names.
    pub args: Map<String, Value>,
    /// Where it would have gone, as resolved.
    pub target: Target,
    /// The context that would have been sent.
    pub context: Context,
    /// How it would have been sent.
    pub options: SendOptions,
    /// Whether it was a cast.
    pub cast: bool,
}

/// What a [`Recorder`] was told to expect and what it was sent differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// Expectations that were not met, or not as often as expected.
    pub missing: Vec<String>,
    /// Requests that nobody expected.
    pub unexpected: Vec<String>,
}

impl Recorder {
    /// A recorder that expects nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Expects one request for `method` (its wire name) on `topic`, to be answered with `null` until the returned value is
    /// told otherwise. Of several expectations that match, the first that is not used up answers.
    pub fn expect(&self, topic: &str, method: &str) -> Expectation {
        let mut state = self.lock();
        state.expected.push(Expected::new(topic, method));
        Expectation::new(self.clone(), state.expected.len() - 1)
    }

    /// What was sent so far, in order.
    pub fn requests(&self) -> Vec<Recorded> {
        self.lock().requests.clone()
    }

    /// Whether exactly what was expected was sent.
    ///
    /// # Errors
    /// With what is missing and what was unexpected.
    pub fn verify(&self) -> Result<(), Unmet> {
        let state = self.lock();
        let missing: Vec<_> =
            state.expected.iter().filter(|e| e.remaining() > 0).map(ToString::to_string).collect();
        if missing.is_empty() && state.unexpected.is_empty() {
            return Ok(());
        }
        Err(Unmet { missing, unexpected: state.unexpected.clone() })
    }

    /// A caller that this recorder answers.
    pub fn caller(&self) -> Caller {
        Caller::new(Arc::new(self.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere must not hide its reason behind a poisoned lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, invocation: &Invocation, cast: bool) -> Result<Answer, CallFault> {
        let args = RawJson::from_checked(invocation.args.as_str());
        let recorded = Recorded {
            method: invocation.method.to_string(),
            args: args.decode().unwrap_or_default(),
            target: invocation.target.clone(),
            context: invocation.context.clone(),
            options: invocation.options.clone(),
            cast,
        };
        let mut state = self.lock();
        let answer =
            state.expected.iter_mut().find(|expected| expected.matches(&recorded)).map(Expected::answer);
        let answer = answer.unwrap_or_else(|| {
            let described = format!("`{}` {} at {}", recorded.method, args, recorded.target);
            let reason = NotSentReason::InvalidTarget(format!("the recorder does not expect {described}"));
            state.unexpected.push(described);
            Err(CallFault::NotSent(Box::new(NotSent { request: invocation.info(), reason })))
        });
        state.requests.push(recorded);
        answer
    }
}

impl Invoke for Recorder {
    fn call(&self, invocation: Invocation) -> BoxFuture<Result<Answer, CallFault>> {
        Box::pin(std::future::ready(self.answer(&invocation, false)))
    }

    fn cast(&self, invocation: Invocation) -> BoxFuture<Result<(), CastError>> {
        Box::pin(std::future::ready(match self.answer(&invocation, true) {
            Err(CallFault::NotSent(e)) => Err(CastError::NotSent(e)),
            Err(CallFault::Unconfirmed(e)) => Err(CastError::Unconfirmed(e)),
            Err(CallFault::Unroutable(e)) => Err(CastError::Unroutable(e)),
            // What a server answers, a cast never hears.
            _ => Ok(()),
        }))
    }
}

impl From<&Recorder> for Caller {
    fn from(recorder: &Recorder) -> Self {
        recorder.caller()
    }
}

/// Says how much there is; arguments may be secrets, [`Recorder::requests`] gives them.
impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Recorder")
            .field("expected", &state.expected.len())
            .field("requests", &state.requests.len())
            .finish()
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for missing in &self.missing {
            writeln!(f, "missing: {missing}")?;
        }
        for unexpected in &self.unexpected {
            writeln!(f, "unexpected: {unexpected}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Unmet {}
