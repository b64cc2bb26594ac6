use super::*;
use crate::contract::{EndpointDescriptor, MethodKind, Reply};
use crate::error::RejectionKind;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Serves what its descriptor says; every method answers its own name.
#[derive(Debug)]
struct Fixed(EndpointDescriptor);

impl Endpoint for Fixed {
    fn descriptor(&self) -> &EndpointDescriptor {
        &self.0
    }

    fn invoke(&self, _: usize, request: Request) -> Started {
        let answer = RawJson::encode(request.context().method()).unwrap();
        Ok(Box::pin(std::future::ready(Reply::Result(answer))))
    }
}

const fn method(name: &'static str) -> MethodDescriptor {
    MethodDescriptor::new(name, MethodKind::Call, Version::new(1, 0))
}

const AB: &[MethodDescriptor] = &[method("a"), method("b").aliases(&["old_b"])];
const BC: &[MethodDescriptor] = &[method("b"), method("c")];

fn fixed(name: &'static str, version: Version, methods: &'static [MethodDescriptor]) -> EndpointDescriptor {
    EndpointDescriptor::new(name, version, methods)
}

fn dispatcher(endpoints: &[EndpointDescriptor]) -> Dispatcher {
    Dispatcher::with_shadowing(arcs(endpoints))
}

fn arcs(endpoints: &[EndpointDescriptor]) -> Vec<Arc<dyn Endpoint>> {
    endpoints.iter().map(|e| Arc::new(Fixed(e.clone())) as Arc<dyn Endpoint>).collect()
}

/// `name.index` of what is found, or the refusal's class and text.
fn find(dispatcher: &Dispatcher, method: &str, namespace: Option<&str>, version: IncomingVersion) -> String {
    match dispatcher.find(method, namespace, &version) {
        Ok(found) => format!("{}.{}", dispatcher.endpoints[found.endpoint].descriptor().name, found.method),
        Err(refusal) => format!("{}: {}", refusal.failure.class, refusal.failure.message),
    }
}

fn is(major: u32, minor: u32) -> IncomingVersion {
    IncomingVersion::Is(Version::new(major, minor))
}

#[test]
fn the_first_endpoint_that_has_the_method_wins() {
    let d = dispatcher(&[fixed("First", Version::new(1, 5), AB), fixed("Second", Version::new(1, 9), BC)]);
    assert_eq!(find(&d, "a", None, is(1, 0)), "First.0");
    assert_eq!(find(&d, "b", None, is(1, 5)), "First.1");
    assert_eq!(find(&d, "old_b", None, is(1, 5)), "First.1");
    // The first one is too old for this request.
    assert_eq!(find(&d, "b", None, is(1, 6)), "Second.0");
    assert_eq!(find(&d, "c", None, IncomingVersion::Absent), "Second.1");
}

#[test]
fn a_missing_method_is_told_from_a_missing_version() {
    let d = dispatcher(&[fixed("E", Version::new(1, 5), AB).namespace("ns")]);
    let no_such = "NoSuchMethod: Endpoint does not support RPC method x";
    let unsupported = |version| {
        format!("UnsupportedVersion: Endpoint does not support RPC version {version}. Attempted method: a")
    };
    assert_eq!(find(&d, "x", Some("ns"), is(1, 1)), no_such);
    assert_eq!(find(&d, "a", Some("ns"), is(1, 6)), unsupported("1.6"));
    assert_eq!(find(&d, "a", Some("ns"), is(2, 0)), unsupported("2.0"));
    assert_eq!(find(&d, "a", None, IncomingVersion::Absent), unsupported("1.0"));
    assert_eq!(find(&d, "a", Some(""), IncomingVersion::Absent), unsupported("1.0"));
    assert_eq!(find(&d, "a", Some("ns"), IncomingVersion::Null), unsupported("None"));
    // With an endpoint of another version in the namespace, Python finds something compatible and blames the method.
    let two = dispatcher(&[fixed("Old", Version::new(1, 5), AB), fixed("New", Version::new(2, 0), BC)]);
    assert_eq!(
        find(&two, "a", None, is(2, 0)),
        "NoSuchMethod: Endpoint does not support RPC method a",
        "the new endpoint serves version 2.0 but not this method"
    );
}

#[test]
fn a_text_that_is_no_version_raises_only_where_python_reads_it() {
    let d = dispatcher(&[fixed("E", Version::new(1, 5), AB).namespace("ns")]);
    let one = || IncomingVersion::Invalid("1".to_owned());
    assert_eq!(find(&d, "a", Some("ns"), one()), "IndexError: list index out of range");
    let elsewhere = find(&d, "a", None, one());
    assert_eq!(elsewhere, "UnsupportedVersion: Endpoint does not support RPC version 1. Attempted method: a");
}

#[test]
fn legacy_namespaces_are_served_too() {
    let legacy = fixed("E", Version::new(1, 0), AB).namespace("new").legacy_namespaces(&[Some("old"), None]);
    let d = dispatcher(&[legacy]);
    for namespace in [Some("new"), Some("old"), None] {
        assert_eq!(find(&d, "a", namespace, is(1, 0)), "E.0", "{namespace:?}");
    }
    assert!(find(&d, "a", Some("other"), is(1, 0)).starts_with("UnsupportedVersion"));
}

