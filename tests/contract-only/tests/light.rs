//! The client of a contract crate works without a runtime, and its graph holds none.

#![forbid(unsafe_code)]
// The service under test and its helpers fail by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use contract_only::no_prelude::{BareEvents, BareEventsEndpoint, DESCRIPTOR};
use contract_only::{
    Gone, Inventory, InventoryClient, InventoryError, InventoryEvents, InventoryEventsEndpoint, Item,
};
use oslo_messaging::Context;
use oslo_messaging::error::{CallError, Ran};
use oslo_messaging::notify::{Event, ListenerEndpoint, Outcome, Priority, notifications};
use oslo_messaging::target::Target;
use oslo_messaging::testing::{Recorder, assert_contract};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::process::Command;
use std::sync::Mutex;
use std::task::{Poll, Waker};

#[derive(Default)]
struct Shelf {
    items: Mutex<BTreeMap<String, u32>>,
}

impl Inventory for Shelf {
    async fn find(&self, _: &Context, name: &str) -> Result<Item, InventoryError> {
        let items = self.items.lock().unwrap();
        let not_found = || InventoryError::ItemNotFound { name: name.to_owned() };
        items.get(name).map(|&count| Item { name: name.to_owned(), count }).ok_or_else(not_found)
    }

    async fn take(&self, ctx: &Context, name: &str, count: u32) -> Result<u32, InventoryError> {
        let left = self.find(ctx, name).await?.count;
        let rest = left.checked_sub(count).ok_or(InventoryError::SoldOut { left })?;
        self.items.lock().unwrap().insert(name.to_owned(), rest);
        Ok(rest)
    }

    async fn put(&self, item: &Item) {
        self.items.lock().unwrap().insert(item.name.clone(), item.count);
    }
}

struct Clerk;

impl InventoryEvents for Clerk {
    async fn gone(&self, _: &Context, event: Event<Gone>) -> Result<(), InventoryError> {
        Err(InventoryError::ItemNotFound { name: event.payload.item.name })
    }

    async fn failed(&self, _: Vec<Event>) {}
}

#[allow(deprecated)]
impl BareEvents for Clerk {
    async fn one(&self, _: Event<contract_only::no_prelude::rt>) {}
    async fn several(&self, _: Vec<Event<DESCRIPTOR>>) {}
    async fn keyword(&self, _: Event<contract_only::no_prelude::r#match>) {}
}

/// Runs a future that never has to wait for anything outside.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("in process, a handler that does not wait answers at once"),
    }
}

#[test]
fn a_contract_is_called_in_process_without_a_runtime() {
    let inventory = InventoryClient::in_process(Shelf::default());
    let ctx = Context::test();
    now(inventory.put(&Item { name: "cup".to_owned(), count: 3 })).unwrap();
    assert_eq!(now(inventory.find(&ctx, "cup")).unwrap().count, 3);
    assert_eq!(now(inventory.take(&ctx, "cup", 2)).unwrap(), 1);
    let error = now(inventory.take(&ctx, "cup", 2)).unwrap_err();
    assert_eq!(error, CallError::Remote(InventoryError::SoldOut { left: 1 }));
    assert_eq!(error.ran(), Ran::Yes);
}

#[test]
fn the_contract_is_the_one_that_was_published() {
    assert_contract(InventoryClient::DESCRIPTOR, "contracts/inventory.json");
}

#[test]
fn notifications_are_handled_without_a_runtime() {
    let endpoint = InventoryEventsEndpoint::new(Clerk);
    assert_eq!(*endpoint.methods()[0].priorities, [Priority::Warn]);
    assert_eq!(endpoint.methods()[0].event_type.as_deref(), Some("inventory.item.gone"));
    let gone = Gone { item: Item { name: "cup".to_owned(), count: 1 } };
    let event = Event::test(Priority::Warn, "inventory.item.gone", &gone).unwrap();
    let outcome = now(endpoint.handle(0, event).unwrap());
    assert_eq!(outcome, Outcome::Failed("Item cup could not be found.".to_owned()));
}

#[test]
fn payload_types_are_known_by_their_plain_names() {
    let endpoint = BareEventsEndpoint::new(Clerk);
    let event_types: Vec<_> = endpoint.methods().iter().map(|method| method.event_type.as_deref()).collect();
    assert_eq!(event_types, [Some("bare.rt"), Some("bare.descriptor"), Some("bare.match")]);
    assert_eq!(*endpoint.methods()[1].priorities, [Priority::Sample]);
    let mut known: Vec<_> = notifications().map(|known| (known.name, known.doc)).collect();
    known.sort_unstable();
    let expected = [
        ("DESCRIPTOR", "Named like the constant."),
        ("Gone", "Something has run out."),
        ("match", "Named like a keyword.\nDocumented by a macro.\n"),
        ("rt", "Named like the alias of the runtime."),
    ];
    assert_eq!(known, expected);
}

#[test]
fn code_that_owns_a_client_is_tested_with_a_recorder() {
    let recorder = Recorder::new();
    recorder.expect("shop", "take").with_arg("name", "cup").fail(&InventoryError::SoldOut { left: 0 });
    let inventory = InventoryClient::new(&recorder, Target::topic("shop"));
    let error = now(inventory.take(&Context::test(), "cup", 1)).unwrap_err();
    assert_eq!(error.as_remote(), Some(&InventoryError::SoldOut { left: 0 }));
    recorder.verify().unwrap();
    // Used up: a second one is not expected.
    assert_eq!(now(inventory.take(&Context::test(), "cup", 1)).unwrap_err().ran(), Ran::No);
    assert_eq!(recorder.verify().unwrap_err().unexpected.len(), 1);
}

#[test]
fn a_contract_crate_has_no_runtime_broker_or_tls_in_its_graph() {
    let cargo = std::env::var_os("CARGO").expect("cargo runs the tests");
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--package", "contract-only", "--edges", "normal", "--prefix", "none"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo tree starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let crates: Vec<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains(&"oslo-messaging"), "{tree}");
    for heavy in
        ["tokio", "lapin", "amq-protocol", "rustls", "openssl", "native-tls", "futures", "flate2", "bzip2"]
    {
        let found = crates.iter().find(|name| **name == heavy || name.starts_with(&format!("{heavy}-")));
        assert_eq!(found, None, "a contract crate must stay light");
    }
}
