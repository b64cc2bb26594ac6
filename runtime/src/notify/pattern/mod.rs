//! Patterns that select notifications: globs as shells and Python's `fnmatch` know them, and Python's regular expressions.
//!
//! Knows texts only, nothing of events.

mod class;
mod glob;
mod python;
mod tokens;

pub(crate) use glob::Glob;
pub(crate) use python::Pattern;
