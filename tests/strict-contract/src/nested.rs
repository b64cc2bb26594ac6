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

macro_rules! versioned {
    ($name:ident, $crate_path:path, $version:literal, $alias:literal, $docs:literal, $default:expr) => {
        /// Options out of a macro.
        #[messaging::endpoint(version = $version, crate = $crate_path, docs = $docs)]
        pub trait $name {
            /// Made by a macro.
            #[call(since = $version, aliases = [$alias])]
            async fn counted(&self, #[arg(default = $default)] count: u8) -> Result<u8, RemoteFailure>;
        }
    };
}

versioned!(OptionsFromMacro, messaging, "2.1", "count", true, 3 + 4);

/// A listener that only this function knows.
#[must_use]
pub fn listening_in_a_body() -> String {
    use messaging as inner;
    use messaging::notify::ListenerEndpoint;

    struct Own;

    #[messaging::listener(crate = inner)]
    trait Local {
        #[on(info)]
        async fn nothing(&self, event: inner::notify::Event<u8>);
    }

    impl Local for Own {
        async fn nothing(&self, _: inner::notify::Event<u8>) {}
    }

    LocalEndpoint::new(Own).name().to_owned()
}

macro_rules! listening {
    ($name:ident { $($method:ident: $priority:ident($ty:ty) -> $output:ty;)* }) => {
        /// Made by a macro.
        #[messaging::listener(crate = messaging)]
        pub trait $name {
            $(
                /// Made by a macro.
                #[on($priority)]
                async fn $method(&self, ctx: &messaging::Context, event: messaging::notify::Event<$ty>) -> $output;
            )*
        }
    };
}

listening! {
    ListeningFromMacro {
        one: info(u32) -> ();
        two: error(Vec<Option<String>>) -> Result<(), std::io::Error>;
    }
}
