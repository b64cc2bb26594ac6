//! The benchmark program: it runs, loses nothing, and prints what its readers' programs read. No figure is checked.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;
use tests::site::Site;
use tests::wait::within;
use tokio::process::Command;

/// For three peers, each a second of calls and its start, in a debug build on a busy machine.
const LIMIT: Duration = Duration::from_secs(180);

/// The program, built.
fn bench() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let build = std::process::Command::new(cargo)
        .args(["build", "--quiet", "-p", "benches", "--bin", "bench"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(build.unwrap().success(), "the benchmark builds");
    // This test stands in `<target>/debug/deps`.
    std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("bench")
}

/// What a run of calls prints for each peer.
async fn calls(peer: &str, url: &str) -> Vec<Value> {
    let arguments =
        ["run", "--what", "call", "--inflight", "8", "--seconds", "1", "--warmup", "0.2", "--json"];
    let run = Command::new(bench())
        .args(arguments)
        .args(["--peer", peer, "--url", url])
        .kill_on_drop(true)
        .output();
    let output = within(LIMIT, "the benchmark", run).await.unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let printed = String::from_utf8(output.stdout).unwrap();
    printed.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

/// Over `memory://` client and server are one process, the client's.
fn check(run: &Value, peer: &str, processes: &[&str]) {
    assert_eq!(run["peer"], peer);
    for figure in ["rate", "p50_us", "p99_us"] {
        assert!(run[figure].as_f64().is_some_and(|figure| figure > 0.0), "{figure} in {run}");
    }
    for process in processes {
        for figures in ["cpu_s_per_1000", "rss_kb"] {
            assert!(run[figures][process].is_number(), "{figures} of the {process} in {run}");
        }
    }
    assert_eq!((&run["errors"], &run["unroutable_ok"]), (&Value::from(0), &Value::from(true)), "{run}");
    let options = &run["options"];
    assert_eq!((&options["what"], &options["inflight"]), (&Value::from("call"), &Value::from(8)), "{run}");
    assert!(options["seconds"] == 1.0 && options["rounds"] == 1 && options["size"].is_number(), "{run}");
}

#[tokio::test]
async fn calls_in_memory_are_measured() {
    let runs = calls("ours", "memory://").await;
    assert_eq!(runs.len(), 1);
    check(&runs[0], "ours", &["client"]);
}

#[tokio::test]
async fn calls_of_every_peer_over_rabbitmq_are_measured() {
    let site = Site::new("bench").await;
    // Python's interpreter is that of the peers, which the program finds where these tests do.
    let runs = calls("all", &site.url).await;
    assert_eq!(runs.len(), 3);
    for (run, peer) in runs.iter().zip(["ours", "lapin", "python"]) {
        check(run, peer, &["client", "server"]);
    }
}
