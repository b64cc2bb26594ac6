//! Which drivers a notification goes to, from YAML to the answer. Knows drivers by name only.

use super::error::{RoutingError, RulePlace};
use super::yaml::{self, Node, Value};
use crate::notify::Priority;
use crate::notify::pattern::Glob;
use crate::transport::option::nearest;

const EVENTS: &str = "accepted_events";
const PRIORITIES: &str = "accepted_priorities";

/// When a driver of a group gets a notification: when every rule that is there has a pattern that matches.
#[derive(Debug)]
pub(super) struct Rules {
    /// Index into the drivers.
    pub(super) driver: usize,
    events: Option<Vec<Glob>>,
    priorities: Option<Vec<Glob>>,
}

impl Rules {
    pub(super) fn accept(&self, event_type: &str, priority: Priority) -> bool {
        let fits = |rule: &Option<Vec<Glob>>, text: &str| {
            rule.as_ref().is_none_or(|patterns| patterns.iter().any(|pattern| pattern.matches(text)))
        };
        fits(&self.events, event_type) && fits(&self.priorities, priority.as_str())
    }
}

/// Reads `group: {driver: {rule: [pattern]}}`. Groups matter for errors only: a driver that any of them accepts is asked.
pub(super) fn read(text: &str, drivers: &[&str]) -> Result<Vec<Rules>, RoutingError> {
    let mut all = Vec::new();
    let Some(root) = yaml::parse(text)? else {
        tracing::warn!("the routing rules hold no group: notifications will go nowhere");
        return Ok(all);
    };
    let nowhere = RulePlace::default();
    for (group, members) in mapping(&root, &nowhere, "the rules are a mapping of groups")? {
        let in_group = RulePlace { group: Some(group), ..nowhere.clone() };
        for (name, rules) in mapping(&members, &in_group, "a group is a mapping of drivers")? {
            let place = RulePlace { driver: Some(name.clone()), ..in_group.clone() };
            let Some(driver) = drivers.iter().position(|known| *known == name) else {
                let nearest = nearest(&name, drivers.iter().copied()).map(str::to_owned);
                let known = drivers.iter().map(ToString::to_string).collect();
                let place = at(&in_group, rules.line);
                return Err(RoutingError::UnknownDriver { place, driver: name, nearest, known });
            };
            let (events, priorities) = of_driver(&rules, &place)?;
            all.push(Rules { driver, events, priorities });
        }
    }
    Ok(all)
}

type OfDriver = (Option<Vec<Glob>>, Option<Vec<Glob>>);

fn of_driver(rules: &Node, place: &RulePlace) -> Result<OfDriver, RoutingError> {
    let (mut events, mut priorities) = (None, None);
    for (rule, patterns) in
        mapping(rules, place, "a driver's rules are a mapping, `{}` for one that takes everything")?
    {
        match rule.as_str() {
            EVENTS => events = Some(globs(&patterns, place, str::to_owned)?),
            PRIORITIES => priorities = Some(globs(&patterns, place, str::to_lowercase)?),
            _ => {
                let nearest = nearest(&rule, [EVENTS, PRIORITIES]).map(str::to_owned);
                let place = at(place, patterns.line);
                return Err(RoutingError::UnknownRule { place, rule, nearest });
            }
        }
    }
    Ok((events, priorities))
}

fn globs(
    patterns: &Node,
    place: &RulePlace,
    spell: impl Fn(&str) -> String,
) -> Result<Vec<Glob>, RoutingError> {
    let Value::List(list) = &patterns.value else {
        return Err(shape(patterns, place, "a rule takes a list of patterns"));
    };
    let pattern = |node: &Node| match &node.value {
        Value::Text(text) => Ok(Glob::new(&spell(text))),
        _ => Err(shape(node, place, "a pattern is a text")),
    };
    list.iter().map(pattern).collect()
}

/// The entries of a mapping whose keys are texts, none of them twice.
fn mapping(
    node: &Node,
    place: &RulePlace,
    expected: &'static str,
) -> Result<Vec<(String, Node)>, RoutingError> {
    let Value::Map(pairs) = &node.value else { return Err(shape(node, place, expected)) };
    let mut entries: Vec<(String, Node)> = Vec::with_capacity(pairs.len());
    for (key, value) in pairs.iter() {
        let Value::Text(name) = &key.value else { return Err(shape(key, place, "a name is a text")) };
        if entries.iter().any(|(known, _)| **known == **name) {
            let place = at(place, key.line);
            return Err(RoutingError::Twice { place, name: name.to_string() });
        }
        entries.push((name.to_string(), Node { line: key.line, value: value.value.clone() }));
    }
    Ok(entries)
}

fn shape(node: &Node, place: &RulePlace, expected: &'static str) -> RoutingError {
    RoutingError::Shape { place: at(place, node.line), expected, found: node.value.kind() }
}

fn at(place: &RulePlace, line: usize) -> Box<RulePlace> {
    Box::new(RulePlace { line, ..place.clone() })
}
