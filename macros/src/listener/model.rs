//! A checked listener's trait. Generators take it by reference and cannot fail; no attribute of ours is left inside.

use crate::item::shape::Shape;
use crate::names::Taken;
use crate::priority::Priority;
use proc_macro2::{Ident, Span, TokenStream};
use syn::Type;

/// Everything that is generated follows from this.
pub(crate) struct Listener {
    /// The trait, as it is emitted even when nothing else can be.
    pub(crate) shape: Shape,
    /// The runtime crate, `::oslo_messaging` unless told otherwise.
    pub(crate) runtime: TokenStream,
    pub(crate) endpoint: Ident,
    /// The methods in which nothing was wrong.
    pub(crate) methods: Vec<Method>,
    /// What the users' types may refer to.
    pub(crate) taken: Taken,
}

/// A method that takes notifications.
pub(crate) struct Method {
    pub(crate) ident: Ident,
    pub(crate) on: On,
    pub(crate) filter: Filter,
    pub(crate) context: Option<ContextArg>,
    pub(crate) payload: Payload,
    /// Whether it takes several at a time.
    pub(crate) batch: bool,
    /// The declared return type; `None` for none.
    pub(crate) output: Option<Type>,
    pub(crate) cfg: TokenStream,
}

/// Which notifications it takes.
pub(crate) enum On {
    /// Those of its payload type, which implements `Notification`.
    Payload,
    /// Those of `#[on(..)]`.
    Written { priorities: Priorities, event_type: Option<String> },
}

/// Of which priorities.
pub(crate) enum Priorities {
    /// Of all seven.
    Any,
    These(Vec<Priority>),
}

/// The regular expressions of `#[filter(..)]`.
#[derive(Default)]
pub(crate) struct Filter {
    pub(crate) event_type: Option<String>,
    pub(crate) publisher_id: Option<String>,
    pub(crate) context: Vec<(String, String)>,
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) payload: Vec<(String, String)>,
}

impl Filter {
    pub(crate) fn is_none(&self) -> bool {
        let Self { event_type, publisher_id, context, metadata, payload } = self;
        event_type.is_none()
            && publisher_id.is_none()
            && [context, metadata, payload].iter().all(|part| part.is_empty())
    }
}

/// The context argument.
pub(crate) struct ContextArg {
    /// What stands behind the `&`.
    pub(crate) ty: Type,
    /// Whether it was marked `#[context]`: a type of the user's.
    pub(crate) custom: bool,
}

/// What stands in `Event<..>`.
pub(crate) enum Payload {
    Typed(Box<Type>),
    /// Nothing: JSON text. The span is that of `Event`.
    Raw(Span),
}
