//! The query of a transport URL: options that override the configuration. Knows no option's name.

use super::error::TransportUrlError;
use super::percent;
use std::collections::BTreeMap;

/// Reads `a=1&b=2` as Python's `parse_qs` does, repeated names joined by commas.
///
/// A name without a value is dropped, as there, with a warning.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, String>, TransportUrlError> {
    let mut query = BTreeMap::<String, String>::new();
    let decode = |text: &str| {
        percent::decode(&text.replace('+', " "))
            .map_err(|percent::NotUtf8| TransportUrlError::NotUtf8 { part: "the query" })
    };
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.split_once('=') {
            Some((name, value)) if !value.is_empty() => (decode(name)?, decode(value)?),
            _ => {
                tracing::warn!(
                    "a transport URL's query has a name without a value; it is not used, as in Python"
                );
                continue;
            }
        };
        query
            .entry(name)
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert(value);
    }
    Ok(query)
}

/// Whether the value of the option `name` must not be printed.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "secret", "token", "key", "credential"].iter().any(|word| name.contains(word))
}
