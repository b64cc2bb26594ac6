//! The differences between two lists of steps, each as one line.

use super::step::Step;
use std::collections::BTreeSet;
use std::fmt;

/// One difference: `<lane>: missing <step>` (not there at all), `<lane>: fewer <step>` (there, but less often or elsewhere),
/// `<lane>: extra <step>`, `<lane>: <step>: <what differs>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Difference(pub String);

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How `seen` differs from `expected`, lane by lane; each line once.
pub fn differences(expected: &[Step], seen: &[Step]) -> BTreeSet<Difference> {
    let lanes: BTreeSet<_> = expected.iter().chain(seen).map(|step| step.lane).collect();
    let mut found = BTreeSet::new();
    for lane in lanes {
        let of = |steps: &[Step]| -> Vec<Step> {
            steps.iter().filter(|step| step.lane == lane).cloned().collect()
        };
        let (expected, seen) = (of(expected), of(seen));
        for change in align(&expected, &seen, |a, b| a.head == b.head) {
            match change {
                Change::Missing(step) => {
                    let elsewhere = seen.iter().any(|other| other.head == step.head);
                    let how = if elsewhere { "fewer" } else { "missing" };
                    _ = found.insert(Difference(format!("{lane}: {how} {}", step.head)));
                }
                Change::Extra(step) => _ = found.insert(Difference(format!("{lane}: extra {}", step.head))),
                Change::Both(a, b) => {
                    let within = within(a, b).into_iter();
                    found.extend(within.map(|what| Difference(format!("{lane}: {}: {what}", a.head))));
                }
            }
        }
    }
    found
}

fn within(expected: &Step, seen: &Step) -> Vec<String> {
    let mut found = Vec::new();
    for change in align(&expected.keys, &seen.keys, |a, b| a == b) {
        match change {
            Change::Missing(key) => found.push(format!("missing key {key}")),
            Change::Extra(key) => found.push(format!("extra key {key}")),
            Change::Both(..) => {}
        }
    }
    let value = |step: &Step, name: &str| {
        step.fields.iter().find(|field| field.0 == name).map(|field| field.1.clone())
    };
    let names: BTreeSet<_> =
        expected.fields.iter().chain(&seen.fields).map(|field| field.0.clone()).collect();
    for name in names {
        let (a, b) = (value(expected, &name), value(seen, &name));
        if a != b {
            let shown = |value: Option<String>| value.unwrap_or_else(|| "absent".to_owned());
            found.push(format!("{name} {} -> {}", shown(a), shown(b)));
        }
    }
    found
}

enum Change<'a, T> {
    Missing(&'a T),
    Extra(&'a T),
    Both(&'a T, &'a T),
}

/// The two lists side by side along a longest common subsequence.
fn align<'a, T>(expected: &'a [T], seen: &'a [T], same: impl Fn(&T, &T) -> bool) -> Vec<Change<'a, T>> {
    let mut length = vec![vec![0_usize; seen.len() + 1]; expected.len() + 1];
    for i in (0..expected.len()).rev() {
        for j in (0..seen.len()).rev() {
            length[i][j] = if same(&expected[i], &seen[j]) {
                length[i + 1][j + 1] + 1
            } else {
                length[i + 1][j].max(length[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut changes) = (0, 0, Vec::new());
    while i < expected.len() || j < seen.len() {
        if i < expected.len() && j < seen.len() && same(&expected[i], &seen[j]) {
            changes.push(Change::Both(&expected[i], &seen[j]));
            (i, j) = (i + 1, j + 1);
        } else if j == seen.len() || (i < expected.len() && length[i + 1][j] >= length[i][j + 1]) {
            changes.push(Change::Missing(&expected[i]));
            i += 1;
        } else {
            changes.push(Change::Extra(&seen[j]));
            j += 1;
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(head: &str, keys: &[&str], durable: &str) -> Step {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        let fields = vec![("durable".to_owned(), durable.to_owned())];
        Step { lane: "declare", head: head.to_owned(), keys, fields }
    }

    #[test]
    fn each_kind_of_difference_is_seen() {
        let expected = [step("a", &["x", "y"], "true"), step("b", &[], "true")];
        let seen = [step("a", &["y", "x"], "false"), step("c", &[], "true")];
        let found: Vec<_> = differences(&expected, &seen).into_iter().map(|found| found.0).collect();
        assert_eq!(
            found,
            [
                "declare: a: durable true -> false",
                "declare: a: extra key x",
                "declare: a: missing key x",
                "declare: extra c",
                "declare: missing b",
            ]
        );
        assert!(differences(&expected, &expected).is_empty());
    }

    #[test]
    fn order_counts() {
        let (a, b) = (step("a", &[], "true"), step("b", &[], "true"));
        assert_eq!(differences(&[a.clone(), b.clone()], &[b, a]).len(), 2);
    }

    #[test]
    fn less_often_is_not_never() {
        let (a, b) = (step("a", &[], "true"), step("b", &[], "true"));
        let found = differences(&[a.clone(), b.clone(), a.clone(), b], &[a]);
        let found: Vec<_> = found.into_iter().map(|found| found.0).collect();
        assert_eq!(found, ["declare: fewer a", "declare: missing b"]);
    }
}
