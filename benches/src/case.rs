//! What one measurement measures: a peer, a message, how many at a time, of what size, over what.

use bench_load::What;

use crate::broker::is_in_process;
use crate::cli::RunOptions;
use crate::error::{Error, Result};
use crate::peers::{Contender, Framework};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Case {
    pub(crate) contender: Contender,
    pub(crate) what: What,
    pub(crate) inflight: usize,
    pub(crate) size: usize,
    pub(crate) durable: bool,
    pub(crate) url: String,
}

impl Case {
    /// What `options` ask for: a group for each number in flight and size, whose peers take turns.
    pub(crate) fn groups(options: &RunOptions) -> Result<Vec<Vec<Self>>> {
        if options.inflight.contains(&0) {
            return Err(Error::Usage("--inflight begins at 1".to_owned()));
        }
        let contenders = Contender::from_options(options);
        let case = |contender, inflight, size| Self {
            contender,
            what: options.what,
            inflight,
            size,
            durable: options.durable,
            url: options.url.clone(),
        };
        let mut groups = Vec::new();
        for size in &options.size {
            for inflight in &options.inflight {
                groups.push(contenders.iter().map(|one| case(*one, *inflight, *size)).collect::<Vec<_>>());
            }
        }
        groups.iter().flatten().try_for_each(Self::check)?;
        Ok(groups)
    }

    /// Whether it is played by two processes and a broker.
    pub(crate) fn has_broker(&self) -> bool {
        !self.is_in_process() && self.framework().is_none()
    }

    pub(crate) fn is_in_process(&self) -> bool {
        is_in_process(&self.url)
    }

    pub(crate) fn framework(&self) -> Option<Framework> {
        match self.contender {
            Contender::Framework(framework) => Some(framework),
            _ => None,
        }
    }

    fn check(&self) -> Result<()> {
        let name = self.contender.name();
        if self.framework().is_some() {
            return if self.what == What::Call {
                Ok(())
            } else {
                Err(Error::Usage(format!("{name} is measured with --what call only")))
            };
        }
        if self.url.is_empty() {
            return Err(Error::Usage(format!("{name} needs --url")));
        }
        if self.is_in_process() && !matches!(self.contender, Contender::Ours(_)) {
            return Err(Error::Usage("only `--peer ours` can be measured over memory://".to_owned()));
        }
        Ok(())
    }
}
