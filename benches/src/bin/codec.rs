//! Measures the codec alone: a typed request to a body and back, against what one writes first (a `serde_json::Value` in a
//! `serde_json::Value`). No broker. Prints the table of `docs/results/codec.md`.
//!
//! `cargo run --release -p benches --bin codec`

#![allow(clippy::print_stdout, reason = "the table is the program's output")]

use oslo_messaging::context::Context;
use oslo_messaging::id::MessageId;
use oslo_messaging::json::RawJson;
use oslo_messaging::wire::{Limits, Oslo2, OutgoingCall, OutgoingRequest, Properties, WireFormat};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long one sample runs about: shorter than a scheduler's turn, so that on a busy machine many are undisturbed.
const SAMPLE: Duration = Duration::from_millis(1);
const SAMPLES: usize = 300;

/// What an OpenStack service sends: an object with texts, numbers, lists and nulls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Instance {
    uuid: String,
    display_name: String,
    host: Option<String>,
    vcpus: u32,
    memory_mb: u64,
    progress: f64,
    metadata: Vec<(String, String)>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Args {
    instances: Vec<Instance>,
}

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// One way to write and read a request.
trait Codec {
    fn encode(&self, args: &Args, body: &mut Vec<u8>) -> Outcome;
    fn decode(&self, body: &[u8]) -> Outcome<Args>;
}

struct Ours {
    format: Oslo2,
    properties: Properties,
    context: Context,
    id: MessageId,
}

impl Codec for Ours {
    fn encode(&self, args: &Args, body: &mut Vec<u8>) -> Outcome {
        let args = RawJson::encode(args)?;
        let request = OutgoingRequest {
            method: "build_instances",
            args: args.as_str(),
            namespace: None,
            version: None,
            call: Some(OutgoingCall {
                message_id: self.id,
                reply_to: "reply_4833bf41ed114a20a2ab3f3a75ac71de",
                monitor: None,
                timeout: Duration::from_secs(60),
            }),
            unique_id: self.id,
            context: &self.context,
        };
        self.format.encode_request(&request, &Limits::default(), body)?;
        Ok(())
    }

    fn decode(&self, body: &[u8]) -> Outcome<Args> {
        let request = self.format.decode_request(body, &self.properties, &Limits::default())?;
        let (_, instances) = request.args.into_iter().next().ok_or("no argument")?;
        Ok(Args { instances: instances.decode()? })
    }
}

struct Naive {
    id: String,
}

impl Codec for Naive {
    fn encode(&self, args: &Args, body: &mut Vec<u8>) -> Outcome {
        let message = json!({
            "method": "build_instances",
            "args": serde_json::to_value(args)?,
            "_msg_id": self.id,
            "_reply_q": "reply_4833bf41ed114a20a2ab3f3a75ac71de",
            "_timeout": null,
            "_unique_id": self.id,
            "_deadline_ms": 60000,
            "_context_user": "admin",
        });
        let envelope = json!({ "oslo.version": "2.0", "oslo.message": message.to_string() });
        serde_json::to_writer(body, &envelope)?;
        Ok(())
    }

    fn decode(&self, body: &[u8]) -> Outcome<Args> {
        let envelope: Value = serde_json::from_slice(body)?;
        let mut message: Value =
            serde_json::from_str(envelope["oslo.message"].as_str().ok_or("no message")?)?;
        Ok(serde_json::from_value(message["args"].take())?)
    }
}

fn args(instances: usize) -> Args {
    let instance = |n: usize| Instance {
        uuid: format!("7a1f0c1e-{n:04}-4b5d-9e27-5d1f6d1a2b3c"),
        display_name: format!("web-{n} \"blue\" é中"),
        host: (!n.is_multiple_of(3)).then(|| format!("compute-{n}.example.org")),
        vcpus: 4,
        memory_mb: 8192,
        progress: 0.25 * f64::from(u32::try_from(n).unwrap_or_default()),
        metadata: (0..2 * (n.min(1)))
            .map(|k| (format!("key{k}"), "value\nof several\twords".to_owned()))
            .collect(),
    };
    Args { instances: (0..instances).map(instance).collect() }
}

/// Nanoseconds a run takes, sample by sample.
fn sample(mut run: impl FnMut() -> Outcome) -> Outcome<f64> {
    let mut runs = 0_u32;
    let start = Instant::now();
    loop {
        run()?;
        runs += 1;
        let elapsed = start.elapsed();
        if elapsed >= SAMPLE {
            return Ok(elapsed.as_secs_f64() * 1e9 / f64::from(runs));
        }
    }
}

/// The least and the median.
fn figures(mut samples: Vec<f64>) -> (f64, f64) {
    samples.sort_by(f64::total_cmp);
    (
        samples.first().copied().unwrap_or_default(),
        samples.get(samples.len() / 2).copied().unwrap_or_default(),
    )
}

fn main() -> Outcome {
    let ours = Ours {
        format: Oslo2::new(),
        properties: Properties { content_type: Some("application/json".into()), ..Properties::default() },
        context: Context::new().with("user", "admin")?,
        id: MessageId::random(),
    };
    let naive = Naive { id: ours.id.to_string() };
    println!("| body | what | naive ns (min, median) | ours ns (min, median) | ratio of minima |");
    println!("|---|---|---|---|---|");
    for instances in [0, 1, 8, 230] {
        let args = args(instances);
        let mut body = Vec::new();
        ours.encode(&args, &mut body)?;
        for codec in [&ours as &dyn Codec, &naive] {
            if codec.decode(&body)? != args {
                return Err("the codecs disagree".into());
            }
        }
        // By turns, so that noise of the machine hits both.
        let mut samples = [const { Vec::new() }; 4];
        let mut buffer = Vec::new();
        for _ in 0..SAMPLES {
            for (index, codec) in [&naive as &dyn Codec, &ours].into_iter().enumerate() {
                samples[index].push(sample(|| {
                    buffer.clear();
                    codec.encode(black_box(&args), &mut buffer)?;
                    black_box(&buffer);
                    Ok(())
                })?);
                samples[index + 2]
                    .push(sample(|| codec.decode(black_box(&body)).map(|args| drop(black_box(args))))?);
            }
        }
        let [naive_encode, ours_encode, naive_decode, ours_decode] = samples.map(figures);
        for (what, naive, ours) in
            [("encode", naive_encode, ours_encode), ("decode", naive_decode, ours_decode)]
        {
            println!(
                "| {} B body | {what} | {:.0}, {:.0} | {:.0}, {:.0} | {:.2} |",
                body.len(),
                naive.0,
                naive.1,
                ours.0,
                ours.1,
                naive.0 / ours.0
            );
        }
    }
    Ok(())
}