#[test]
fn the_first_endpoint_wins_under_a_legacy_namespace_too() {
    let renamed = fixed("Renamed", Version::new(1, 0), BC).namespace("new").legacy_namespaces(&[Some("old")]);
    let old = fixed("Old", Version::new(1, 9), AB).namespace("old");
    let d = dispatcher(&[renamed, old]);
    assert_eq!(find(&d, "b", Some("old"), is(1, 0)), "Renamed.0");
    assert_eq!(find(&d, "b", Some("old"), is(1, 4)), "Old.1");
    assert_eq!(find(&d, "b", Some("new"), is(1, 0)), "Renamed.0");
}

/// Counts how often endpoints are asked what they are.
#[derive(Debug)]
struct Asked(EndpointDescriptor, Arc<AtomicUsize>);

impl Endpoint for Asked {
    fn descriptor(&self) -> &EndpointDescriptor {
        self.1.fetch_add(1, Relaxed);
        &self.0
    }

    fn invoke(&self, _: usize, _: Request) -> Started {
        Err(Refusal::no_such_method("invoked"))
    }
}

#[test]
fn endpoints_that_share_a_method_name_are_not_asked_one_after_the_other() {
    const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let asked = Arc::new(AtomicUsize::new(0));
    let endpoint = |name| {
        let descriptor = fixed(name, Version::new(1, 0), AB).namespace(name);
        Arc::new(Asked(descriptor, Arc::clone(&asked))) as Arc<dyn Endpoint>
    };
    let d = Dispatcher::with_shadowing(NAMES.into_iter().map(endpoint).collect());
    for name in NAMES {
        asked.store(0, Relaxed);
        let found = d.find("a", Some(name), &is(1, 0)).unwrap();
        assert_eq!(asked.load(Relaxed), 1, "only the one that serves {name} says whether it has the version");
        assert_eq!(d.descriptor(found).unwrap().wire_name, "a");
        assert_eq!(NAMES[found.endpoint], name);
    }
}

#[test]
fn endpoints_that_hide_each_other_are_found_when_the_server_is_built() {
    let v1 = || fixed("One", Version::new(1, 0), AB);
    let collision = Dispatcher::new(arcs(&[v1(), fixed("Two", Version::new(1, 3), BC)])).unwrap_err();
    assert_eq!(
        collision.to_string(),
        "`One` and `Two` both serve method `b` of the null namespace in major version 1; remove one, or allow shadowing \
         to let the first one win"
    );
    let in_legacy = fixed("Two", Version::new(1, 3), BC).namespace("ns").legacy_namespaces(&[None]);
    assert!(Dispatcher::new(arcs(&[v1(), in_legacy])).is_err());
    for other in [fixed("Two", Version::new(2, 0), BC), fixed("Two", Version::new(1, 0), BC).namespace("ns")]
    {
        assert!(Dispatcher::new(arcs(&[v1(), other])).is_ok());
    }
}

/// Panics at one of the hooks that a server calls.
#[derive(Debug)]
struct Panics(&'static str);

impl Serializer for Panics {
    fn deserialize_context(&self, context: Context) -> Result<Context, String> {
        assert_ne!(self.0, "context");
        Ok(context)
    }

    fn serialize_entity(&self, _: &Context, value: RawJson) -> Result<RawJson, String> {
        assert_ne!(self.0, "result");
        Ok(value)
    }
}

#[test]
fn a_serializer_that_panics_is_answered_as_a_handler_that_does() {
    for (place, answered) in [("context", false), ("result", false), ("nowhere", true)] {
        let d = dispatcher(&[fixed("E", Version::new(1, 0), AB)]).serializer(Some(Arc::new(Panics(place))));
        let found = d.find("a", None, &is(1, 0)).unwrap();
        let context = Context::received(Vec::new(), Delivery::default());
        let reply = crate::testing::block_on(d.start(found, Vec::new(), context).unwrap());
        match reply {
            Reply::Result(_) => assert!(answered, "{place}"),
            Reply::Internal { failure, .. } => {
                assert!(!answered, "{place}");
                assert_eq!(failure.class, "InternalError");
            }
            Reply::Declared(_) => panic!("{place}: a declared error"),
        }
    }
}

#[test]
fn a_dynamic_endpoint_takes_its_place_in_the_order() {
    let anything = || {
        let handler = async |_| Ok::<_, crate::error::RemoteFailure>(serde_json::Value::Null);
        Arc::new(crate::contract::DynEndpoint::new(handler)) as Arc<dyn Endpoint>
    };
    let listed = || Arc::new(Fixed(fixed("E", Version::new(1, 0), AB))) as Arc<dyn Endpoint>;
    let first = Dispatcher::new(vec![anything(), listed()]).unwrap();
    assert_eq!(find(&first, "a", None, is(1, 0)), "DynEndpoint.0");
    let last = Dispatcher::new(vec![listed(), anything()]).unwrap();
    assert_eq!(find(&last, "a", None, is(1, 0)), "E.0");
    assert_eq!(find(&last, "zz", None, is(1, 0)), "DynEndpoint.0");
    assert_eq!(last.find("_zz", None, &is(1, 0)).unwrap_err().kind, RejectionKind::NoSuchMethod);
}
