//! Prints tokens the way a person writes types, so that descriptors and docs do not depend on the compiler's spacing.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// `Result < Vec < u8 > , E >` as `Result<Vec<u8>, E>`.
pub(crate) fn of(tokens: TokenStream) -> String {
    let mut text = String::new();
    write(tokens, &mut text);
    text
}

fn write(tokens: TokenStream, text: &mut String) {
    let mut after_word = false;
    let mut pending: Option<char> = None;
    // Whether the pending one was written close to what follows: the first colon of `: ::path` was not.
    let mut joint = false;
    for token in tokens {
        if let TokenTree::Punct(punct) = &token {
            let new = punct.as_char();
            let joined = std::mem::replace(&mut joint, punct.spacing() == Spacing::Joint);
            match pending.take() {
                Some(first) if joined && is_pair(first, new) => {
                    text.push_str(spaced(&format!("{first}{new}")))
                }
                Some(first) => {
                    text.push_str(spaced(first.encode_utf8(&mut [0; 4])));
                    pending = Some(new);
                }
                None => pending = Some(new),
            }
            // The quote of a lifetime belongs to the word that follows, not to the one before.
            if new == '\'' && after_word {
                text.push(' ');
            }
            after_word = false;
            continue;
        }
        if let Some(punct) = pending.take() {
            text.push_str(spaced(punct.encode_utf8(&mut [0; 4])));
        }
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(group.stream(), text);
                text.push_str(close);
            }
            word => {
                if after_word {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
        after_word = true;
    }
    if let Some(punct) = pending {
        text.push(punct);
    }
}

fn is_pair(first: char, second: char) -> bool {
    matches!((first, second), (':', ':') | ('-' | '=', '>') | ('.', '.'))
}

fn spaced(punct: &str) -> &str {
    match punct {
        "," => ", ",
        ";" => "; ",
        ":" => ": ",
        "->" => " -> ",
        "=>" => " => ",
        "=" => " = ",
        "+" => " + ",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::str::FromStr;

    #[test]
    fn types_read_as_written() {
        for source in [
            "Uuid",
            "&str",
            "&[u8]",
            "Option<&str>",
            "Result<Vec<uuid::Uuid>, ComputeError>",
            "::std::collections::BTreeMap<String, (u32, [u8; 4])>",
            "Box<dyn Fn(u8) -> u8 + Send>",
            "Cow<'static, str>",
            "&'static mut T",
            "<T as Iterator>::Item",
            "()",
            "async fn show(&self, ctx: &Context) -> Result<(), E>",
            "fn show(id: ::uuid::Uuid, next: &::uuid::Uuid)",
        ] {
            assert_eq!(of(TokenStream::from_str(source).unwrap()), source);
        }
    }

    #[test]
    fn spacing_does_not_depend_on_the_source() {
        assert_eq!(
            of(TokenStream::from_str("f(a:&str,b:Vec< u8 >)->Res").unwrap()),
            "f(a: &str, b: Vec<u8>) -> Res"
        );
    }
}
