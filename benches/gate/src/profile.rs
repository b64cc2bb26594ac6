//! Callgrind's file, read: what each function costs itself, and who asks for memory.

use std::collections::{BTreeMap, HashMap};

/// Function to a number: instructions of its own, or allocations.
pub(crate) type Profile<T = u64> = BTreeMap<String, T>;

/// What callgrind has collected.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// Instructions of functions, without those of what they call.
    pub(crate) own: Profile,
    /// How often a function was called by which: callee, caller, calls.
    calls: HashMap<String, Profile>,
}

/// What Rust's allocator stands on, whose own functions may be inlined.
const ALLOCATORS: [&str; 5] = ["malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign"];

/// Deeper than the standard library's layers over the allocator; ends recursion.
const LAYERS: usize = 12;

impl Collected {
    /// Sums up a file that callgrind has written with names and positions spelt out. Lines of costs belong to the last
    /// `fn=`, except the one behind each `calls=`, which tells again what the called function has cost.
    pub(crate) fn parse(text: &str) -> Self {
        let mut collected = Self::default();
        let (mut function, mut called) = (String::new(), String::new());
        let mut of_a_call = false;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("fn=") {
                function = own_name(name);
            } else if let Some(name) = line.strip_prefix("cfn=") {
                called = own_name(name);
            } else if let Some(calls) = line.strip_prefix("calls=") {
                let callers = collected.calls.entry(std::mem::take(&mut called)).or_default();
                *callers.entry(function.clone()).or_default() += number(calls, 0).unwrap_or_default();
                of_a_call = true;
            } else if line.starts_with(|c: char| c.is_ascii_digit()) {
                if !of_a_call && !function.is_empty() {
                    *collected.own.entry(function.clone()).or_default() +=
                        number(line, 1).unwrap_or_default();
                }
                of_a_call = false;
            }
        }
        collected
    }

    /// How often functions outside the standard library allocate. What goes through one of its own, such as the growth of a
    /// `Vec`, is shared out among those that called it, by the number of their calls.
    pub(crate) fn allocating(&self) -> Profile<f64> {
        let mut allocating = Profile::new();
        for (name, callers) in &self.calls {
            if ALLOCATORS.contains(&name.as_str()) {
                self.share_out(callers, callers.values().sum::<u64>() as f64, LAYERS, &mut allocating);
            }
        }
        allocating
    }

    fn share_out(&self, callers: &Profile, allocations: f64, layers: usize, to: &mut Profile<f64>) {
        let all = callers.values().sum::<u64>().max(1) as f64;
        for (caller, calls) in callers {
            let part = allocations * *calls as f64 / all;
            match self.calls.get(caller) {
                Some(above) if layers > 0 && is_standard(caller) => {
                    self.share_out(above, part, layers - 1, to)
                }
                _ => *to.entry(caller.clone()).or_default() += part,
            }
        }
    }
}

fn is_standard(function: &str) -> bool {
    let path = function.trim_start_matches('<');
    let within = ["alloc::", "core::", "std::", "__rustc::"].iter().any(|root| path.starts_with(root));
    // `format!` asks for memory in the middle of writing a value.
    within || function.contains(" as core::fmt::")
}

fn number(line: &str, word: usize) -> Option<u64> {
    line.split_ascii_whitespace().nth(word)?.parse().ok()
}

/// Without the depth of recursion that callgrind puts behind, `'2`.
fn own_name(name: &str) -> String {
    match name.rsplit_once('\'') {
        Some((function, depth)) if depth.bytes().all(|byte| byte.is_ascii_digit()) => function.to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Collected;

    const FILE: &str = "\
version: 1
creator: callgrind-3.19.0
positions: line
events: Ir
summary: 35

fl=codec.rs
fn=gate::encode
10 4
fi=other.rs
11 6
cfn=gate::escape
calls=2 20
12 25
cfn=alloc::raw_vec::grow
calls=3 20
13 9

fn=gate::escape
20 10
cfn=alloc::raw_vec::grow
calls=1 20
13 3
cfn=malloc
calls=5 20
13 3

fn=gate::escape'2
21 15

fn=alloc::raw_vec::grow
cfn=__rustc::__rust_realloc
calls=8 20
13 3

fn=__rustc::__rust_realloc
cfn=realloc
calls=8 20
13 3
totals: 35
";

    #[test]
    fn instructions_count_where_they_are() {
        let own = Collected::parse(FILE).own;
        assert_eq!(own["gate::encode"], 10);
        assert_eq!(own["gate::escape"], 25);
        assert_eq!(own.values().sum::<u64>(), 35);
    }

    #[test]
    fn the_heads_numbers_are_no_costs() {
        assert!(Collected::parse("version: 1\npid: 7\n3 4\n").own.is_empty());
    }

    #[test]
    fn allocations_count_where_the_standard_library_was_called() {
        let allocating = Collected::parse(FILE).allocating();
        // The eight of `grow` in the proportion of its calls, three to one.
        assert_eq!(allocating["gate::encode"], 6.0);
        assert_eq!(allocating["gate::escape"], 2.0 + 5.0);
        assert_eq!(allocating.len(), 2);
    }
}
