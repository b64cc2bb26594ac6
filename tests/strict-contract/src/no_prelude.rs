//! Without any prelude: generated code must spell every path.

#![no_implicit_prelude]

/// No prelude.
#[::messaging::endpoint(version = "1.2", namespace = "bare", crate = ::messaging)]
pub trait Bare {
    /// Every way of passing an argument.
    #[allow(clippy::too_many_arguments)]
    async fn all(
        &self,
        ctx: &::messaging::Context,
        owned: u32,
        borrowed: &str,
        optional: ::std::option::Option<&str>,
        #[arg(default)] defaulted: bool,
        #[arg(since = "1.1")] newer: ::std::option::Option<u8>,
        #[arg(since = "1.2", default = 3)] counted: u8,
    ) -> ::std::result::Result<u32, BareError>;

    /// One way.
    #[cast]
    async fn cast(&self);
}

/// An error without prelude.
#[derive(::std::fmt::Debug, ::messaging::RpcError)]
#[rpc_error(crate = ::messaging)]
pub enum BareError {
    /// With fields.
    Named {
        /// A field.
        id: u32,
    },
    /// Positional.
    Positional(u32, ::std::string::String),
    /// Without.
    Unit,
    /// Hidden.
    #[rpc_error(internal)]
    Hidden(u32),
    /// The rest.
    #[rpc_error(other)]
    Other(::messaging::error::RemoteFailure),
}

impl ::std::fmt::Display for BareError {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.write_str("bare")
    }
}

impl ::std::error::Error for BareError {}

/// No prelude.
#[::messaging::listener(crate = ::messaging)]
pub trait BareEvents {
    /// Every way of taking events.
    #[on(info, event_type = "bare.*")]
    #[filter(event_type = r"bare", context(user = r"a"), metadata(timestamp = r"2"), payload(a = r"b"))]
    async fn one(
        &self,
        ctx: &::messaging::Context,
        event: ::messaging::notify::Event<u32>,
    ) -> ::std::result::Result<::messaging::notify::NotificationResult, BareError>;

    /// As text.
    #[on(any)]
    async fn text(&self, event: ::messaging::notify::Event);

    /// Several.
    #[on(sample)]
    async fn several(&self, events: ::std::vec::Vec<::messaging::notify::Event<u32>>);
}
