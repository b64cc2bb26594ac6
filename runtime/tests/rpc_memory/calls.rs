//! What a caller gets back.

use crate::support::{client, echo, no_context, server, transport};
use serde_json::{Value, json};

#[tokio::test]
async fn a_call_comes_back_with_its_result() {
    let transport = transport();
    let handle = server(&transport, "t", echo).build().unwrap().start().await.unwrap();
    let answer = client(&transport, "t").call(&no_context(), "show", &json!({"id": 7})).await.unwrap();
    assert_eq!(answer.decode::<Value>().unwrap(), json!({"method": "show", "args": {"id": 7}}));
    assert_eq!(handle.stats().succeeded, 1);
    assert_eq!(transport.stats().replies, 1);
    assert_eq!(transport.stats().calls_in_flight, 0);
}
