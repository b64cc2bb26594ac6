//! Return types, as far as tokens can tell; what is behind an alias is for rustc to judge.

use crate::diag::Errors;
use crate::endpoint::model::Kind;
use crate::item::types;
use syn::{Ident, ReturnType, Type, TypeParamBound};

/// The declared return type, if nothing is wrong with it.
pub(super) fn check(ident: &Ident, output: &ReturnType, kind: Kind, errors: &Errors) -> Option<Type> {
    let ReturnType::Type(_, ty) = output else {
        if kind == Kind::Call {
            errors.push(ident, "a call must return `Result<T, E>`\nhelp: for a one-way method use `#[cast]`");
        }
        return None;
    };
    let ty = types::plain(ty);
    if is_stream(ty) {
        errors.push(ty, "streams are not supported\nhelp: use a `#[cast(fanout)]` or notifications");
    } else if kind != Kind::Call && is_plain_value(ty) {
        errors.push(ty, "a cast returns nothing to its caller; remove the return type");
    } else if types::has_impl_trait(ty) {
        errors.push(ty, "`impl Trait` cannot be returned; write the concrete type");
    } else if types::has_reference(ty) {
        errors.push(ty, "an answer is owned by its caller and cannot hold a reference");
    } else if types::mentions_self(ty) {
        errors.push(ty, "`Self` is another type on each side; write the concrete type");
    }
    Some(Type::clone(ty))
}

/// `impl Stream`, `BoxStream`, also inside `Result`, `Pin` and `Box`.
fn is_stream(ty: &Type) -> bool {
    let named_stream = |name: &Ident| name == "Stream" || name == "BoxStream" || name == "LocalBoxStream";
    let bound_stream = |bound: &TypeParamBound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|s| named_stream(&s.ident)),
        _ => false,
    };
    match ty {
        Type::ImplTrait(ty) => ty.bounds.iter().any(bound_stream),
        Type::TraitObject(ty) => ty.bounds.iter().any(bound_stream),
        Type::Paren(ty) => is_stream(&ty.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|segment| {
            named_stream(&segment.ident)
                || ["Result", "Pin", "Box"].iter().any(|wrapper| segment.ident == wrapper)
                    && types::type_arguments(segment).first().is_some_and(|inner| is_stream(inner))
        }),
        _ => false,
    }
}

/// Whether it is certainly neither `()` nor a `Result`: a path may be an alias of one.
fn is_plain_value(ty: &Type) -> bool {
    const PLAIN: [&str; 20] = [
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64",
        "u128", "usize", "String", "Vec", "Option", "Box",
    ];
    match ty {
        Type::Tuple(tuple) => !tuple.elems.is_empty(),
        Type::Array(_) | Type::Reference(_) | Type::Slice(_) => true,
        Type::Path(path) => match path.path.segments.last() {
            Some(last) if path.path.segments.len() == 1 => PLAIN.contains(&last.ident.to_string().as_str()),
            _ => false,
        },
        _ => false,
    }
}
