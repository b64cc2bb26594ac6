//! Names: what travels on the wire, and names for generated items that hide nothing of the user's.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use std::collections::HashSet;
use syn::ext::IdentExt;

/// How `rename_all` writes method names; serde's words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    /// Every case by its name, in serde's order.
    pub(crate) const ALL: [(&str, Self); 8] = [
        ("lowercase", Self::Lower),
        ("UPPERCASE", Self::Upper),
        ("PascalCase", Self::Pascal),
        ("camelCase", Self::Camel),
        ("snake_case", Self::Snake),
        ("SCREAMING_SNAKE_CASE", Self::ScreamingSnake),
        ("kebab-case", Self::Kebab),
        ("SCREAMING-KEBAB-CASE", Self::ScreamingKebab),
    ];

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, case)| *case)
    }

    /// Rewrites a snake_case name.
    pub(crate) fn apply(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
            Self::Pascal => name.split('_').map(capitalized).collect(),
            Self::Camel => {
                let mut words = name.split('_').filter(|word| !word.is_empty());
                let first = words.next().unwrap_or_default().to_owned();
                words.fold(first, |name, word| name + &capitalized(word))
            }
        }
    }
}

fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

/// The name that travels for an identifier: `r#type` is `type`.
pub(crate) fn wire(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// Names that the user's types and expressions may mean; a generated item must not take one of them.
#[derive(Default)]
pub(crate) struct Taken {
    mentioned: HashSet<String>,
    /// Names of methods, which their handlers have too.
    reserved: HashSet<String>,
}

impl Taken {
    pub(crate) fn add(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => drop(self.mentioned.insert(ident.to_string())),
                TokenTree::Group(group) => self.add(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }

    /// Keeps generated items other than its own handler from having a method's name.
    pub(crate) fn reserve(&mut self, method: &Ident) {
        self.reserved.insert(method.to_string());
    }

    /// `base`, or `base` with the first number that makes it nobody's.
    pub(crate) fn fresh(&self, base: &str) -> Ident {
        let mut candidates = std::iter::once(base.to_owned()).chain((1..).map(|n| format!("{base}_{n}")));
        let is_free = |name: &String| !self.mentioned.contains(name) && !self.reserved.contains(name);
        let name = candidates.find(is_free).unwrap_or_else(|| base.to_owned());
        Ident::new(&name, Span::mixed_site())
    }

    /// The method's own name for its handler, unless somebody means something else by it.
    pub(crate) fn handler(&self, method: &Ident) -> Ident {
        if self.mentioned.contains(&method.to_string()) {
            self.fresh(&format!("{}_handler", wire(method)))
        } else {
            Ident::clone(method)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::{format_ident, quote};

    #[test]
    fn cases_are_serdes() {
        for (case, expected) in [
            ("lowercase", "very_tasty"),
            ("UPPERCASE", "VERY_TASTY"),
            ("PascalCase", "VeryTasty"),
            ("camelCase", "veryTasty"),
            ("snake_case", "very_tasty"),
            ("SCREAMING_SNAKE_CASE", "VERY_TASTY"),
            ("kebab-case", "very-tasty"),
            ("SCREAMING-KEBAB-CASE", "VERY-TASTY"),
        ] {
            assert_eq!(Case::parse(case).unwrap().apply("very_tasty"), expected, "{case}");
        }
        assert_eq!(Case::Camel.apply("_x__y"), "xY");
        assert_eq!(Case::parse("Camel"), None);
    }

    #[test]
    fn raw_identifiers_travel_without_their_mark() {
        assert_eq!(wire(&format_ident!("r#type")), "type");
    }

    #[test]
    fn fresh_names_avoid_the_users() {
        let mut taken = Taken::default();
        taken.add(quote!(Vec<rt::S>, [u8; S_1]));
        assert_eq!(taken.fresh("S"), "S_2");
        assert_eq!(taken.fresh("rt"), "rt_1");
        assert_eq!(taken.fresh("Index"), "Index");
    }

    #[test]
    fn no_generated_item_has_a_methods_name() {
        let mut taken = Taken::default();
        taken.add(quote!(show()));
        for method in ["show", "show_handler", "DESCRIPTOR"] {
            taken.reserve(&format_ident!("{method}"));
        }
        assert_eq!(taken.fresh("DESCRIPTOR"), "DESCRIPTOR_1");
        assert_eq!(taken.handler(&format_ident!("show")), "show_handler_1");
        assert_eq!(taken.handler(&format_ident!("show_handler")), "show_handler");
    }
}
