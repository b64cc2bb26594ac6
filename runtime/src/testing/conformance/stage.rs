//! The stage of one script: its names, its history, its peers, and waiting for events with a limit.

use super::history::{Failure, History};
use super::suite::{Cut, Suite};
use crate::transport::{AckMode, Driver, Route};
use std::fmt::Display;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where one script plays.
pub(super) struct Stage<'a> {
    suite: &'a Suite,
    script: &'static str,
    prefix: String,
    limit: Duration,
    history: Mutex<History>,
    drivers: Mutex<Vec<Arc<dyn Driver>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Suite {
    pub(super) fn stage(&self, script: &'static str) -> Stage<'_> {
        Stage {
            suite: self,
            script,
            prefix: format!("{}-{script}", self.names()),
            limit: self.patience(),
            history: Mutex::default(),
            drivers: Mutex::default(),
        }
    }
}

impl Stage<'_> {
    /// How subscriptions are made here.
    pub(super) fn ack_mode(&self) -> AckMode {
        self.suite.subscribes()
    }

    /// Ends the script: closes its drivers and compares what happened with what must happen.
    pub(super) async fn judge(
        &self,
        expected: &[&str],
        played: Result<(), Failure>,
    ) -> Result<History, Failure> {
        let drivers = std::mem::take(&mut *lock(&self.drivers));
        for driver in drivers {
            self.wait("a driver to close", driver.close(self.limit)).await?;
        }
        played?;
        let history = lock(&self.history).clone();
        match history.difference(expected) {
            None => Ok(history),
            Some(cause) => Err(self.failure(cause)),
        }
    }

    /// Another driver of the suite's, closed when the script ends.
    pub(super) async fn driver(&self) -> Result<(Arc<dyn Driver>, Option<Cut>), Failure> {
        let (driver, cut) = self.wait("a driver", self.suite.connect()).await?;
        lock(&self.drivers).push(driver.clone());
        Ok((driver, cut))
    }

    /// Writes a line of history.
    pub(super) fn note(&self, line: impl Display) {
        lock(&self.history).0.push(line.to_string());
    }

    pub(super) fn failure(&self, cause: impl Display) -> Failure {
        Failure { script: self.script, cause: cause.to_string(), history: lock(&self.history).clone() }
    }

    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// What `event` gives, or a failure that says what was waited for.
    pub(super) async fn wait<T>(&self, what: &str, event: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::time::timeout(self.limit, event)
            .await
            .map_err(|_| self.failure(format!("waited {:?} in vain for {what}", self.limit)))
    }

    /// A name that no other script and no other run uses.
    pub(super) fn name(&self, name: &str) -> Arc<str> {
        format!("{}-{name}", self.prefix).into()
    }

    /// A topic on the script's exchange.
    pub(super) fn topic(&self, topic: &str) -> Route {
        self.topic_on("exchange", topic)
    }

    pub(super) fn topic_on(&self, exchange: &str, topic: &str) -> Route {
        Route::Topic { exchange: self.name(exchange), topic: self.name(topic) }
    }

    pub(super) fn server(&self, topic: &str, server: &str) -> Route {
        Route::Server { exchange: self.name("exchange"), topic: self.name(topic), server: server.into() }
    }

    pub(super) fn fanout(&self, topic: &str) -> Route {
        Route::Fanout { topic: self.name(topic) }
    }

    pub(super) fn notification(&self, priority: &str, pool: Option<&str>) -> Route {
        Route::Notification {
            exchange: self.name("exchange"),
            topic: self.name("notifications"),
            priority: priority.into(),
            pool: pool.map(|pool| self.name(pool)),
        }
    }
}
