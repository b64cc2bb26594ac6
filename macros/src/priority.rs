//! The seven priorities as attributes write them.

use crate::attr;
use proc_macro2::{Ident, Span};

/// A priority.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Priority {
    word: &'static str,
    variant: &'static str,
}

/// Every word that is a priority, with the variant of the runtime's `Priority`; `warning` last, as it is another word for
/// one of the others.
const WORDS: [(&str, &str); 8] = [
    ("audit", "Audit"),
    ("critical", "Critical"),
    ("debug", "Debug"),
    ("error", "Error"),
    ("info", "Info"),
    ("sample", "Sample"),
    ("warn", "Warn"),
    ("warning", "Warn"),
];

impl Priority {
    pub(crate) const INFO: Self = Self { word: "info", variant: "Info" };

    pub(crate) fn parse(word: &str) -> Option<Self> {
        let (_, variant) = WORDS.into_iter().find(|(known, _)| *known == word)?;
        let (word, _) = WORDS.into_iter().find(|(_, known)| *known == variant)?;
        Some(Self { word, variant })
    }

    /// Its one name: `warn` for `warning` too.
    pub(crate) fn name(self) -> &'static str {
        self.word
    }

    /// The variant of the runtime's `Priority`.
    pub(crate) fn variant(self) -> Ident {
        Ident::new(self.variant, Span::mixed_site())
    }
}

/// The words for something that is no priority; `more` says what else may stand there.
pub(crate) fn unknown(word: &str, more: &str) -> String {
    let known: Vec<&str> = WORDS.iter().map(|(word, _)| *word).filter(|word| *word != "warning").collect();
    let guess = attr::did_you_mean(word, &known);
    let known: Vec<_> = known.iter().map(|word| format!("`{word}`")).collect();
    format!("unknown priority `{word}`{guess}\nnote: priorities: {}{more}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warning_is_warn() {
        assert_eq!(Priority::parse("warning"), Priority::parse("warn"));
        assert_eq!(Priority::parse("warning").unwrap().name(), "warn");
        assert_eq!(Priority::parse("info"), Some(Priority::INFO));
        assert_eq!(Priority::parse("Info"), None);
    }

    #[test]
    fn unknown_words_are_answered_with_the_nearest() {
        assert!(unknown("eror", "").starts_with("unknown priority `eror`, did you mean `error`?\n"));
        assert!(unknown("urgent", "").starts_with("unknown priority `urgent`\n"));
    }
}
