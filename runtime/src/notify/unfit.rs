//! Why a payload does not fit, in words that can be logged and sent to a dead-letter queue: serde's own quote what came.

use crate::json::JsonError;

/// serde's words that quote nothing of a value.
const PLAIN: [&str; 5] =
    ["missing field `", "duplicate field `", "unknown field `", "invalid length ", "nested deeper than "];

/// What does not fit and where, without the value.
pub(super) fn cause(error: &JsonError) -> String {
    let (text, place) = split_place(&error.0);
    let known = PLAIN.iter().any(|words| text.starts_with(words));
    let words = if known { Some(text.to_owned()) } else { mismatch(text) };
    // Anything else is a type's own text, which may say anything.
    words.unwrap_or_else(|| "refused by its type".to_owned()) + place
}

/// Cuts ` at line 1 column 14` off.
fn split_place(text: &str) -> (&str, &str) {
    let Some(at) = text.rfind(" at line ") else { return (text, "") };
    let (text, place) = text.split_at(at);
    let numbers = place.trim_start_matches(" at line ").split(" column ");
    if numbers.clone().all(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
        (text, place)
    } else {
        (text, "")
    }
}

/// ``invalid type: string "secret", expected u32`` without what is quoted.
fn mismatch(text: &str) -> Option<String> {
    // What is expected comes last, and is the type's word for itself.
    let (found, expected) = text.rsplit_once(", expected ")?;
    let found = ["invalid type: ", "invalid value: ", "unknown variant "].into_iter().find_map(|words| {
        let value = found.strip_prefix(words)?;
        let kind = value.split(['"', '`']).next().unwrap_or_default();
        Some(format!("{words}{kind}"))
    })?;
    Some(format!("{}, expected {expected}", found.trim_end_matches([' ', ':'])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::RawJson;
    use serde::Deserialize;
    use std::net::Ipv4Addr;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only decoded")]
    struct Instance {
        id: u32,
        state: State,
        address: Option<Ipv4Addr>,
    }

    #[derive(Debug, Deserialize)]
    enum State {
        Active,
        Deleted,
    }

    fn refused(payload: &str) -> String {
        let payload: RawJson = payload.parse().unwrap();
        cause(&payload.decode::<Instance>().unwrap_err())
    }

    #[test]
    fn the_kind_the_expectation_and_the_place_stay() {
        for (payload, expected) in [
            (r#"{"id": "secret"}"#, "invalid type: string, expected u32 at line 1 column 15"),
            (r#"{"id": "a, expected b"}"#, "invalid type: string, expected u32 at line 1 column 22"),
            (r#"{"id": -7777}"#, "invalid value: integer, expected u32 at line 1 column 12"),
            (r#"{"id": null}"#, "invalid type: null, expected u32 at line 1 column 11"),
            (r#"{"id": [7777]}"#, "invalid type: sequence, expected u32 at line 1 column 7"),
            (r#"{"state": "secret"}"#, "unknown variant, expected `Active` or `Deleted` at line 1 column 18"),
            (r#"{"id": 1}"#, "missing field `state` at line 1 column 9"),
            (r#"[]"#, "invalid length 0, expected struct Instance with 3 elements at line 1 column 2"),
        ] {
            assert_eq!(refused(payload), expected, "{payload}");
        }
    }

    #[test]
    fn what_a_type_says_itself_does_not() {
        let own = refused(r#"{"address": "secret at line 7 column x"}"#);
        assert!(own.starts_with("refused by its type"), "{own}");
        let own = cause(&JsonError("`secret` at line secret".to_owned()));
        assert_eq!(own, "refused by its type");
        // Read by this crate's own reader, for the NaN.
        let odd = refused(r#"{"address": NaN, "id": "secret"}"#);
        assert!(!odd.contains("secret"), "{odd}");
    }
}
