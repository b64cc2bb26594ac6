//! Calls one method and says what its answer means for the notifications that it was called with.

use super::config::UnfitPolicy;
use super::guard::{Guarded, catch};
use super::methods::Method;
use super::run::Run;
use super::settle::Why;
use crate::notify::{BatchStarted, Event, Outcome, Unfit};

/// What a method's answer means for a notification.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// This method is done with it.
    Done,
    /// It is to come again; no further method is called.
    Again(Why),
    /// This method cannot have it, the dead letters shall; the other methods are called.
    Dead(Why),
}

/// Calls a method with one notification.
pub(super) async fn one(run: &Run, method: &Method, event: Event) -> Answer {
    match catch(|| method.endpoint.handle(method.index, event)) {
        Ok(Ok(work)) => answer(method, Guarded::new(work).await),
        Ok(Err(unfit)) => refused(run, method, &unfit),
        Err(panic) => answer(method, Outcome::Failed(panic)),
    }
}

/// Calls a method with several; the answer of those that fit, and of each position that does not.
pub(super) async fn several(
    run: &Run,
    method: &Method,
    events: Vec<Event>,
) -> (Answer, Vec<(usize, Answer)>) {
    let BatchStarted { work, unfit } = match catch(|| method.endpoint.handle_batch(method.index, events)) {
        Ok(started) => started,
        Err(panic) => return (answer(method, Outcome::Failed(panic)), Vec::new()),
    };
    let unfit = unfit.iter().map(|(at, unfit)| (*at, refused(run, method, unfit))).collect();
    match work {
        Some(work) => (answer(method, Guarded::new(work).await), unfit),
        None => (Answer::Done, unfit),
    }
}

fn answer(method: &Method, outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Handled => Answer::Done,
        Outcome::Requeue => Answer::Again(Why::Asked),
        Outcome::Failed(cause) => Answer::Again(Why::Failed(format!("{}: {cause}", method.name))),
    }
}

fn refused(run: &Run, method: &Method, unfit: &Unfit) -> Answer {
    let (config, name) = (&run.config, &method.name);
    run.counters.unfit.add();
    if method.first_unfit() {
        let policy = config.unfit;
        // Not the cause: it may quote the value that does not fit.
        tracing::warn!(
            listener = config.label,
            method = name,
            ?policy,
            "a notification does not fit its handler; further ones are only counted"
        );
    }
    let why = Why::Unfit { method: name.clone(), cause: unfit.to_string() };
    match config.unfit {
        UnfitPolicy::Drop => Answer::Done,
        UnfitPolicy::Requeue if config.allow_requeue => Answer::Again(why),
        UnfitPolicy::Requeue | UnfitPolicy::DeadLetter => Answer::Dead(why),
    }
}
