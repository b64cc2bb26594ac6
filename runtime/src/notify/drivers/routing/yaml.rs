//! YAML text to a small tree that knows its lines. Knows nothing of routing.
//!
//! Types are told apart as Python's `yaml.safe_load` tells them, so that a pattern which is a number or a truth value
//! there is none here.

use super::error::RoutingError;
use regex::Regex;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::OnceLock;

/// Nothing that routes is nested deeper.
const DEEPEST: usize = 16;

/// A value and the line that it begins in, counted from 1. Cheap to clone: an alias is a clone.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) line: usize,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(Rc<str>),
    /// A single value that is no text.
    Other,
    Null,
    List(Rc<[Node]>),
    Map(Rc<[(Node, Node)]>),
}

impl Value {
    /// What it is, for an error.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Other => "a number, a truth value or a date (quote it if it is a text)",
            Self::Null => "nothing",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// A container that is not closed yet.
struct Open {
    line: usize,
    anchor: usize,
    map: bool,
    /// Keys and values take turns in a mapping.
    nodes: Vec<Node>,
}

/// Reads a text that holds one document or none.
pub(super) fn parse(text: &str) -> Result<Option<Node>, RoutingError> {
    let mut root = None;
    let mut documents = 0;
    let mut open: Vec<Open> = Vec::new();
    let mut anchors = HashMap::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let problem = format!("no YAML: {}", error.info());
            RoutingError::Syntax { line: error.marker().line(), problem }
        })?;
        let line = span.start.line();
        let refuse = |problem: &str| Err(RoutingError::Syntax { line, problem: problem.to_owned() });
        let (node, anchor) = match event {
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return refuse("a second document begins");
                }
                continue;
            }
            Event::Scalar(text, style, anchor, tag) => {
                (Node { line, value: scalar(&text, style, tag.as_deref()) }, anchor)
            }
            Event::Alias(anchor) => match anchors.get(&anchor) {
                Some(node) => (Node::clone(node), 0),
                None => return refuse("an alias stands within what it means"),
            },
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                if open.len() == DEEPEST {
                    return refuse("nested deeper than any rule is");
                }
                let map = matches!(event, Event::MappingStart(..));
                open.push(Open { line, anchor, map, nodes: Vec::new() });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { line, anchor, map, nodes }) = open.pop() else { continue };
                let value = if map { Value::Map(pairs(nodes)) } else { Value::List(nodes.into()) };
                (Node { line, value }, anchor)
            }
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd | Event::Nothing => continue,
        };
        if anchor != 0 {
            anchors.insert(anchor, node.clone());
        }
        match open.last_mut() {
            Some(container) => container.nodes.push(node),
            None => root = Some(node),
        }
    }
    Ok(root)
}

fn pairs(nodes: Vec<Node>) -> Rc<[(Node, Node)]> {
    let mut pairs = Vec::with_capacity(nodes.len() / 2);
    let mut nodes = nodes.into_iter();
    while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
        pairs.push((key, value));
    }
    pairs.into()
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_text = match tag {
        Some(tag) => tag.is_yaml_core_schema() && tag.suffix == "str",
        None => style != ScalarStyle::Plain || is_plain_text(text),
    };
    match text {
        _ if is_text => Value::Text(Rc::from(text)),
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        _ => Value::Other,
    }
}

/// Whether a text without quotes is a text to Python, whose YAML is of version 1.1.
fn is_plain_text(text: &str) -> bool {
    const WORDS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "null", "~"];
    static NUMBER: OnceLock<Option<Regex>> = OnceLock::new();
    // Capitals count only where they are the first letter or all.
    let lower: Cow<'_, str> = match text.strip_prefix(|c: char| c.is_ascii_uppercase()) {
        Some(rest) if !rest.contains(|c: char| c.is_ascii_uppercase()) => text.to_ascii_lowercase().into(),
        Some(rest) if !rest.contains(|c: char| c.is_ascii_lowercase()) => text.to_ascii_lowercase().into(),
        _ => text.into(),
    };
    let number = NUMBER.get_or_init(|| {
        let parts = [
            r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|\.(?:inf|Inf|INF)|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)",
            r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*(?:[eE][-+][0-9]+)?)?",
            r"\.(?:nan|NaN|NAN)",
            r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t][-+0-9:.Z \t]*)?",
        ];
        Regex::new(&format!("^(?:{})$", parts.join("|"))).ok()
    });
    !(text.is_empty()
        || WORDS.contains(&lower.as_ref())
        || number.as_ref().is_some_and(|number| number.is_match(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_from_what_python_takes_for_something_else() {
        for text in ["compute.*", "1.2.3", "e", "y", "yEs", "10.0.0.1:a", "=x", "-", "..", "2026-11"] {
            assert!(is_plain_text(text), "{text}");
        }
        for other in [
            "",
            "~",
            "Null",
            "yes",
            "NO",
            "On",
            "true",
            "5",
            "-1_000",
            "0x1F",
            "1.5",
            ".5",
            "1.5e+3",
            "1:30",
            ".inf",
            "2026-11-22",
        ] {
            assert!(!is_plain_text(other), "{other}");
        }
    }

    #[test]
    fn aliases_are_what_they_stand_for_and_lines_are_counted() {
        let root = parse("a: &x\n  - 'b'\n\nc: *x\n").unwrap().unwrap();
        let Value::Map(pairs) = &root.value else { panic!("{root:?}") };
        assert_eq!(pairs.iter().map(|(key, _)| key.line).collect::<Vec<_>>(), [1, 4]);
        for (_, value) in pairs.iter() {
            let Value::List(items) = &value.value else { panic!("{value:?}") };
            assert!(matches!(&items[..], [Node { line: 2, value: Value::Text(text) }] if **text == *"b"));
        }
        assert!(parse("").unwrap().is_none() && parse("# only a comment\n").unwrap().is_none());
    }

    #[test]
    fn bad_texts_are_refused_with_their_line() {
        for (text, line, words) in [
            ("a: [", 2, "no YAML"),
            ("a: 1\nb: *nope\n", 2, "no YAML"),
            ("a: 1\n---\nb: 2\n", 2, "second document"),
            (&format!("a:\n  {}", "[".repeat(20)), 2, "nested"),
            ("a: &x\n  b: *x\n", 2, "alias"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.starts_with(&format!("line {line}: ")) && error.contains(words), "{text}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn random_text_is_read_or_refused(text in "([-:,&*!'\"#%@|>\\[\\]{}?~ab \n]){0,60}") {
            let _ = parse(&text);
        }
    }
}
