//! Mutated captures and grown nonsense: whatever comes, the codec answers and does not panic. The seed is fixed, so a failure
//! comes again.

use super::json;
use oslo_messaging::json::RawJson;
use oslo_messaging::wire::{Limits, Oslo2, Properties, WireFormat};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestRng, TestRunner};

/// Everything that a received body can be read as.
fn read_all(body: &[u8], properties: &Properties) {
    let mut limits = Limits::default();
    limits.body = 1 << 16;
    let format = Oslo2::new();
    if let Ok(request) = format.decode_request(body, properties, &limits) {
        for (_, value) in request.args.iter().chain(&request.context) {
            let _ = value.decode::<serde_json::Value>();
            let _ = value.decode::<Vec<Option<f64>>>();
            // Whatever was let through is a value that can be passed on.
            assert_eq!(RawJson::encode(value).unwrap().as_str(), value.as_str());
        }
    }
    if let Ok(reply) = format.decode_reply(body, properties, &limits) {
        let _ = reply.result.map(|result| result.decode::<serde_json::Value>());
    }
}

fn corpus() -> Vec<(Vec<u8>, Properties)> {
    let files = [
        include_str!("../data/captures.jsonl"),
        include_str!("../data/b04_scenarios.jsonl"),
        include_str!("../data/raw_server_tolerance.jsonl"),
        include_str!("../data/raw_client_tolerance.jsonl"),
    ];
    let rows = files.into_iter().flat_map(str::lines).map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let compression = row["compression"].as_str().map(|header| header.to_owned().into());
        let body = match row["body_hex"].as_str() {
            Some(hex) => {
                let digits = hex.as_bytes().chunks(2);
                digits.map(|d| u8::from_str_radix(std::str::from_utf8(d).unwrap(), 16).unwrap()).collect()
            }
            None => row["body"].as_str().unwrap().as_bytes().to_vec(),
        };
        (body, Properties { compression, ..json() })
    });
    rows.collect()
}

/// Pieces that parsers stumble over.
const PIECES: [&str; 16] = [
    "\"",
    "\\",
    "\\\"",
    "\\\\\\\"",
    "\\u",
    "\\ud800",
    "\\\\ud800",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "NaN",
    "-Infinity",
    "99999999999999999999999999999999999999999999",
];

#[test]
fn mutated_captures_never_panic() {
    let corpus = corpus();
    let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, b"a fixed seed: a failure is rerun");
    let mut below = |bound: usize| usize::try_from(rng.next_u64()).unwrap_or_default() % bound.max(1);
    for (body, properties) in &corpus {
        read_all(body, properties);
        for _ in 0..12 {
            let mut body = body.clone();
            for _ in 0..=below(4) {
                let at = below(body.len());
                match below(5) {
                    0 => body.truncate(at),
                    1 => body[at..].iter_mut().take(1).for_each(|byte| *byte ^= 1 << (at % 8)),
                    2 => drop(body.splice(at..at, PIECES[below(PIECES.len())].bytes())),
                    3 => {
                        let end = (at + below(20)).min(body.len());
                        drop(body.splice(at..end, []));
                    }
                    _ => {
                        let end = (at + below(200)).min(body.len());
                        let copy = body[at..end].to_vec();
                        drop(body.splice(at..at, copy));
                    }
                }
            }
            read_all(&body, properties);
        }
    }
}

#[test]
fn random_bytes_never_panic() {
    let config =
        Config { rng_seed: RngSeed::Fixed(7), cases: 500, failure_persistence: None, ..Config::default() };
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    TestRunner::new(config)
        .run(&bytes, |body| {
            read_all(&body, &json());
            for header in ["application/x-gzip", "application/x-bz2", ""] {
                read_all(&body, &Properties { compression: Some(header.into()), ..json() });
            }
            Ok(())
        })
        .unwrap();
}
