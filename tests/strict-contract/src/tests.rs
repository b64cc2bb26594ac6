//! What the contracts of this crate answer, polled by hand: there is no runtime in this crate's graph.

use crate::colliding::{Collide, CollideClient, CollideEvents, Sink};
use messaging::contract::MethodKind;
use messaging::error::RemoteFailure;
use messaging::notify::{Event, ListenerEndpoint, Outcome, Priority};
use messaging::Context;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::{Poll, Waker};

struct Sum;

impl Collide for Sum {
    async fn locals(
        &self,
        _: &Context,
        self_: u8,
        args: u8,
        request: u8,
        service: u8,
        params: u8,
        s: u8,
        r: u8,
        r#type: u8,
        core: u8,
    ) -> Result<u8, RemoteFailure> {
        Ok([self_, args, request, service, params, s, r, r#type, core]
            .iter()
            .rev()
            .fold(0, |sum, n| sum * 2 + n))
    }
    async fn types(&self, a: u8, b: u16, c: u32, d: [u8; 2]) -> Result<u32, RemoteFailure> {
        Ok(u32::from(a) + u32::from(b) + c + u32::from(d[0]) + u32::from(d[1]))
    }
    async fn r#match(&self, r#in: u32) -> Result<u32, RemoteFailure> {
        Ok(r#in)
    }
    async fn show(&self, show: u8) -> Result<u8, RemoteFailure> {
        Ok(show)
    }
    async fn show_handler(&self) {}
    async fn default_2_0(&self) {}
    async fn descriptor(&self) {}
    async fn invoke(&self, _: u8) {}
    async fn borrowed(&self, request: &str, service: Option<&str>, request_1: &str) {
        assert_eq!((request, service, request_1), ("a", Some("b"), "c"));
    }
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Count {
    fn add(&self, value: u8) {
        self.0.fetch_add(value.into(), Ordering::Relaxed);
    }
}

impl CollideEvents for Count {
    async fn types(&self, event: Event<(u8, u16, u32, u8, [u8; 2])>) {
        assert_eq!(event.payload, (1, 2, 3, 4, [5, 6]));
        self.add(1);
    }
    async fn r#match(&self, context: &Context, service: Event<u8>) {
        assert_eq!(context.get::<u8>("key"), Some(Ok(7)));
        self.add(service.payload);
    }
    #[allow(non_snake_case)]
    async fn METHODS(&self, event: Event<u8>) {
        self.add(event.payload);
    }
    async fn handle(&self, index: Event<u8>) {
        self.add(index.payload);
    }
    async fn handle_batch(&self, events: Vec<Event<u8>>) {
        for event in events {
            self.add(event.payload);
        }
    }
}

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("in process, without awaiting anything, an answer is there at once"),
    }
}

