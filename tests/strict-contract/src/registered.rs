//! Registered implementations, and states and services named as the registration might name its own things.

use messaging::error::RemoteFailure;

/// Registered below.
#[messaging::endpoint(version = "1.0", crate = messaging)]
pub trait Registered {
    /// Answers.
    async fn answer(&self) -> Result<u8, RemoteFailure>;
}

/// A state whose name the parameter might want.
#[allow(non_camel_case_types)]
pub struct state {
    /// What the services answer is made from.
    pub base: u8,
}

/// A service whose name the local might want.
#[allow(non_camel_case_types)]
pub struct service {
    answer: u8,
}

impl From<&state> for service {
    fn from(state: &state) -> Self {
        Self { answer: state.base }
    }
}

#[messaging::register(crate = messaging, state = state)]
impl Registered for service {
    async fn answer(&self) -> Result<u8, RemoteFailure> {
        Ok(self.answer)
    }
}

/// A module whose name the runtime's alias might want, with a service whose name the function might want.
pub mod rt {
    /// The service.
    #[allow(non_camel_case_types)]
    pub struct build(pub(super) u8);

    impl From<&super::state> for build {
        fn from(state: &super::state) -> Self {
            Self(state.base + 1)
        }
    }
}

#[messaging::register(crate = messaging, state = state)]
impl Registered for rt::build {
    async fn answer(&self) -> Result<u8, RemoteFailure> {
        Ok(self.0)
    }
}
