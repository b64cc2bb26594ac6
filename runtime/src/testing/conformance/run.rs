//! The run of all scripts.

use super::history::{Outcome, Report};
use super::scripts::SCRIPTS;
use super::suite::Suite;
use futures_util::stream::{self, StreamExt};

/// Scripts that are played at the same time; each has up to four peers with connections of their own.
const AT_A_TIME: usize = 8;

impl Suite {
    /// Plays every script, several at a time.
    pub async fn run(&self) -> Report {
        let (driver, _) = self.connect().await;
        let capabilities = driver.capabilities();
        driver.close(self.patience()).await;
        let outcomes = SCRIPTS.iter().map(|script| async move {
            let outcome = match (script.applies)(&capabilities) && (self.cuts() || !script.cuts) {
                false => Outcome::NotApplicable,
                true => match (script.play)(self).await {
                    Ok(history) => Outcome::Passed(history),
                    Err(failure) => Outcome::Failed(failure),
                },
            };
            (script.name, outcome)
        });
        Report { outcomes: stream::iter(outcomes).buffered(AT_A_TIME).collect().await }
    }
}
