//! Arguments, methods and types named as generated code might name its own things.

use messaging::error::RemoteFailure;
use messaging::Context;

/// A constant whose name the descriptor might want.
pub const DESCRIPTOR: usize = 2;

/// A type whose name the service parameter might want.
pub type S = u8;

/// A type whose name the numbering of methods might want.
pub type Index = u16;

/// A module whose name the runtime's alias might want.
pub mod rt {
    /// A type inside it.
    pub type Handle = u32;
}

/// A default that calls a function with the method's own name.
fn r#match() -> u32 {
    7
}

/// A default that calls a function with the method's and the argument's own name.
fn show() -> u8 {
    8
}

/// Collisions.
#[messaging::endpoint(version = "1.1", crate = messaging)]
pub trait Collide {
    /// Each of these names is somebody's local in generated code, or was in another library's.
    #[allow(clippy::too_many_arguments)]
    async fn locals(
        &self,
        ctx: &Context,
        self_: u8,
        args: u8,
        request: u8,
        service: u8,
        params: u8,
        s: u8,
        r: u8,
        r#type: u8,
        core: u8,
    ) -> Result<u8, RemoteFailure>;

    /// Types and values that helper items could hide.
    async fn types(&self, a: S, b: Index, c: rt::Handle, d: [u8; DESCRIPTOR]) -> Result<u32, RemoteFailure>;

    /// A method whose handler gives its name away, to the default of the next one.
    async fn show(&self, #[arg(default = show())] show: u8) -> Result<u8, RemoteFailure>;

    /// The name that the handler of `show` might want.
    #[cast]
    async fn show_handler(&self);

    /// The name that a default might want.
    #[cast]
    async fn default_2_0(&self);

    /// A keyword.
    #[call(since = "1.1")]
    async fn r#match(&self, #[arg(default = r#match())] r#in: u32) -> Result<u32, RemoteFailure>;

    /// Names of the endpoint's own items; marked by the runtime's path.
    #[messaging::cast]
    async fn descriptor(&self);

    /// Names of the endpoint's own items.
    #[cast]
    async fn invoke(&self, index: u8);

    /// A borrowed argument named like what it is taken from.
    #[cast]
    async fn borrowed(&self, request: &str, service: Option<&str>, #[arg(default = "x")] request_1: &str);
}

/// Generated types named as helper items would be.
pub mod helpers {
    use messaging::error::RemoteFailure;

    /// Its client is named as the numbering of methods, its endpoint as the service parameter.
    #[messaging::endpoint(version = "1.0", crate = messaging, client = Index, endpoint = S)]
    pub trait Helped {
        /// Answers.
        async fn answer(&self) -> Result<(), RemoteFailure>;
    }
}

/// A type whose name the descriptors might want.
pub type METHODS = S;

/// Collisions of a listener.
#[messaging::listener(endpoint = Sink, crate = messaging)]
pub trait CollideEvents {
    /// Types that helper items could hide.
    #[on(info)]
    async fn types(&self, event: messaging::notify::Event<(S, Index, rt::Handle, METHODS, [u8; DESCRIPTOR])>);

    /// A keyword, and the local names of generated code.
    #[on(any)]
    async fn r#match(&self, context: &Context, service: messaging::notify::Event<S>);

    /// The name of the descriptors.
    #[on(info)]
    #[allow(non_snake_case)]
    async fn METHODS(&self, event: messaging::notify::Event<S>);

    /// The names of the endpoint's own items.
    #[on(info)]
    async fn handle(&self, index: messaging::notify::Event<S>);

    /// The names of the endpoint's own items.
    #[on(info)]
    async fn handle_batch(&self, events: Vec<messaging::notify::Event<S>>);
}
