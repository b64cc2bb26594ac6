//! `key` and `key = value` lists: which keys an attribute knows, duplicates, and typed values.

use crate::diag::Errors;
use crate::version::Version;
use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, ExprLit, Ident, Lit, LitStr, Token};

/// What one attribute understands.
pub(crate) struct Table {
    /// The keys, alphabetically.
    pub(crate) keys: &'static [&'static str],
    /// Keys that make sense elsewhere, with what to say about them here.
    pub(crate) misplaced: &'static [(&'static str, &'static str)],
}

/// One element of the list.
pub(crate) struct Entry {
    pub(crate) key: Ident,
    pub(crate) value: Option<Expr>,
}

impl Table {
    /// Reads a list; unknown, misplaced and repeated keys are reported and left out.
    pub(crate) fn read(&self, tokens: TokenStream, errors: &Errors) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for_each(tokens, errors, |entry| {
            let key = entry.key.to_string();
            if entries.iter().any(|earlier| earlier.key == entry.key) {
                errors.push(&entry.key, format!("duplicate argument `{key}`"));
            } else if let Some((_, message)) = self.misplaced.iter().find(|(k, _)| *k == key) {
                errors.push(&entry.key, *message);
            } else if self.keys.contains(&key.as_str()) {
                entries.push(entry);
            } else {
                errors.push(&entry.key, self.unknown(&key));
            }
        });
        entries
    }

    /// The words for a key that is none of these.
    pub(crate) fn unknown(&self, key: &str) -> String {
        let guess = did_you_mean(key, self.keys);
        let known: Vec<_> = self.keys.iter().map(|k| format!("`{k}`")).collect();
        format!("unknown argument `{key}`{guess}\nnote: known arguments: {}", known.join(", "))
    }
}

/// Reads a list as it stands, up to what is no element of one.
pub(crate) fn for_each(tokens: TokenStream, errors: &Errors, mut take: impl FnMut(Entry)) {
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            take(parse_entry(input)?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.push_syn(error);
    }
}

/// A question about the known word that is nearest to `word`, or nothing when none is near.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    match known.iter().map(|k| (distance(word, k), *k)).min() {
        Some((distance, near)) if distance <= 1 + near.len() / 4 => format!(", did you mean `{near}`?"),
        _ => String::new(),
    }
}

fn parse_entry(input: ParseStream<'_>) -> syn::Result<Entry> {
    let key = Ident::parse_any(input)?;
    let value = match input.parse::<Option<Token![=]>>()? {
        Some(_) => Some(ungrouped(input.parse()?)),
        None => None,
    };
    Ok(Entry { key, value })
}

/// An expression out of the invisible group that a fragment of a `macro_rules!` comes in.
fn ungrouped(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => ungrouped(*group.expr),
        other => other,
    }
}

impl Entry {
    /// The value as a string literal.
    pub(crate) fn string(&self, errors: &Errors) -> Option<LitStr> {
        match &self.value {
            Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) => Some(text.clone()),
            _ => self.expected("a string", "\"..\"", errors),
        }
    }

    /// A string that must not be empty.
    pub(crate) fn name(&self, errors: &Errors) -> Option<String> {
        let text = self.string(errors)?;
        if text.value().is_empty() {
            errors.push(&text, format!("`{}` must not be empty", self.key));
            return None;
        }
        Some(text.value())
    }

    /// The value as `MAJOR.MINOR`.
    pub(crate) fn version(&self, errors: &Errors) -> Option<Version> {
        let text = self.string(errors)?;
        let version = Version::parse(&text.value());
        if version.is_none() {
            let message = format!("invalid version `{}`, expected `MAJOR.MINOR` such as `1.0`", text.value());
            errors.push(&text, message);
        }
        version
    }

    /// The value as `true` or `false`.
    pub(crate) fn bool(&self, errors: &Errors) -> Option<bool> {
        match &self.value {
            Some(Expr::Lit(ExprLit { lit: Lit::Bool(value), .. })) => Some(value.value),
            _ => self.expected("`true` or `false`", "true", errors),
        }
    }

    /// A key that stands alone.
    pub(crate) fn flag(&self, errors: &Errors) -> bool {
        if let Some(value) = &self.value {
            errors.push(value, format!("`{}` takes no value", self.key));
        }
        true
    }

    /// The value as a path.
    pub(crate) fn path(&self, errors: &Errors) -> Option<syn::Path> {
        match &self.value {
            Some(Expr::Path(path)) if path.qself.is_none() => Some(path.path.clone()),
            _ => self.expected("a path", "::path", errors),
        }
    }

    /// The value as an identifier.
    pub(crate) fn ident(&self, errors: &Errors) -> Option<Ident> {
        match &self.value {
            Some(Expr::Path(path)) if path.path.get_ident().is_some() => path.path.get_ident().cloned(),
            _ => self.expected("a name", "Name", errors),
        }
    }

    /// The elements of `[..]`.
    pub(crate) fn list(&self, errors: &Errors) -> Vec<Expr> {
        match &self.value {
            Some(Expr::Array(array)) => array.elems.iter().cloned().map(ungrouped).collect(),
            _ => self.expected("a list", "[\"..\"]", errors).unwrap_or_default(),
        }
    }

    fn expected<T>(&self, what: &str, example: &str, errors: &Errors) -> Option<T> {
        let message = format!("expected {what}: `{} = {example}`", self.key);
        match &self.value {
            Some(value) => errors.push(value, message),
            None => errors.push(&self.key, message),
        }
        None
    }
}

/// A string literal written as an expression.
pub(crate) fn literal(expr: &Expr) -> Option<&LitStr> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
        _ => None,
    }
}

/// Edits (insert, remove, replace) that make `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut previous = i + 1;
        let mut next = vec![previous];
        for (right, above) in b.iter().zip(row.iter().skip(1)) {
            let replaced = diagonal + usize::from(left != *right);
            previous = replaced.min(previous + 1).min(above + 1);
            diagonal = *above;
            next.push(previous);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        for (a, b, edits) in
            [("", "abc", 3), ("namspace", "namespace", 1), ("kitten", "sitting", 3), ("same", "same", 0)]
        {
            assert_eq!(distance(a, b), edits, "{a} {b}");
        }
    }
}
