//! Checklist B08: what only Python's JSON has, through the whole codec.

use super::{enveloped, json, reply, request};
use oslo_messaging::context::Context;
use oslo_messaging::json::RawJson;
use oslo_messaging::wire::{Limits, Oslo2, OutgoingRequest, WireFormat};
use serde_json::{Value, json as value};
use std::collections::BTreeMap;

fn arg(text: &str) -> RawJson {
    request(&format!(r#"{{"method": "echo", "args": {{"x": {text}}}}}"#)).unwrap().args[0].1.clone()
}

#[test]
fn b08_odd_arguments_are_kept_and_decoded() {
    assert!(arg("NaN").decode::<f64>().unwrap().is_nan());
    assert_eq!(arg("[-Infinity]").decode::<Vec<f64>>().unwrap(), [f64::NEG_INFINITY]);
    assert_eq!(arg(r#"{"a": Infinity}"#).decode::<Value>().unwrap(), value!({"a": null}));
    assert_eq!(arg("1180591620717411303424").decode::<u128>().unwrap(), 1 << 70);
    assert!(arg("1180591620717411303424").decode::<Value>().is_err());
    assert!(arg("1180591620717411303424").decode::<f64>().is_err());
    assert_eq!(arg(r#""\ud800""#).decode::<String>().unwrap(), "\u{fffd}");
    assert_eq!(arg(r#""h\u00e9\ud83d\ude00""#).decode::<String>().unwrap(), "hé😀");
    let keys: BTreeMap<String, String> = arg(r#"{"1": "c", "null": "b", "1.5": "d"}"#).decode().unwrap();
    assert_eq!(keys["1.5"], "d");
    for text in ["NaN", "1180591620717411303424", r#""\ud800""#, "1.0", "1e-07", "1e+22"] {
        assert_eq!(arg(text).as_str(), text);
    }
}

#[test]
fn b08_odd_results_reach_the_caller() {
    let read = reply(r#"{"result": {"x": NaN}, "failure": null, "ending": true, "_msg_id": "m"}"#).unwrap();
    let result: BTreeMap<String, f64> = read.result.unwrap().decode().unwrap();
    assert!(result["x"].is_nan());
}

#[test]
fn b08_an_odd_value_does_not_touch_its_neighbours() {
    let read = request(r#"{"method": "m", "args": {"a": NaN, "b": {"c": 1}}, "_context_n": NaN}"#).unwrap();
    assert_eq!(read.args[1].1.decode::<Value>().unwrap(), value!({"c": 1}));
    assert_eq!(read.context[0].1.as_str(), "NaN");
}

#[test]
fn b08_odd_values_are_passed_on_verbatim() {
    let args: BTreeMap<&str, RawJson> =
        [("big", arg("[1180591620717411303424]")), ("half", arg(r#""\ud800""#)), ("nan", arg("NaN"))].into();
    let args = RawJson::encode(&args).unwrap();
    let context = Context::new().with("n", &arg("-Infinity")).unwrap();
    let outgoing = OutgoingRequest {
        method: "m",
        args: args.as_str(),
        namespace: None,
        version: None,
        call: None,
        unique_id: "fedcba9876544210bedcba9876543210".parse().unwrap(),
        context: &context,
    };
    let mut body = Vec::new();
    let format = Oslo2::new();
    format.encode_request(&outgoing, &Limits::default(), &mut body).unwrap();
    let read = format.decode_request(&body, &json(), &Limits::default()).unwrap();
    let values: Vec<&str> = read.args.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(values, ["[1180591620717411303424]", r#""\ud800""#, "NaN"]);
    assert_eq!(read.context[0].1.as_str(), "-Infinity");
}

#[test]
fn b08_oddities_are_counted() {
    let format = Oslo2::new();
    let ordinary = enveloped(r#"{"method": "m", "args": {"x": 1.5}}"#);
    format.decode_request(&ordinary, &json(), &Limits::default()).unwrap();
    assert_eq!(format.oddities().total(), 0);
    let odd = r#"{"method": "m", "args": {"x": [NaN, NaN, 99999999999999999999]}, "_context_c": "\udc00"}"#;
    format.decode_request(&enveloped(odd), &json(), &Limits::default()).unwrap();
    let half = r#"{"result": "\ud800", "failure": null, "ending": true, "_msg_id": "m"}"#;
    format.clone().decode_reply(&enveloped(half), &json(), &Limits::default()).unwrap();
    let found = format.oddities();
    assert_eq!((found.non_finite, found.big_integers, found.lone_surrogates), (2, 1, 2));
}
