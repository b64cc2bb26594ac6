//! What a method more costs, counted and not timed: the tokens that rustc has to read.

use super::source::expand_all;
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

/// A method of two arguments expands to no more tokens than this, its own and the documentation included. Whoever
/// raises it measures `macros/cost.py` and writes the result into `docs/results/macro-cost.md`.
const TOKENS_A_METHOD: usize = 440;

/// The same of a listener's method with its context, a filter and a payload type.
const TOKENS_A_HANDLER: usize = 300;

fn listener(methods: usize) -> String {
    let mut source = "#[listener]\npub trait Cost {".to_owned();
    for i in 0..methods {
        let on = "#[on(info, event_type = \"compute.*\")] #[filter(payload(state = \"active\"))]";
        let method =
            format!("async fn method_{i}(&self, ctx: &Context, event: Event<Payload>) -> Result<(), E>;");
        writeln!(source, "/// Documented.\n{on}\n{method}").unwrap();
    }
    source + "}"
}

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

fn expanded(source: &str) -> usize {
    expand_all(source).into_iter().map(|expansion| tokens(expansion.output)).sum()
}

fn assert_within(budget: usize, source: fn(usize) -> String) {
    let each = (expanded(&source(100)) - expanded(&source(50))) / 50;
    assert!(each <= budget, "{each} tokens a method");
    assert!(each * 10 > budget * 9, "the budget of {budget} is far above {each} tokens: lower it");
}

#[test]
fn a_method_more_stays_within_its_budget() {
    assert_within(TOKENS_A_METHOD, contract);
}

#[test]
fn a_handler_more_stays_within_its_budget() {
    assert_within(TOKENS_A_HANDLER, listener);
}

/// No test: prints what one expansion takes. `docs/results/macro-cost.md` says how it is run.
#[test]
#[ignore = "a measurement"]
fn expanding_50_methods() {
    let source = contract(50);
    let (_, item) = source.split_once('\n').unwrap();
    let item: TokenStream = item.parse().unwrap();
    let expand = |_| {
        let begun = Instant::now();
        black_box(crate::endpoint::expand(quote!(version = "1.0"), item.clone()));
        begun.elapsed()
    };
    // Whatever else the machine does only adds to it.
    let least = (0..500).map(expand).min().unwrap();
    println!("{least:?} an expansion");
}
