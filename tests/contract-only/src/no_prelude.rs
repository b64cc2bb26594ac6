//! Payload types without any prelude, by another name of the crate, and named like what generated code names: it must spell
//! every path and hide nothing.

#![no_implicit_prelude]
#![allow(non_camel_case_types)]

use ::oslo_messaging as messaging;

/// Named like the alias of the runtime.
#[derive(::serde::Serialize, ::serde::Deserialize, messaging::Notification)]
#[notification(event_type = "bare.rt", crate = messaging)]
pub struct rt {
    /// A field.
    pub id: u32,
}

/// Named like the constant.
#[derive(::serde::Serialize, ::serde::Deserialize, messaging::Notification)]
#[notification(event_type = "bare.descriptor", priority = "sample", crate = messaging)]
pub struct DESCRIPTOR;

/// Named like a keyword.
#[derive(::serde::Serialize, ::serde::Deserialize, messaging::Notification)]
#[notification(event_type = "bare.match", crate = messaging)]
#[deprecated]
#[doc = ::core::concat!("Documented ", "by a macro.")]
pub enum r#match {
    /// One.
    One,
    /// Two.
    Two(u32),
}

/// Bare `#[on]`s of them.
#[allow(deprecated)]
#[messaging::listener(crate = messaging)]
pub trait BareEvents {
    /// One.
    #[on]
    async fn one(&self, event: messaging::notify::Event<rt>);

    /// Several.
    #[on]
    async fn several(&self, events: ::std::vec::Vec<messaging::notify::Event<DESCRIPTOR>>);

    /// A keyword.
    #[on]
    async fn keyword(&self, event: messaging::notify::Event<r#match>);
}