#[test]
fn no_argument_is_mistaken_for_another() {
    let client = CollideClient::in_process(Sum);
    assert_eq!(now(client.locals(&Context::new(), 1, 0, 1, 0, 0, 1, 0, 1, 0)).unwrap(), 0b1010_0101);
    assert_eq!(now(client.types(1, 2, 3, [4, 5])).unwrap(), 15);
    assert_eq!(now(client.r#match(9)).unwrap(), 9);
    now(client.borrowed("a", Some("b"), "c")).unwrap();
}

#[test]
fn keywords_travel_by_their_plain_name() {
    let method = CollideClient::DESCRIPTOR.methods.iter().find(|method| method.name == "match").unwrap();
    assert_eq!((method.wire_name, method.args[0].wire_name), ("match", "in"));
}

#[test]
fn methods_without_cfg_keep_their_number() {
    let names: Vec<_> =
        crate::cfg::AdminClient::DESCRIPTOR.methods.iter().map(|method| method.name).collect();
    let expected: &[&str] =
        if cfg!(feature = "admin") { &["purge", "level", "name"] } else { &["level", "name"] };
    assert_eq!(names, expected);
}

#[test]
fn no_event_is_taken_for_another() {
    let count = Arc::new(Count::default());
    let sink = Sink::from_arc(Arc::clone(&count));
    let names: Vec<_> = sink.methods().iter().map(|method| &*method.name).collect();
    assert_eq!(names, ["types", "match", "METHODS", "handle", "handle_batch"]);
    let event = |payload: u8| {
        let mut event = Event::test(Priority::Info, "", &payload).unwrap();
        event.context = Context::new().with("key", &7).unwrap();
        event
    };
    let types = Event::test(Priority::Info, "", &(1, 2, 3, 4, [5, 6])).unwrap();
    assert_eq!(now(sink.handle(0, types).unwrap()), Outcome::Handled);
    for (index, payload) in [(1, 10), (2, 20), (3, 30)] {
        assert_eq!(now(sink.handle(index, event(payload)).unwrap()), Outcome::Handled);
    }
    let batch = sink.handle_batch(4, vec![event(40), event(50)]);
    assert_eq!(now(batch.work.unwrap()), Outcome::Handled);
    assert_eq!(count.0.load(Ordering::Relaxed), 151);
}

struct Admins;

impl crate::cfg::AdminEvents for Admins {
    #[cfg(feature = "admin")]
    async fn purged(&self, _: Event<u32>) {}
    #[cfg(feature = "admin")]
    async fn level(&self, _: Event<u32>) {}
    #[cfg(not(feature = "admin"))]
    async fn level(&self, _: Vec<Event<u32>>) {}
    async fn failed(&self, _: Event) {}
}

#[test]
fn methods_of_a_listener_without_cfg_keep_their_number() {
    let endpoint = crate::cfg::AdminEventsEndpoint::new(Admins);
    let methods: Vec<_> = endpoint.methods().iter().map(|method| (&*method.name, method.batch)).collect();
    let expected: &[(&str, bool)] = if cfg!(feature = "admin") {
        &[("purged", false), ("level", false), ("failed", false)]
    } else {
        &[("level", true), ("failed", false)]
    };
    assert_eq!(methods, expected);
    let last = methods.len() - 1;
    assert!(endpoint.handle(last, Event::test(Priority::Error, "", "any text").unwrap()).is_ok());
}

struct Made;

impl crate::nested::ListeningFromMacro for Made {
    async fn one(&self, _: &Context, _: Event<u32>) {}
    async fn two(&self, _: &Context, _: Event<Vec<Option<String>>>) -> Result<(), std::io::Error> {
        Err(std::io::Error::other("no"))
    }
}

#[test]
fn macros_can_write_listeners() {
    let endpoint = crate::nested::ListeningFromMacroEndpoint::new(Made);
    assert_eq!(*endpoint.methods()[1].priorities, [Priority::Error]);
    let event = Event::test(Priority::Error, "", &[Some("a"), None]).unwrap();
    assert_eq!(now(endpoint.handle(1, event).unwrap()), Outcome::Failed("no".to_owned()));
    assert_eq!(crate::nested::listening_in_a_body(), "Local");
    crate::visibility::listeners();
}

#[test]
fn a_contract_of_a_function_body_is_one() {
    assert_eq!(crate::nested::in_a_body(), "Local");
    crate::visibility::clients();
}

#[test]
fn registered_implementations_are_built_from_their_state() {
    use crate::registered::{state, RegisteredClient};
    let endpoints = messaging::contract::discover(&state { base: 1 }).unwrap();
    let mut answers: Vec<_> = endpoints
        .into_iter()
        .map(|endpoint| {
            let caller = messaging::contract::in_process_all(
                messaging::contract::Dispatcher::new(vec![endpoint]).unwrap(),
            );
            now(RegisteredClient::from(caller).answer()).unwrap()
        })
        .collect();
    answers.sort_unstable();
    assert_eq!(answers, [1, 2]);
}

#[test]
fn options_can_come_out_of_a_macro() {
    let descriptor = crate::nested::OptionsFromMacroClient::DESCRIPTOR;
    assert_eq!(descriptor.version.to_string(), "2.1");
    assert_eq!(
        (descriptor.methods[0].aliases, descriptor.methods[0].args[0].has_default),
        (&["count"][..], true)
    );
}

#[test]
fn macros_can_write_contracts() {
    let methods = crate::nested::FromMacroClient::DESCRIPTOR.methods;
    assert_eq!(methods[1].args[2].ty, "Option<&str>");
    assert_eq!((methods[0].kind, methods[0].returns), (MethodKind::Call, "Result<u32, RemoteFailure>"));
}
