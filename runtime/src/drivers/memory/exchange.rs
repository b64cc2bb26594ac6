//! Exchanges and bindings: which queues a published message reaches. Knows queues by name only.

use super::address::ExchangeKind;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// One exchange with its bindings.
#[derive(Debug)]
struct Exchange {
    kind: ExchangeKind,
    /// Queues by binding key; a fanout exchange keeps all of them under the empty key.
    exact: FxHashMap<String, Vec<Arc<str>>>,
    /// Bindings whose key has a wildcard: `*` is one word, `#` any number of them.
    patterns: Vec<(String, Arc<str>)>,
}

/// All exchanges of a broker.
#[derive(Debug, Default)]
pub(super) struct Exchanges {
    by_name: FxHashMap<String, Exchange>,
}

/// An exchange of that name exists with the other kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KindConflict;

impl Exchanges {
    /// Declares the exchange unless it is there.
    pub(super) fn declare(&mut self, name: &str, kind: ExchangeKind) -> Result<(), KindConflict> {
        self.check(name, kind)?;
        if !self.by_name.contains_key(name) {
            self.by_name.insert(
                name.to_owned(),
                Exchange { kind, exact: FxHashMap::default(), patterns: Vec::new() },
            );
        }
        Ok(())
    }

    /// Whether the exchange could be declared with `kind`.
    pub(super) fn check(&self, name: &str, kind: ExchangeKind) -> Result<(), KindConflict> {
        match self.by_name.get(name) {
            Some(exchange) if exchange.kind != kind => Err(KindConflict),
            _ => Ok(()),
        }
    }

    /// Binds `queue` unless it is bound with that key.
    pub(super) fn bind(&mut self, name: &str, key: &str, queue: &Arc<str>) {
        let Some(exchange) = self.by_name.get_mut(name) else { return };
        if exchange.kind == ExchangeKind::Topic && is_pattern(key) {
            if !exchange.patterns.iter().any(|(k, q)| k == key && q == queue) {
                exchange.patterns.push((key.to_owned(), queue.clone()));
            }
            return;
        }
        let queues = exchange.exact.entry(key.to_owned()).or_default();
        if !queues.contains(queue) {
            queues.push(queue.clone());
        }
    }

    /// Removes every binding of `queue`, and fanout exchanges that nothing is bound to any more.
    pub(super) fn unbind(&mut self, queue: &str) {
        self.by_name.retain(|_, exchange| {
            exchange.patterns.retain(|(_, bound)| **bound != *queue);
            exchange.exact.retain(|_, queues| {
                queues.retain(|bound| **bound != *queue);
                !queues.is_empty()
            });
            exchange.kind == ExchangeKind::Topic || !exchange.exact.is_empty()
        });
    }

    /// Calls `reach` once for each queue that a message with `key` reaches, in the order of binding.
    pub(super) fn route(&self, name: &str, key: &str, mut reach: impl FnMut(&Arc<str>)) {
        let Some(exchange) = self.by_name.get(name) else { return };
        let exact = exchange.exact.get(key).map(Vec::as_slice).unwrap_or_default();
        exact.iter().for_each(&mut reach);
        let mut reached: Vec<&Arc<str>> = Vec::new();
        for (pattern, queue) in &exchange.patterns {
            if matches(pattern, key) && !exact.contains(queue) && !reached.contains(&queue) {
                reach(queue);
                reached.push(queue);
            }
        }
    }
}

fn is_pattern(key: &str) -> bool {
    key.split('.').any(|word| word == "*" || word == "#")
}

fn matches(pattern: &str, key: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('.').collect();
    let key: Vec<&str> = if key.is_empty() { Vec::new() } else { key.split('.').collect() };
    // `open[i]`: the words of the pattern read so far match the first `i` words of the key.
    let mut open = vec![false; key.len() + 1];
    open[0] = true;
    for word in pattern {
        let mut next = vec![false; key.len() + 1];
        for at in 0..=key.len() {
            next[at] = match word {
                "#" => open[at] || (at > 0 && next[at - 1]),
                "*" => at > 0 && open[at - 1],
                _ => at > 0 && open[at - 1] && key[at - 1] == word,
            };
        }
        open = next;
    }
    open[key.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(exchanges: &Exchanges, name: &str, key: &str) -> Vec<String> {
        let mut queues = Vec::new();
        exchanges.route(name, key, |queue| queues.push(queue.to_string()));
        queues
    }

    #[test]
    fn a_topic_exchange_routes_by_key_and_a_queue_gets_a_message_once() {
        let mut exchanges = Exchanges::default();
        exchanges.declare("nova", ExchangeKind::Topic).unwrap();
        exchanges.bind("nova", "compute", &"compute".into());
        exchanges.bind("nova", "compute", &"compute".into());
        exchanges.bind("nova", "compute.*", &"all".into());
        exchanges.bind("nova", "#", &"all".into());
        assert_eq!(reached(&exchanges, "nova", "compute"), ["compute", "all"]);
        assert_eq!(reached(&exchanges, "nova", "compute.host-1"), ["all"]);
        assert_eq!(reached(&exchanges, "cinder", "compute"), [""; 0]);
    }

    #[test]
    fn wildcards_match_words() {
        for (pattern, key, expected) in [
            ("a.*", "a.b", true),
            ("a.*", "a", false),
            ("a.*", "a.b.c", false),
            ("a.#", "a", true),
            ("a.#", "a.b.c", true),
            ("#.c", "a.b.c", true),
            ("#", "", true),
            ("*", "", false),
            ("a.#.c", "a.c", true),
            ("a.#.c", "a.b", false),
        ] {
            assert_eq!(matches(pattern, key), expected, "{pattern} {key}");
        }
    }

    #[test]
    fn a_fanout_exchange_goes_with_its_last_queue_and_a_topic_exchange_stays() {
        let mut exchanges = Exchanges::default();
        exchanges.declare("compute_fanout", ExchangeKind::Fanout).unwrap();
        exchanges.declare("nova", ExchangeKind::Topic).unwrap();
        exchanges.bind("compute_fanout", "", &"a".into());
        exchanges.bind("nova", "a", &"a".into());
        assert_eq!(exchanges.declare("compute_fanout", ExchangeKind::Topic), Err(KindConflict));
        exchanges.unbind("a");
        assert_eq!(exchanges.check("compute_fanout", ExchangeKind::Topic), Ok(()));
        assert_eq!(exchanges.check("nova", ExchangeKind::Fanout), Err(KindConflict));
    }
}
