"""The server of oslo.messaging's documentation, with its two namespaces. argv[1] is its specification as JSON: url, topic.

`control` 2.0 has `stop`; no namespace, `namespace1` 1.0 and `namespace2` 1.0 have `test(arg)`, which returns its argument.
Events on standard output: `ready`, and `stopped` when `stop` was called.
"""
import json
import sys
import threading

import oslo_messaging
from oslo_config import cfg

import peer

STOP = threading.Event()


class ServerControlEndpoint:
    target = oslo_messaging.Target(namespace="control", version="2.0")

    def stop(self, ctx):
        STOP.set()


class TestEndpoint:
    def test(self, ctx, arg):
        return arg


class Test1Endpoint(TestEndpoint):
    target = oslo_messaging.Target(namespace="namespace1", version="1.0")


class Test2Endpoint(TestEndpoint):
    target = oslo_messaging.Target(namespace="namespace2", version="1.0")


def main():
    spec = json.loads(sys.argv[1])
    transport = peer.configure(spec)
    endpoints = [ServerControlEndpoint(), TestEndpoint(), Test1Endpoint(), Test2Endpoint()]
    target = oslo_messaging.Target(topic=spec["topic"], server="server1")
    server = oslo_messaging.get_rpc_server(transport, target, endpoints, executor="threading")
    server.start()
    peer.listening()
    STOP.wait()
    server.stop()
    server.wait()
    transport.cleanup()
    peer.emit(event="stopped")


main()
