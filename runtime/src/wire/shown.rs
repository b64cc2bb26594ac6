//! Texts that a peer chose, as a log may have them: some of their beginning.

/// More characters of a name say no more to a reader.
const MOST: usize = 64;

/// The beginning of a name.
pub(crate) fn short(name: &str) -> &str {
    name.char_indices().nth(MOST).and_then(|(end, _)| name.get(..end)).unwrap_or(name)
}

/// The beginning of a text, on one line: control characters, which could forge another line, are spaces.
pub(crate) fn line(text: &str, most: usize) -> String {
    text.chars().take(most).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_cut_between_characters() {
        assert_eq!(short("show"), "show");
        assert_eq!(short(&"é".repeat(64)), "é".repeat(64));
        assert_eq!(short(&"é".repeat(65)), "é".repeat(64));
    }
}
