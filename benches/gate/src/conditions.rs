//! What decides instruction counts beside our own code.

use std::fmt;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Counts compare closely only where all of these are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Conditions {
    /// Decides what our code becomes.
    pub(crate) rustc: String,
    /// Decides which instructions the C library sees and how they are counted.
    pub(crate) valgrind: String,
    /// Brings `malloc` and `memcpy`.
    pub(crate) libc: String,
    /// The C library and `memchr` choose their code by it.
    pub(crate) cpu: String,
}

impl Conditions {
    /// Those of this machine.
    pub(crate) fn here() -> Result<Self> {
        Ok(Self {
            rustc: first_line("rustc", "--version")?,
            valgrind: first_line("valgrind", "--version")?,
            libc: first_line("ldd", "--version")?,
            cpu: cpu().to_owned(),
        })
    }

    /// What is different here, in words; empty when nothing is.
    pub(crate) fn differences(&self, here: &Self) -> Vec<Difference> {
        let pairs = [
            (&self.rustc, &here.rustc),
            (&self.valgrind, &here.valgrind),
            (&self.libc, &here.libc),
            (&self.cpu, &here.cpu),
        ];
        let different = pairs.into_iter().filter(|(then, now)| then != now);
        different.map(|(then, now)| Difference { then: then.clone(), now: now.clone() }).collect()
    }
}

/// One condition that is not the baseline's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    then: String,
    now: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} here, {} in the baseline", self.now, self.then)
    }
}

fn first_line(program: &'static str, argument: &str) -> Result<String> {
    let output =
        Command::new(program).arg(argument).output().map_err(|source| Error::Start { program, source })?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Error::Failed { program, status: output.status, stderr });
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

#[cfg(target_arch = "x86_64")]
fn cpu() -> &'static str {
    // Valgrind 3.19 shows programs no more than AVX2.
    if std::arch::is_x86_feature_detected!("avx2") { "x86_64 with AVX2" } else { "x86_64 without AVX2" }
}

#[cfg(not(target_arch = "x86_64"))]
fn cpu() -> &'static str {
    std::env::consts::ARCH
}

#[cfg(test)]
mod tests {
    use super::Conditions;

    #[test]
    fn a_difference_names_both_sides() {
        let then = Conditions {
            rustc: "rustc 1.95.0".to_owned(),
            valgrind: "valgrind-3.19.0".to_owned(),
            libc: "glibc 2.36".to_owned(),
            cpu: "x86_64".to_owned(),
        };
        let here = Conditions { rustc: "rustc 1.96.0".to_owned(), ..then.clone() };
        assert!(then.differences(&then).is_empty());
        let shown: Vec<String> = then.differences(&here).iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["rustc 1.96.0 here, rustc 1.95.0 in the baseline"]);
    }
}
