//! Tests of whole expansions, as pure functions of tokens: no compiler involved, so they hold on any toolchain.

mod cost;
mod errors;
mod snapshots;
mod source;
