//! The contracts that are linked into this program.

use super::descriptor::EndpointDescriptor;

/// A registered contract; generated code submits it.
#[derive(Debug, Clone, Copy)]
pub struct Contract(pub &'static EndpointDescriptor);

inventory::collect!(Contract);

/// Every contract that is linked into this program, in no particular order.
///
/// ```
/// # use oslo_messaging::endpoint;
/// #[endpoint(version = "5.1")]
/// trait Ledger {
///     async fn total(&self, year: u32) -> Result<i64, std::convert::Infallible>;
/// }
///
/// let ledger = oslo_messaging::contracts().find(|contract| contract.name == "Ledger").unwrap();
/// assert_eq!((ledger.version.to_string().as_str(), ledger.methods[0].wire_name), ("5.1", "total"));
/// ```
///
/// A crate that is only listed in `Cargo.toml` is not linked: refer to it, with `use nova_extra as _;` if nothing else. A
/// `cdylib` or plug-in has a registry of its own.
pub fn contracts() -> impl Iterator<Item = &'static EndpointDescriptor> {
    inventory::iter::<Contract>.into_iter().map(|contract| contract.0)
}

/// Registers a contract's descriptor, a `static`.
#[doc(hidden)]
#[macro_export]
macro_rules! __submit_contract {
    ($descriptor:expr) => {
        $crate::__private::inventory::submit! { $crate::__private::Contract(&$descriptor) }
    };
}
