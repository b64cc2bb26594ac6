//! A name in a message's address: shared with the route that it comes from, where that has it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A name that costs no copy where somebody has it already.
#[derive(Clone)]
pub(in crate::drivers::rabbit) enum Name {
    Shared(Arc<str>),
    Own(String),
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Shared(name) => name,
            Self::Own(name) => name,
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Name {}

impl From<&Arc<str>> for Name {
    fn from(name: &Arc<str>) -> Self {
        Self::Shared(Arc::clone(name))
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self::Own(name)
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self::Own(name.to_owned())
    }
}
