"""A real oslo.messaging RPC server. argv[1] is its specification as JSON:

    url, topic, servers: [name, ...], exchange, conf

Events on standard output: `ready` when every server listens, `request` for each method that runs, `stopped`.
Commands on standard input: {"op": "state"} answers {"event": "state"}, {"op": "open", "gate": G} lets `wait_at(G)` go
on. The end of standard input stops it.
"""
import collections
import json
import sys
import threading
import time

import oslo_messaging
from oslo_config import cfg

import odd_values
import peer
import peer_errors

GATES = collections.defaultdict(threading.Event)


class Recording:
    """Writes down what runs. Methods call it themselves: a decorator would be one more frame in each traceback."""

    server = None

    def ran(self, method, context, **arguments):
        peer.emit(event="request", server=self.server, method=method, args=peer.readable(arguments),
                  shown=repr(arguments)[:200], context=peer.readable(context))


class Endpoint(Recording):
    """No namespace, version 1.0: the endpoints of oslo.messaging's functional tests, and ways to fail.

    What changes the state says so after the change, so that whoever has waited for the event sees the new state.
    """

    def __init__(self, server):
        self.server = server
        self.number = 0
        self.text = ""
        self.lock = threading.Lock()

    def add(self, context, increment):
        with self.lock:
            self.number += increment
            self.ran("add", context, increment=increment)
            return self.number

    def subtract(self, context, increment):
        self.ran("subtract", context, increment=increment)
        if self.number == 0:
            raise ValueError("ival can't go negative!")
        self.number -= increment
        return self.number

    def append(self, context, text):
        with self.lock:
            self.text += text
            self.ran("append", context, text=text)
            return self.text

    def long_running_task(self, context, seconds):
        self.ran("long_running_task", context, seconds=seconds)
        time.sleep(seconds)

    def delay(self, context, seconds=4):
        self.ran("delay", context, seconds=seconds)
        time.sleep(seconds)
        return seconds

    def wait_at(self, context, gate):
        self.ran("wait_at", context, gate=gate)
        if not GATES[gate].wait(60):
            raise RuntimeError("nobody opened the gate %s" % gate)
        return gate

    def test(self, context, echo):
        self.ran("test", context, echo=echo)
        return echo

    def echo(self, context, x=None):
        self.ran("echo", context, x=x)
        return x

    def odd(self, context, name):
        self.ran("odd", context, name=name)
        return odd_values.ODD[name]

    def describe(self, context, x):
        self.ran("describe", context, x=x)
        return repr(x)

    def length(self, context, x):
        self.ran("length", context, x=x)
        return len(x)

    def whoami(self, context):
        self.ran("whoami", context)
        return self.server

    def get_context(self, context):
        self.ran("get_context", context)
        return context

    def get_state(self, context):
        self.ran("get_state", context)
        return {"ival": self.number, "sval": self.text}

    def none(self, context):
        self.ran("none", context)
        return None

    def boom_builtin(self, context):
        self.ran("boom_builtin", context)
        raise ValueError("bad value", 42)

    def raise_custom(self, context):
        self.ran("raise_custom", context)
        raise peer_errors.CustomError("custom went wrong", code=13)

    def raise_with_keywords(self, context):
        self.ran("raise_with_keywords", context)
        raise peer_errors.KeywordError(instance_id="i-1", host="h1")

    def raise_own_type_error(self, context):
        self.ran("raise_own_type_error", context)
        return "text" + 1

    @oslo_messaging.expected_exceptions(KeyError)
    def raise_expected(self, context):
        raise KeyError("missing")


def versioned(namespace, version, method, legacy=None):
    """An endpoint in a namespace whose only method says which endpoint it is."""
    def run(self, context, **arguments):
        self.ran(method, context, **arguments)
        if method == "legacy":
            return "legacy ok"
        return arguments["echo"] if "echo" in arguments else ["%s-%s" % (namespace, version), arguments.get("x")]
    target = oslo_messaging.Target(namespace=namespace, version=version, legacy_namespaces=legacy)
    return type("Versioned", (Recording,), {"target": target, method: run})


VERSIONED = [
    versioned("Name1", "7.5", "test"),
    versioned("ns1", "2.3", "nsecho"),
    versioned("ns1", "3.1", "nsecho"),
    versioned("new", "1.5", "legacy", legacy=["old", None]),
]


def main():
    spec = json.loads(sys.argv[1])
    transport = peer.configure(spec)
    endpoints, servers = {}, []
    for name in spec["servers"]:
        endpoints[name] = Endpoint(name)
        instances = [endpoints[name]]
        for kind in VERSIONED:
            instance = kind()
            instance.server = name
            instances.append(instance)
        own = transport if len(spec["servers"]) == 1 else oslo_messaging.get_rpc_transport(cfg.CONF, url=spec["url"])
        target = oslo_messaging.Target(exchange=spec.get("exchange"), topic=spec["topic"], server=name)
        servers.append(oslo_messaging.get_rpc_server(own, target, instances, executor="threading"))
    for server in servers:
        server.start()
    peer.listening()
    for command in peer.commands():
        if command["op"] == "state":
            peer.emit(event="state", servers={name: {"ival": e.number, "sval": e.text} for name, e in endpoints.items()})
        elif command["op"] == "open":
            GATES[command["gate"]].set()
    for server in servers:
        server.stop()
        server.wait()
    for server in servers:
        server.transport.cleanup()
    peer.emit(event="stopped")


main()
