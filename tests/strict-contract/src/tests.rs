//! What the contracts of this crate answer, polled by hand: there is no runtime in this crate's graph.

use crate::colliding::{Collide, CollideClient};
use messaging::contract::MethodKind;
use messaging::error::RemoteFailure;
use messaging::Context;
use std::future::Future;
use std::pin::pin;
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
    async fn descriptor(&self) {}
    async fn invoke(&self, _: u8) {}
    async fn borrowed(&self, request: &str, service: Option<&str>, request_1: &str) {
        assert_eq!((request, service, request_1), ("a", Some("b"), "c"));
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
fn a_contract_of_a_function_body_is_one() {
    assert_eq!(crate::nested::in_a_body(), "Local");
    crate::visibility::clients();
}

#[test]
fn macros_can_write_contracts() {
    let methods = crate::nested::FromMacroClient::DESCRIPTOR.methods;
    assert_eq!(methods[1].args[2].ty, "Option<&str>");
    assert_eq!((methods[0].kind, methods[0].returns), (MethodKind::Call, "Result<u32, RemoteFailure>"));
}
