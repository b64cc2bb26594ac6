//! A checked contract. Generators take it by reference and cannot fail; no attribute of ours is left inside.

use crate::item::doc::Doc;
use crate::item::shape::Shape;
use crate::names::Taken;
use crate::version::Version;
use proc_macro2::{Ident, TokenStream};
use syn::Type;

/// Everything that is generated follows from this.
pub(crate) struct Contract {
    /// The trait, as it is emitted even when nothing else can be.
    pub(crate) shape: Shape,
    /// The runtime crate, `::oslo_messaging` unless told otherwise.
    pub(crate) runtime: TokenStream,
    pub(crate) client: Ident,
    pub(crate) endpoint: Ident,
    pub(crate) namespace: Option<String>,
    pub(crate) legacy_namespaces: Vec<Option<String>>,
    pub(crate) version: Version,
    /// In milliseconds.
    pub(crate) timeout: Option<u64>,
    pub(crate) ignore_unknown_args: bool,
    /// Whether the descriptor has the documentation; the client has it in any case.
    pub(crate) docs: bool,
    pub(crate) doc: Doc,
    /// The methods in which nothing was wrong.
    pub(crate) methods: Vec<Method>,
    /// What the users' types and expressions may refer to.
    pub(crate) taken: Taken,
}

/// A method of the contract.
pub(crate) struct Method {
    pub(crate) ident: Ident,
    pub(crate) wire_name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) kind: Kind,
    pub(crate) since: Version,
    /// In milliseconds.
    pub(crate) timeout: Option<u64>,
    /// In milliseconds.
    pub(crate) call_monitor: Option<u64>,
    pub(crate) context: Option<ContextArg>,
    pub(crate) args: Vec<Arg>,
    /// The declared return type; `None` for none.
    pub(crate) output: Option<Type>,
    pub(crate) cfg: TokenStream,
    /// `#[doc]`s and `#[deprecated]`, for the client's method.
    pub(crate) client_attrs: TokenStream,
    pub(crate) doc: Doc,
    /// The note of `#[deprecated]`.
    pub(crate) deprecated: Option<String>,
}

/// Who waits.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Call,
    Cast { fanout: bool },
}

/// The context argument.
pub(crate) struct ContextArg {
    pub(crate) ident: Ident,
    /// What stands behind the `&`.
    pub(crate) ty: Type,
    /// Whether it was marked `#[context]`: a type of the user's.
    pub(crate) custom: bool,
}

/// An argument that travels.
pub(crate) struct Arg {
    pub(crate) ident: Ident,
    pub(crate) wire_name: String,
    /// As written.
    pub(crate) ty: Type,
    pub(crate) passing: Passing,
    pub(crate) default: Option<DefaultValue>,
    pub(crate) since: Option<Since>,
    pub(crate) flatten: bool,
    pub(crate) doc: Doc,
}

/// How the trait's method takes an argument.
pub(crate) enum Passing {
    /// `T`
    Owned,
    /// `&X`: servers hold a `Box<X>`.
    Borrowed(Type),
    /// `Option<&X>`: servers hold an `Option<Box<X>>`.
    BorrowedOption(Type),
}

/// What stands in for an argument that did not come.
pub(crate) enum DefaultValue {
    /// `Default::default()`
    OfType,
    /// The user's expression.
    Expr(TokenStream),
}

/// The version an argument came with.
pub(crate) struct Since {
    pub(crate) version: Version,
    /// Whether it is left out for older peers instead of failing the call.
    pub(crate) drop: bool,
}
