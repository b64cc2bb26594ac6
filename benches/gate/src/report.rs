//! Tables for the terminal.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::callgrind::Counts;
use crate::compare::{Verdict, change};
use crate::profile::Profile;

/// How many functions `explain` shows.
const FUNCTIONS: usize = 25;

/// The heading of the table of [`row`]s.
pub(crate) fn heading() -> String {
    format!(
        "{:<27}{:>14}{:>12}{:>9}{:>13}{:>10}{:>10}{:>10}\n",
        "one operation", "instructions", "baseline", "change", "allocations", "baseline", "bytes", "baseline"
    )
}

pub(crate) fn row(scenario: &str, then: &Counts, now: &Counts, verdict: Verdict) -> String {
    let verdict = match verdict {
        Verdict::Same => "",
        Verdict::Worse => "  WORSE",
        Verdict::Better => "  BETTER",
    };
    format!(
        "{scenario:<27}{:>14}{:>12}{:>9}{:>13}{:>10}{:>10}{:>10}{verdict}",
        now.instructions,
        then.instructions,
        percent(then.instructions, now.instructions),
        now.allocations,
        then.allocations,
        now.bytes,
        then.bytes,
    )
}

fn percent(then: u64, now: u64) -> String {
    match change(then, now) {
        Some(change) => format!("{:+.2} %", change * 100.0),
        None => "new".to_owned(),
    }
}

/// Functions and their numbers beside the baseline's, those first that have changed most. What the baseline does not list was
/// less than `least` there.
pub(crate) fn functions(title: &str, then: &Profile<f64>, now: &Profile<f64>, least: f64) -> String {
    struct Line<'a> {
        name: &'a str,
        then: Option<f64>,
        now: f64,
        moved: f64,
    }
    let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let mut lines = Vec::with_capacity(names.len());
    for name in names {
        let (then, now) = (then.get(name).copied(), now.get(name).copied().unwrap_or_default());
        let moved = then.map_or((now - least).max(0.0), |then| (now - then).abs());
        lines.push(Line { name, then, now, moved });
    }
    lines.sort_by(|a, b| (b.moved, b.now).partial_cmp(&(a.moved, a.now)).unwrap_or(Ordering::Equal));
    let mut text = format!("{:>12}{:>12}{:>12}  {title}\n", "change", "now", "baseline");
    for Line { name, then, now, .. } in lines.iter().take(FUNCTIONS) {
        let (change, then) = match then {
            Some(then) => (format!("{:+}", hundredths(now - then)), then.to_string()),
            None if least > 0.0 => (String::new(), format!("< {least}")),
            None => (format!("{now:+}"), "0".to_owned()),
        };
        text += &format!("{change:>12}{now:>12}{then:>12}  {name}\n");
    }
    text
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::functions;
    use crate::profile::Profile;

    fn profile(own: &[(&str, f64)]) -> Profile<f64> {
        own.iter().map(|&(name, own)| (name.to_owned(), own)).collect()
    }

    #[test]
    fn what_has_changed_most_comes_first() {
        let then = profile(&[("encode", 700.0), ("escape", 300.0), ("gone", 50.0)]);
        let now = profile(&[("encode", 701.0), ("escape", 900.0), ("new", 400.0), ("tiny", 2.0)]);
        let text = functions("function", &then, &now, 10.0);
        let names: Vec<&str> =
            text.lines().skip(1).filter_map(|line| line.split_whitespace().last()).collect();
        assert_eq!(names, ["escape", "new", "gone", "encode", "tiny"]);
        for shown in ["+600", "-50", "< 10"] {
            assert!(text.contains(shown), "{shown}: {text}");
        }
    }

    #[test]
    fn what_is_new_where_everything_is_listed_is_a_change() {
        let text = functions("allocates", &Profile::new(), &profile(&[("encode", 1.5)]), 0.0);
        assert!(text.contains("+1.5"), "{text}");
    }
}
