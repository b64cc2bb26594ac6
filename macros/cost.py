#!/usr/bin/env python3
"""Measures what a contract costs its users to build.

Writes a crate with METHODS methods over ten argument and ten return types, with a service, an endpoint, a client and a call
of each, and the same crate without RPC; builds only that crate, several times, and prints medians of CPU time (steadier
than wall time on a shared machine), lines of unoptimised LLVM IR and the size of the release binary.

    macros/cost.py            # prints a Markdown table
"""

import os
import pathlib
import resource
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "macro-cost"
RUNS = int(os.environ.get("RUNS", "3"))

ARGS = ["u32", "u64", "bool", "String", "Vec<u32>", "Option<String>", "A0", "A1", "A2", "BTreeMap<String, String>"]
RETURNS = ["u32", "String", "Vec<String>", "Option<u64>", "R0", "R1", "R2", "Vec<R0>", "bool", "BTreeMap<String, u32>"]

TYPES = """
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct {name} {{ pub id: u64, pub name: String, pub tags: Vec<String>, pub note: Option<String> }}
"""


def methods(count):
    for i in range(count):
        yield f"method_{i}", [("first", ARGS[i % 10]), ("second", ARGS[(i * 3 + 1) % 10])], RETURNS[(i * 7) % 10]


def source(count, rpc):
    out = ["use serde::{Deserialize, Serialize};", "use std::collections::BTreeMap;"]
    out += [TYPES.format(name=name) for name in ["A0", "A1", "A2", "R0", "R1", "R2"]]
    error = "pub enum Failed {{ {gone} Gone {{ id: u64 }} }}"
    if rpc:
        out.append("use oslo_messaging::{Context, RpcError, endpoint};")
        out.append("#[derive(Debug, thiserror::Error, RpcError)]")
    else:
        out.append("pub struct Context;")
        out.append("#[derive(Debug, thiserror::Error)]")
    out.append(error.format(gone='#[error("gone")]'))
    if rpc:
        out.append('#[endpoint(version = "1.0", namespace = "cost")]\npub trait Cost {')
        for name, args, ret in methods(count):
            listed = ", ".join(f"{n}: {t}" for n, t in args)
            out.append(f"    async fn {name}(&self, ctx: &Context, {listed}) -> Result<{ret}, Failed>;")
        out.append("}")
    out.append("pub struct Service;\nimpl " + ("Cost for " if rpc else "") + "Service {")
    for name, args, ret in methods(count):
        listed = ", ".join(f"_{n}: {t}" for n, t in args)
        out.append(f"    async fn {name}(&self, _: &Context, {listed}) -> Result<{ret}, Failed> {{ Ok(Default::default()) }}")
    out.append("}\nasync fn calls() -> Result<(), Box<dyn std::error::Error>> {")
    out.append("    let client = CostClient::in_process(Service);\n    let ctx = Context::new();" if rpc
               else "    let client = Service;\n    let ctx = Context;")
    for name, args, _ in methods(count):
        values = ", ".join("Default::default()" for _ in args)
        out.append(f"    client.{name}(&ctx, {values}).await?;")
    out.append("    Ok(())\n}\nfn main() {")
    out.append("    let mut future = std::pin::pin!(calls());")
    out.append("    let mut context = std::task::Context::from_waker(std::task::Waker::noop());")
    out.append("    assert!(matches!(std::future::Future::poll(future.as_mut(), &mut context), std::task::Poll::Ready(Ok(()))));\n}")
    return "\n".join(out) + "\n"


def project(name, text):
    folder = WORK / name
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src" / "main.rs").write_text(text)
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "{name}"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n'
        f'oslo-messaging = {{ path = "{ROOT}/runtime", default-features = false }}\n'
        'serde = { version = "1", features = ["derive"] }\nthiserror = "2"\n'
    )
    (folder / "Cargo.lock").write_text((ROOT / "Cargo.lock").read_text())
    return folder


def cargo(folder, *arguments):
    env = dict(os.environ, CARGO_TARGET_DIR=str(WORK / "target"), CARGO_INCREMENTAL="0", CARGO_NET_OFFLINE="true", CARGO_TERM_QUIET="true")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["cargo", *arguments], cwd=folder, env=env, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median(folder, *arguments):
    times = []
    for run in range(RUNS + 1):
        os.utime(folder / "src" / "main.rs")
        time = cargo(folder, *arguments)
        if run > 0:  # the first one builds the dependencies
            times.append(time)
    return statistics.median(times)


def llvm_lines(folder):
    os.utime(folder / "src" / "main.rs")
    cargo(folder, "rustc", "--", "--emit=llvm-ir", "-Ccodegen-units=1", "-Cdebuginfo=0")
    files = (WORK / "target" / "debug" / "deps").glob(folder.name.replace("-", "_") + "-*.ll")
    newest = max(files, key=lambda file: file.stat().st_mtime)
    return sum(1 for line in newest.open() if line.startswith("  "))


def main():
    print("| crate | check, CPU s | build, CPU s | release build, CPU s | lines of LLVM IR | release binary, KiB |")
    print("|---|---|---|---|---|---|")
    lines = {}
    for count in [50, 100]:
        for rpc in [False, True]:
            name = f"{'contract' if rpc else 'plain'}-{count}"
            folder = project(name, source(count, rpc))
            check, build = median(folder, "check"), median(folder, "build")
            release = median(folder, "build", "--release")
            size = (WORK / "target" / "release" / name).stat().st_size // 1024
            lines[count, rpc] = llvm_lines(folder)
            print(f"| {name} | {check:.2f} | {build:.2f} | {release:.2f} | {lines[count, rpc]} | {size} |")
            sys.stdout.flush()
    per_method = [(lines[100, rpc] - lines[50, rpc]) / 50 for rpc in [False, True]]
    print(f"\nA method more: {per_method[1]:.0f} lines, of which {per_method[0]:.0f} are there without RPC.")


if __name__ == "__main__":
    main()
