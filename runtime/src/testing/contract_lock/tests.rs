use super::*;
use crate::contract::{ArgDescriptor, MethodDescriptor, MethodKind};
use crate::version::Version;

const SHOW: MethodDescriptor = MethodDescriptor::new("show", MethodKind::Call, Version::new(1, 0))
    .args(&[ArgDescriptor::new("id", "u32")])
    .returns("Result<String, E>");

fn contract(version: (u32, u32), methods: &'static [MethodDescriptor]) -> EndpointDescriptor {
    EndpointDescriptor::new("Compute", Version::new(version.0, version.1), methods).namespace("compute")
}

/// What the assertion says after the locked contract became `now`; nothing when it passes.
fn after(now: &EndpointDescriptor) -> String {
    let folder = std::env::temp_dir().join(format!("contract-lock-{}", crate::id::MessageId::random()));
    let path = folder.join("compute.json");
    check(&contract((1, 4), &[SHOW]), &path, true).unwrap();
    let outcome = check(now, &path, false);
    std::fs::remove_dir_all(folder).unwrap();
    outcome.err().unwrap_or_default()
}

#[test]
fn an_unchanged_contract_passes() {
    assert_eq!(after(&contract((1, 4), &[SHOW])), "");
    assert_eq!(after(&contract((1, 4), &[SHOW]).doc("new words")), "");
}

#[test]
fn what_older_peers_miss_needs_a_major_version() {
    const REMOVED: &[MethodDescriptor] = &[];
    const RENAMED: &[MethodDescriptor] = &[SHOW.wire_name("display")];
    const CAST: &[MethodDescriptor] = &[MethodDescriptor::new("show", MethodKind::Cast, Version::new(1, 0))];
    const REQUIRED: &[MethodDescriptor] =
        &[SHOW.args(&[ArgDescriptor::new("id", "u32"), ArgDescriptor::new("host", "String")])];
    const RETYPED: &[MethodDescriptor] = &[SHOW.args(&[ArgDescriptor::new("id", "Uuid")])];
    for methods in [REMOVED, RENAMED, CAST, REQUIRED, RETYPED] {
        let text = after(&contract((1, 5), methods));
        assert!(text.contains("this needs version 2.0, but the contract says 1.5"), "{text}");
    }
    let text = after(&contract((2, 0), REMOVED));
    assert!(text.contains("method `show` removed") && text.contains("version 2.0 allows for that"), "{text}");
}

#[test]
fn what_is_added_needs_a_minor_version() {
    const METHOD: &[MethodDescriptor] =
        &[SHOW, MethodDescriptor::new("list", MethodKind::Call, Version::new(1, 5))];
    const OPTIONAL: &[MethodDescriptor] = &[SHOW.args(&[
        ArgDescriptor::new("id", "u32"),
        ArgDescriptor::new("host", "String").since(Version::new(1, 5)),
    ])];
    for methods in [METHOD, OPTIONAL] {
        let text = after(&contract((1, 4), methods));
        assert!(text.contains("this needs version 1.5, but the contract says 1.4"), "{text}");
        let text = after(&contract((1, 5), methods));
        assert!(text.contains("version 1.5 allows for that"), "{text}");
    }
}

#[test]
fn an_option_is_optional_by_whatever_path() {
    const PATH: &[MethodDescriptor] = &[SHOW
        .args(&[ArgDescriptor::new("id", "u32"), ArgDescriptor::new("host", "::std::option::Option<u8>")])];
    const NAMESAKE: &[MethodDescriptor] =
        &[SHOW.args(&[ArgDescriptor::new("id", "u32"), ArgDescriptor::new("host", "OptionalHost")])];
    assert!(after(&contract((1, 4), PATH)).contains("optional argument `host`"));
    assert!(after(&contract((1, 4), NAMESAKE)).contains("required argument `host`"));
}

#[test]
fn a_missing_file_says_how_to_make_it() {
    let text = check(&contract((1, 0), &[SHOW]), Path::new("/nonexistent/compute.json"), false).unwrap_err();
    assert!(text.contains("/nonexistent/compute.json") && text.contains("UPDATE_CONTRACTS=1"), "{text}");
}
