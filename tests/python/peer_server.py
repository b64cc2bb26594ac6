"""A real oslo.messaging RPC server. argv[1] is its specification as JSON:

    url, topic, servers: [name, ...], exchange, namespace_endpoints (default true), policy, conf, ping

Events on standard output: `ready` when every server listens, `request` for each method that runs, `stopped`.
Commands on standard input: {"op": "state"} answers {"event": "state"}, {"op": "open", "gate": G} lets `wait_at(G)` go
on, {"op": "begin_stop"}, {"op": "stop"}. The end of standard input stops it too.
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


def recorded(method):
    def run(self, context, **arguments):
        peer.emit(event="request", server=self.server, method=method.__name__, args=peer.readable(arguments),
                  shown=repr(arguments)[:200], context=peer.readable(context))
        return method(self, context, **arguments)
    run.__name__ = method.__name__
    run.exposed = getattr(method, "exposed", False)
    return run


class Endpoint:
    """No namespace, version 1.0: the endpoints of oslo.messaging's functional tests, and ways to fail."""

    def __init__(self, server):
        self.server = server
        self.number = 0
        self.text = ""

    @recorded
    def add(self, context, increment):
        self.number += increment
        return self.number

    @recorded
    def subtract(self, context, increment):
        if self.number == 0:
            raise ValueError("ival can't go negative!")
        self.number -= increment
        return self.number

    @recorded
    def append(self, context, text):
        self.text += text
        return self.text

    @recorded
    def long_running_task(self, context, seconds):
        time.sleep(seconds)

    @recorded
    def delay(self, context, seconds=4):
        time.sleep(seconds)
        return seconds

    @recorded
    def wait_at(self, context, gate):
        if not GATES[gate].wait(60):
            raise RuntimeError("nobody opened the gate %s" % gate)
        return gate

    @recorded
    def test(self, context, echo):
        return echo

    @recorded
    def echo(self, context, x=None):
        return x

    @recorded
    def odd(self, context, name):
        return odd_values.ODD[name]

    @recorded
    def describe(self, context, x):
        return repr(x)

    @recorded
    def length(self, context, x):
        return len(x)

    @recorded
    def ping(self, context):
        return "pong"

    @recorded
    def sync(self, context):
        return "sync"

    @recorded
    def whoami(self, context):
        return self.server

    @recorded
    def get_context(self, context):
        return context

    @recorded
    def get_state(self, context):
        return {"ival": self.number, "sval": self.text}

    @recorded
    def none(self, context):
        return None

    @recorded
    def unserialisable(self, context):
        return object()

    @recorded
    def boom_builtin(self, context):
        raise ValueError("bad value", 42)

    @recorded
    def raise_custom(self, context):
        raise peer_errors.CustomError("custom went wrong", code=13)

    @recorded
    def raise_with_keywords(self, context):
        raise peer_errors.KeywordError(instance_id="i-1", host="h1")

    @recorded
    def raise_own_type_error(self, context):
        return "text" + 1

    @oslo_messaging.expected_exceptions(KeyError)
    def raise_expected(self, context):
        raise KeyError("missing")

    def _private(self, context):
        return "private"

    @oslo_messaging.expose
    @recorded
    def exposed(self, context):
        return "exposed"


def versioned(namespace, version, method, legacy=None):
    """An endpoint in a namespace whose only method says which endpoint it is."""
    def run(self, context, **arguments):
        peer.emit(event="request", server=self.server, method=method, args=arguments, context=context)
        if method == "legacy":
            return "legacy ok"
        return arguments["echo"] if "echo" in arguments else ["%s-%s" % (namespace, version), arguments.get("x")]
    target = oslo_messaging.Target(namespace=namespace, version=version, legacy_namespaces=legacy)
    return type("Versioned", (), {"target": target, method: run})


VERSIONED = [
    versioned("Name1", "7.5", "test"),
    versioned("ns1", "2.3", "nsecho"),
    versioned("ns1", "3.1", "nsecho"),
    versioned("new", "1.5", "legacy", legacy=["old", None]),
]


def main():
    spec = json.loads(sys.argv[1])
    transport = peer.configure(spec)
    policy = {None: None, "legacy": oslo_messaging.LegacyRPCAccessPolicy,
              "explicit": oslo_messaging.ExplicitRPCAccessPolicy}[spec.get("policy")]
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
        servers.append(oslo_messaging.get_rpc_server(own, target, instances, executor="threading",
                                                     access_policy=policy))
    for server in servers:
        server.start()
    peer.emit(event="ready")
    for command in peer.commands():
        if command["op"] == "state":
            peer.emit(event="state", servers={name: {"ival": e.number, "sval": e.text} for name, e in endpoints.items()})
        elif command["op"] == "open":
            GATES[command["gate"]].set()
        elif command["op"] == "begin_stop":
            for server in servers:
                server.stop()
        elif command["op"] == "stop":
            break
    for server in servers:
        server.stop()
        server.wait()
    for server in servers:
        server.transport.cleanup()
    peer.emit(event="stopped")


main()
