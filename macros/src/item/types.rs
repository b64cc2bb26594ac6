//! Types, as far as tokens tell.

use crate::diag::Errors;
use crate::text;
use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// The type itself: a `$ty:ty` of a `macro_rules!` comes in an invisible group.
pub(crate) fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => plain(&group.elem),
        other => other,
    }
}

/// `Context`, `&Context` or `&mut Context`, by whatever path.
pub(crate) fn is_context(ty: &Type) -> bool {
    match plain(ty) {
        Type::Reference(reference) => is_context(&reference.elem),
        Type::Path(path) => {
            path.path.segments.last().is_some_and(|last| last.ident == "Context" && last.arguments.is_none())
        }
        _ => false,
    }
}

/// What stands behind the `&` of a context argument.
pub(crate) fn context_type(ty: &Type, errors: &Errors) -> Option<Type> {
    match ty {
        Type::Reference(reference) if reference.mutability.is_none() => Some(Type::clone(&reference.elem)),
        other => {
            let inner = match other {
                Type::Reference(reference) => reference.elem.to_token_stream(),
                other => other.to_token_stream(),
            };
            errors.push(other, format!("the context must be taken by reference: `&{}`", text::of(inner)));
            None
        }
    }
}

/// `T` of `Option<T>`, as far as tokens tell.
pub(crate) fn option_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = plain(ty) else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    type_arguments(last).first().copied()
}

/// The types in `<..>` of a path segment.
pub(crate) fn type_arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(plain(ty)),
        _ => None,
    });
    types.collect()
}

/// Whether `impl` stands anywhere in a type.
pub(crate) fn has_impl_trait(ty: &Type) -> bool {
    any_token(ty.to_token_stream(), &|token| matches!(token, TokenTree::Ident(ident) if ident == "impl"))
}

/// Whether `&` stands anywhere in a type.
pub(crate) fn has_reference(ty: &Type) -> bool {
    any_token(
        ty.to_token_stream(),
        &|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == '&'),
    )
}

/// Whether a `&` stands anywhere in a type that is not a `&'static`.
pub(crate) fn has_borrow(ty: &Type) -> bool {
    borrows(ty.to_token_stream())
}

fn borrows(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Group(group) => borrows(group.stream()),
        TokenTree::Punct(punct) if punct.as_char() == '&' => {
            !matches!(tokens.get(at + 2), Some(TokenTree::Ident(lifetime)) if lifetime == "static")
        }
        _ => false,
    })
}

/// Whether `Self` stands anywhere in a type.
pub(crate) fn mentions_self(ty: &Type) -> bool {
    any_token(ty.to_token_stream(), &|token| matches!(token, TokenTree::Ident(ident) if ident == "Self"))
}

fn any_token(tokens: TokenStream, wanted: &impl Fn(&TokenTree) -> bool) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => any_token(group.stream(), wanted),
        other => wanted(other),
    })
}
