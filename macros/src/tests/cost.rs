//! What a method more costs, counted and not timed: the tokens that rustc has to read.

use super::source::expand_all;
use proc_macro2::{TokenStream, TokenTree};
use std::fmt::Write as _;

/// A method of two arguments expands to no more tokens than this, its own and the documentation included. Whoever
/// raises it measures `macros/cost.py` and writes the result into `docs/results/macro-cost.md`.
const TOKENS_A_METHOD: usize = 440;

fn contract(methods: usize) -> String {
    let mut source = "#[endpoint(version = \"1.0\")]\npub trait Cost {".to_owned();
    for i in 0..methods {
        let method =
            format!("async fn method_{i}(&self, ctx: &Context, id: Uuid, name: &str) -> Result<Vec<u8>, E>;");
        writeln!(source, "/// Documented.\n{method}").unwrap();
    }
    source + "}"
}

fn tokens(stream: TokenStream) -> usize {
    let count = |token| match token {
        TokenTree::Group(group) => 2 + tokens(group.stream()),
        _ => 1,
    };
    stream.into_iter().map(count).sum()
}

fn expanded(methods: usize) -> usize {
    expand_all(&contract(methods)).into_iter().map(|expansion| tokens(expansion.output)).sum()
}

#[test]
fn a_method_more_stays_within_its_budget() {
    let (fifty, hundred) = (expanded(50), expanded(100));
    let each = (hundred - fifty) / 50;
    assert!(each <= TOKENS_A_METHOD, "{each} tokens a method");
    assert!(
        each * 10 > TOKENS_A_METHOD * 9,
        "the budget of {TOKENS_A_METHOD} is far above {each} tokens: lower it"
    );
}
