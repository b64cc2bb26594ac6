//! `#[derive(RpcError)]` in both directions, against failures as Python and Rust peers send them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use oslo_messaging::RpcError;
use oslo_messaging::error::{Failing, RemoteFailure};
use serde_json::{Value, json};

#[derive(Debug, PartialEq, thiserror::Error, RpcError)]
#[rpc_error(module = "nova.exception")]
enum ComputeError {
    #[error("Instance {instance_id} could not be found.")]
    InstanceNotFound { instance_id: String, host: Option<String> },
    #[error("Quota exceeded for {0}: {1} requested")]
    #[rpc_error(class = "OverQuota", also = ["nova.exception_old.QuotaError", "cinder.exception.OverLimit"])]
    QuotaExceeded(String, u32),
    #[error("busy")]
    #[rpc_error(module = "nova.busy")]
    Busy,
    #[error("no {type}")]
    Raw { r#type: u8 },
    #[error("cannot read the disk")]
    #[rpc_error(internal)]
    Internal(#[source] Unprintable),
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("sector {0} is bad")]
struct Unprintable(u32);

#[derive(Debug, thiserror::Error, RpcError)]
enum Everything {
    #[error("known")]
    Known,
    #[error("{0}")]
    #[rpc_error(other)]
    Other(RemoteFailure),
}

#[derive(Debug, PartialEq, thiserror::Error, RpcError)]
#[error("denied: {reason}")]
#[rpc_error(module = "policy", class = "PolicyNotAuthorized")]
struct Denied {
    reason: String,
}

fn failure(module: &str, class: &str, args: &[Value], kwargs: Value) -> RemoteFailure {
    let mut failure = RemoteFailure::new(module, class, "text");
    let raw = |value: &Value| serde_json::from_value(value.clone()).unwrap();
    failure.args = args.iter().map(raw).collect();
    failure.kwargs = kwargs.as_object().unwrap().iter().map(|(k, v)| (k.clone(), raw(v))).collect();
    failure
}

fn declared<E: RpcError>(error: &E) -> RemoteFailure {
    match error.to_failure() {
        Failing::Declared(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn named_fields_travel_as_keyword_arguments() {
    let error = ComputeError::InstanceNotFound { instance_id: "i-1".to_owned(), host: None };
    let sent = declared(&error);
    assert_eq!((sent.module.as_str(), sent.class.as_str()), ("nova.exception", "InstanceNotFound"));
    assert_eq!(sent.message, "Instance i-1 could not be found.");
    let kwargs: Vec<_> = sent.kwargs.iter().map(|(k, v)| format!("{k}={v}")).collect();
    assert_eq!(kwargs, ["instance_id=\"i-1\"", "host=null"]);
    assert_eq!(ComputeError::from_failure(&sent), Some(error));
}

#[test]
fn tuple_fields_travel_as_positional_arguments() {
    let error = ComputeError::QuotaExceeded("cores".to_owned(), 9);
    let sent = declared(&error);
    assert_eq!(sent.class, "OverQuota");
    assert_eq!(sent.args.iter().map(ToString::to_string).collect::<Vec<_>>(), ["\"cores\"", "9"]);
    assert_eq!(ComputeError::from_failure(&sent), Some(error));
}

#[test]
fn every_listed_class_selects_the_variant() {
    for (module, class) in [
        ("nova.exception", "OverQuota"),
        ("nova.exception_old", "QuotaError"),
        ("cinder.exception", "OverLimit"),
    ] {
        let received = failure(module, class, &[json!("cores"), json!(9)], json!({}));
        let expected = ComputeError::QuotaExceeded("cores".to_owned(), 9);
        assert_eq!(ComputeError::from_failure(&received), Some(expected), "{module}.{class}");
    }
}

#[test]
fn module_and_class_must_both_fit() {
    assert_eq!(declared(&ComputeError::Busy).module, "nova.busy");
    assert_eq!(
        ComputeError::from_failure(&failure("nova.busy", "Busy", &[], json!({}))),
        Some(ComputeError::Busy)
    );
    assert_eq!(ComputeError::from_failure(&failure("nova.exception", "Busy", &[], json!({}))), None);
    assert_eq!(ComputeError::from_failure(&failure("nova.busy", "OverQuota", &[], json!({}))), None);
}

#[test]
fn fields_that_do_not_fit_make_it_none_of_these() {
    let fits = json!({"instance_id": "i", "unknown": 1});
    assert!(ComputeError::from_failure(&failure("nova.exception", "InstanceNotFound", &[], fits)).is_some());
    for kwargs in [json!({}), json!({"instance_id": 7}), json!({"instance_id": "i", "host": 7})] {
        let received = failure("nova.exception", "InstanceNotFound", &[], kwargs.clone());
        assert_eq!(ComputeError::from_failure(&received), None, "{kwargs}");
    }
}

#[test]
fn keywords_travel_by_their_plain_name() {
    assert_eq!(declared(&ComputeError::Raw { r#type: 1 }).kwargs[0].0, "type");
}

#[test]
fn an_internal_error_keeps_its_text_on_this_side() {
    let Failing::Internal { failure, cause } = ComputeError::Internal(Unprintable(7)).to_failure() else {
        panic!("declared")
    };
    assert_eq!(failure.class, "Internal");
    assert!(!failure.message.contains("disk") && failure.args.is_empty() && failure.kwargs.is_empty());
    assert_eq!(cause, "cannot read the disk: sector 7 is bad");
    assert_eq!(ComputeError::from_failure(&failure), None, "what is hidden cannot be made again");
}

#[test]
fn other_takes_the_rest_and_gives_it_back_whole() {
    let module = module_path!();
    assert!(matches!(
        Everything::from_failure(&failure(module, "Known", &[], json!({}))),
        Some(Everything::Known)
    ));
    let received = failure("builtins", "ValueError", &[json!("no")], json!({}));
    let Some(Everything::Other(kept)) = Everything::from_failure(&received) else { panic!("not other") };
    assert_eq!(kept, received);
    assert_eq!(declared(&Everything::Other(kept)), received);
}

#[test]
fn a_struct_is_an_error_of_one_class() {
    let sent = declared(&Denied { reason: "no role".to_owned() });
    assert_eq!((sent.module.as_str(), sent.class.as_str()), ("policy", "PolicyNotAuthorized"));
    assert_eq!(Denied::from_failure(&sent), Some(Denied { reason: "no role".to_owned() }));
}
