#!/usr/bin/env python3
"""Measures what a contract of 1 and of 100 methods costs to build, beside tarpc, tonic and jsonrpsee.

Writes a program for each library: a contract whose methods take a text and give one back, a service, a server, and a client
that calls every method; features as few as that takes. Builds only that program, several times, and prints medians of CPU
time (wall time says nothing on a shared machine), what `cargo llvm-lines` counts, and how many crates it stands on.

    benches/compile/peers.py [LIBRARY…]     # prints Markdown tables
    RUNS=1 benches/compile/peers.py tonic

Times are taken as macros/cost.py does. Needs `cargo install cargo-llvm-lines`, and the package registry for the other libraries.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / "macros"))
import cost  # noqa: E402

METHODS = [1, 100]
SERDE = 'serde = { version = "1", features = ["derive"] }\n'
TOKIO = 'tokio = { version = "1", features = ["rt-multi-thread", "macros", "net"] }\n'
OURS = 'oslo-messaging = {{ path = "{root}/runtime", default-features = false{features} }}\n'


def each(count, line):
    return "\n".join(line.format(i=i) for i in range(count))


def ours_trait(count):
    return (
        "use oslo_messaging::{Context, RemoteFailure, endpoint};\n"
        '#[endpoint(version = "1.0")]\npub trait Echo {\n'
        + each(count, "    async fn method_{i}(&self, ctx: &Context, text: String) -> Result<String, RemoteFailure>;")
        + "\n}\npub struct Service;\nimpl Echo for Service {\n"
        + each(count, "    async fn method_{i}(&self, _: &Context, text: String) -> Result<String, RemoteFailure> {{ Ok(text) }}")
        + "\n}\n"
    )


def ours_calls(count):
    return each(count, '    println!("{{:?}}", client.method_{i}(&ctx, "text".to_owned()).await);')


def contract_only(count):
    return {
        "src/main.rs": ours_trait(count)
        + "fn main() {\n    oslo_messaging::testing::block_on(async {\n"
        + "    let (client, ctx) = (EchoClient::in_process(Service), Context::new());\n"
        + ours_calls(count)
        + "\n    });\n}\n"
    }


def ours(count):
    return {
        "src/main.rs": ours_trait(count)
        + "use oslo_messaging::{RpcServer, Target, Transport};\n"
        + "#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {\n"
        + '    let transport = Transport::connect(std::env::args().nth(1).unwrap_or_default())?;\n'
        + '    let server = RpcServer::builder(&transport, Target::server("echo", "one")).endpoint(EchoEndpoint::new(Service)).build()?;\n'
        + "    server.start().await?;\n"
        + '    let (client, ctx) = (EchoClient::new(&transport, Target::topic("echo")), Context::new());\n'
        + ours_calls(count)
        + "\n    Ok(())\n}\n"
    }


def tarpc(count):
    return {
        "src/main.rs": "use futures_util::StreamExt;\nuse tarpc::server::{BaseChannel, Channel};\n"
        "use tarpc::tokio_serde::formats::Json;\nuse tarpc::{client, context, serde_transport::tcp};\n"
        "#[tarpc::service]\npub trait Echo {\n"
        + each(count, "    async fn method_{i}(text: String) -> Result<String, String>;")
        + "\n}\n#[derive(Clone)]\npub struct Service;\nimpl Echo for Service {\n"
        + each(count, "    async fn method_{i}(self, _: context::Context, text: String) -> Result<String, String> {{ Ok(text) }}")
        + "\n}\n#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {\n"
        '    let mut listener = tcp::listen("127.0.0.1:0", Json::default).await?;\n'
        "    let address = listener.local_addr();\n"
        "    tokio::spawn(async move {\n"
        "        while let Some(Ok(transport)) = listener.next().await {\n"
        "            let requests = BaseChannel::with_defaults(transport).execute(Service.serve());\n"
        "            tokio::spawn(requests.for_each(|request| async { tokio::spawn(request); }));\n"
        "        }\n    });\n"
        "    let client = EchoClient::new(client::Config::default(), tcp::connect(address, Json::default).await?).spawn();\n"
        + each(count, '    println!("{{:?}}", client.method_{i}(context::current(), "text".to_owned()).await);')
        + "\n    Ok(())\n}\n"
    }


def tonic(count):
    return {
        "echo.proto": 'syntax = "proto3";\npackage echo;\nmessage Text { string text = 1; }\nservice Echo {\n'
        + each(count, "  rpc Method{i}(Text) returns (Text);")
        + "\n}\n",
        "build.rs": "fn main() -> Result<(), Box<dyn std::error::Error>> {\n"
        '    let descriptors = protox::compile(["echo.proto"], ["."])?;\n'
        "    Ok(tonic_prost_build::configure().compile_fds(descriptors)?)\n}\n",
        "src/main.rs": 'pub mod echo {\n    tonic::include_proto!("echo");\n}\n'
        "use echo::Text;\nuse echo::echo_client::EchoClient;\nuse echo::echo_server::{Echo, EchoServer};\n"
        "use tonic::transport::Server;\nuse tonic::{Request, Response, Status};\n"
        "pub struct Service;\n#[tonic::async_trait]\nimpl Echo for Service {\n"
        + each(count, "    async fn method{i}(&self, request: Request<Text>) -> Result<Response<Text>, Status> {{ Ok(Response::new(request.into_inner())) }}")
        + "\n}\n#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {\n"
        '    tokio::spawn(Server::builder().add_service(EchoServer::new(Service)).serve("127.0.0.1:50051".parse()?));\n'
        '    let mut client = EchoClient::connect("http://127.0.0.1:50051").await?;\n'
        + each(count, '    println!("{{:?}}", client.method{i}(Text {{ text: "text".to_owned() }}).await);')
        + "\n    Ok(())\n}\n",
    }


def jsonrpsee(count):
    return {
        "src/main.rs": "use jsonrpsee::core::{RpcResult, async_trait};\nuse jsonrpsee::proc_macros::rpc;\n"
        "use jsonrpsee::server::Server;\nuse jsonrpsee::ws_client::WsClientBuilder;\n"
        "#[rpc(server, client)]\npub trait Echo {\n"
        + each(count, '    #[method(name = "method_{i}")]\n    async fn method_{i}(&self, text: String) -> RpcResult<String>;')
        + "\n}\npub struct Service;\n#[async_trait]\nimpl EchoServer for Service {\n"
        + each(count, "    async fn method_{i}(&self, text: String) -> RpcResult<String> {{ Ok(text) }}")
        + "\n}\n#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {\n"
        '    let server = Server::builder().build("127.0.0.1:0").await?;\n    let address = server.local_addr()?;\n'
        "    let _running = server.start(Service.into_rpc());\n"
        '    let client = WsClientBuilder::default().build(format!("ws://{address}")).await?;\n'
        + each(count, '    println!("{{:?}}", client.method_{i}("text".to_owned()).await);')
        + "\n    Ok(())\n}\n"
    }


def features(*names):
    return OURS.format(root=ROOT, features=", features = [" + ", ".join(f'"{name}"' for name in names) + "]" if names else "")


LIBRARIES = {
    "oslo-messaging, contract only": (contract_only, features()),
    "oslo-messaging, memory": (ours, features("memory") + TOKIO),
    "oslo-messaging, rabbit": (ours, features("rabbit") + TOKIO),
    "oslo-messaging, transport": (ours, features("transport") + TOKIO),
    "oslo-messaging, all features": (ours, features("rabbit", "memory", "config") + TOKIO),
    "tarpc 0.38, TCP and JSON": (
        tarpc,
        'tarpc = { version = "0.38", features = ["serde1", "tokio1", "serde-transport", "serde-transport-json", "tcp"] }\n'
        'futures-util = { version = "0.3", default-features = false }\n' + SERDE + TOKIO,
    ),
    "tonic 0.14": (
        tonic,
        'tonic = "0.14"\ntonic-prost = "0.14"\nprost = "0.14"\n' + TOKIO
        + '[build-dependencies]\ntonic-prost-build = "0.14"\nprotox = "0.9"\n',
    ),
    "jsonrpsee 0.26": (jsonrpsee, 'jsonrpsee = { version = "0.26", features = ["server", "ws-client", "macros"] }\n' + SERDE + TOKIO),
}


def project(library, count):
    write, dependencies = LIBRARIES[library]
    name = "".join(c if c.isalnum() else "-" for c in library.split(" 0")[0].replace(",", "")) + f"-{count}"
    folder = cost.WORK / name
    (folder / "src").mkdir(parents=True, exist_ok=True)
    for file, text in write(count).items():
        (folder / file).write_text(text)
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "{name}"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n{dependencies}')
    if library.startswith("oslo"):
        (folder / "Cargo.lock").write_text((ROOT / "Cargo.lock").read_text())
    subprocess.run(["cargo", "fetch", "--quiet"], cwd=folder, check=True)
    return folder


def crates(folder):
    """What is linked or run at build time for this platform, the program itself aside."""
    tree = ["cargo", "tree", "--offline", "--edges=normal,build", "--prefix=none", "--no-dedupe", "--format={p}"]
    listed = subprocess.run(tree, cwd=folder, check=True, capture_output=True, text=True).stdout.splitlines()
    return len({line.split(" (")[0] for line in listed if line}) - 1


def llvm_lines(folder):
    """All lines of the program's unoptimised LLVM IR, as `cargo llvm-lines` counts them."""
    env = dict(os.environ, CARGO_TARGET_DIR=str(cost.WORK / "target"))
    tool = ["cargo", "llvm-lines", "--quiet"]
    counted = subprocess.run(tool, cwd=folder, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout
    return next(int(line.split()[0]) for line in counted.splitlines() if line.endswith("(TOTAL)"))


def main():
    chosen = [name for name in LIBRARIES if not sys.argv[1:] or any(name.startswith(word) for word in sys.argv[1:])]
    print("| library | methods | check, CPU s | build, CPU s | release build, CPU s | llvm-lines | crates |")
    print("|---|---|---|---|---|---|---|")
    for library in chosen:
        lines = {}
        for count in METHODS:
            folder = project(library, count)
            check, build = cost.median(folder, "check"), cost.median(folder, "build")
            release = cost.median(folder, "build", "--release")
            lines[count] = llvm_lines(folder)
            print(f"| {library} | {count} | {check:.2f} | {build:.2f} | {release:.2f} | {lines[count]} | {crates(folder)} |", flush=True)
        few, many = METHODS
        print(f"{library}: {(lines[many] - lines[few]) / (many - few):.0f} lines a method", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
