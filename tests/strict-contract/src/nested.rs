//! Contracts inside a function body and out of a `macro_rules!`.

use messaging::error::RemoteFailure;

/// A contract that only this function knows.
#[must_use]
pub fn in_a_body() -> &'static str {
    use messaging as inner;

    struct Own;

    #[messaging::endpoint(version = "1.0", crate = inner)]
    trait Local {
        #[cast]
        async fn nothing(&self, text: &str);
    }

    impl Local for Own {
        async fn nothing(&self, _: &str) {}
    }

    drop(LocalClient::in_process(Own));
    LocalClient::DESCRIPTOR.name
}

macro_rules! contract {
    ($(#[$doc:meta])* $name:ident { $($method:ident($($arg:ident: $ty:ty),*) -> $ok:ty;)* }) => {
        $(#[$doc])*
        #[messaging::endpoint(version = "1.0", crate = messaging)]
        pub trait $name {
            $(
                /// Made by a macro.
                async fn $method(&self, ctx: &messaging::Context, request: u8, $($arg: $ty),*) -> Result<$ok, RemoteFailure>;
            )*
        }
    };
}

contract! {
    /// Comes out of a macro.
    FromMacro {
        one(a: u32, b: &str) -> u32;
        two(ids: Vec<u8>, zone: Option<&str>) -> Option<String>;
    }
}
