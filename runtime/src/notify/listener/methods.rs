//! Every method that a listener can call, and which of them want a notification.

use super::error::ListenerBuildError;
use super::filter::Filter;
use crate::notify::pattern::Glob;
use crate::notify::{ListenerEndpoint, OnDescriptor, Priority};
use crate::wire::IncomingNotification;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The methods of all endpoints, in order of registration, then of declaration.
#[derive(Debug)]
pub(super) struct Methods(Vec<Method>);

/// One method.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) endpoint: Arc<dyn ListenerEndpoint>,
    /// Its index in the endpoint.
    pub(super) index: usize,
    /// `<endpoint>.<method>`.
    pub(super) name: String,
    pub(super) batch: bool,
    priorities: Vec<Priority>,
    event_type: Option<Glob>,
    filter: Option<Filter>,
    /// Whether it was logged that a payload did not fit it.
    unfit_logged: AtomicBool,
}

impl Method {
    fn new(
        endpoint: &Arc<dyn ListenerEndpoint>,
        index: usize,
        on: &OnDescriptor,
    ) -> Result<Self, ListenerBuildError> {
        let name = format!("{}.{}", endpoint.name(), on.name);
        Ok(Self {
            endpoint: Arc::clone(endpoint),
            index,
            batch: on.batch,
            priorities: on.priorities.to_vec(),
            event_type: on.event_type.as_deref().map(Glob::new),
            filter: Filter::new(&on.filter, &name)?,
            unfit_logged: AtomicBool::new(false),
            name,
        })
    }

    fn wants(&self, incoming: &IncomingNotification) -> bool {
        let by_type = self
            .event_type
            .as_ref()
            .is_none_or(|glob| incoming.event_type.as_deref().is_some_and(|text| glob.matches(text)));
        by_type && self.filter.as_ref().is_none_or(|filter| filter.passes(incoming))
    }

    /// Whether this is the first time that a payload did not fit.
    pub(super) fn first_unfit(&self) -> bool {
        !self.unfit_logged.swap(true, Ordering::Relaxed)
    }
}

impl Methods {
    pub(super) fn new(endpoints: &[Arc<dyn ListenerEndpoint>]) -> Result<Self, ListenerBuildError> {
        let mut methods = Vec::new();
        for endpoint in endpoints {
            for (index, on) in endpoint.methods().iter().enumerate() {
                methods.push(Method::new(endpoint, index, on)?);
            }
        }
        Ok(Self(methods))
    }

    /// The priorities that some method takes, in alphabetical order.
    pub(super) fn priorities(&self) -> impl Iterator<Item = Priority> {
        Priority::ALL.into_iter().filter(|priority| self.takes(*priority))
    }

    pub(super) fn takes(&self, priority: Priority) -> bool {
        self.0.iter().any(|method| method.priorities.contains(&priority))
    }

    /// The methods that want a notification of `priority`, as positions in order.
    pub(super) fn wanting(&self, priority: Priority, incoming: &IncomingNotification) -> Vec<usize> {
        let wants = |method: &Method| method.priorities.contains(&priority) && method.wants(incoming);
        self.0.iter().enumerate().filter(|(_, method)| wants(method)).map(|(at, _)| at).collect()
    }

    pub(super) fn get(&self, position: usize) -> Option<&Method> {
        self.0.get(position)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Method> {
        self.0.iter()
    }
}
