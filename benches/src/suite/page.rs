//! `performance.md` with its charts. What stands outside the markers of an existing page is kept.

use std::fs;

use super::bars::{self, Results};
use super::chart;
use super::groups::Group;
use crate::cli::{Rig, SuiteOptions};
use crate::error::Result;
use crate::figures::{NOISY_CORES, Series};
use crate::machine;
use crate::report::table::tables;

const BEGIN: &str = "<!-- suite:begin -->\n";
const END: &str = "<!-- suite:end -->\n";
const HEAD: &str = "# Performance\n\nHow a run measures, what the peers promise for their figures and how to repeat it: \
                    [README.md](README.md).\n\n";

pub(super) async fn write(
    options: &SuiteOptions,
    rig: &Rig,
    groups: &[Group],
    results: &[Vec<Series>],
) -> Result<()> {
    let path = options.out.join("performance.md");
    let part = part(options, rig, groups, results).await;
    let page = fs::read_to_string(&path).ok().and_then(|page| replace(&page, BEGIN, END, &part));
    fs::write(&path, page.unwrap_or_else(|| format!("{HEAD}{BEGIN}{part}{END}")))?;
    fs::write(options.out.join("calls.svg"), chart::rates(&Results(results)))?;
    fs::write(options.out.join("latency.svg"), chart::latencies(&Results(results)))?;
    eprintln!("written: {}, calls.svg and latency.svg beside it", path.display());
    Ok(())
}

async fn part(options: &SuiteOptions, rig: &Rig, groups: &[Group], results: &[Vec<Series>]) -> String {
    let mut text = format!(
        "{}\n\n`bench suite --url URL --out docs/results --rounds {} --seconds {}`: {} Client, server and broker share the \
         cores.\n\n![calls a second](calls.svg)\n\n![latency](latency.svg)\n\n## The bars\n\n",
        machine::describe(&options.url, &options.tools).await,
        rig.rounds,
        rig.seconds,
        count(results),
    );
    text.push_str(&bars::table(&Results(results)));
    text.push_str("\nThe codec alone: [codec.md](codec.md).\n");
    for (group, series) in groups.iter().zip(results) {
        text.push_str(&format!("\n## {}\n\n", group.title));
        if !group.note.is_empty() {
            text.push_str(&format!("{}\n\n", group.note));
        }
        text.push_str(&tables(series));
    }
    text
}

/// How many measurements there are, and how many were disturbed.
fn count(results: &[Vec<Series>]) -> String {
    let all = || results.iter().flatten();
    let measurements: usize = all().map(|series| series.rounds.len()).sum();
    let noisy: usize = all().map(Series::noisy_rounds).sum();
    let set_aside: usize = all().map(Series::set_aside).sum();
    format!(
        "{measurements} measurements, **{noisy} with more than {NOISY_CORES} cores of other load**. {set_aside} more are set \
         aside: a disturbed round is measured again, and one of its measurements counts."
    )
}

/// `page` with `part` between the two markers; none where they are not there.
pub(super) fn replace(page: &str, begin: &str, end: &str, part: &str) -> Option<String> {
    let (before, rest) = page.split_once(begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}{part}{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Measurement;
    use crate::quiet::SetAside;
    use crate::suite::groups;

    #[test]
    fn what_is_set_aside_comes_on_top_of_what_counts() {
        let case = groups::all("rabbit://host")[0].cases[0].clone();
        let mut disturbed = Measurement { other_cores: 0.5, ..Measurement::sample(100) };
        disturbed.set_aside = vec![SetAside { rate: 1.0, other_cores: 0.9 }; 3];
        let rounds = vec![Measurement::sample(100), disturbed];
        let text = count(&[vec![Series { rounds, ..Series::new(case) }]]);
        assert!(
            text.starts_with("2 measurements, **1 with more than 0.3 cores of other load**. 3 more are set")
        );
    }

    #[test]
    fn what_stands_around_the_markers_is_kept() {
        let page = "a\n<b>\nold\n</b>\nc\n";
        assert_eq!(replace(page, "<b>\n", "</b>\n", "new\n").unwrap(), "a\n<b>\nnew\n</b>\nc\n");
        assert!(replace("a\n", "<b>\n", "</b>\n", "new\n").is_none());
    }
}
