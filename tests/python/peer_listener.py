"""A real oslo.messaging notification listener. argv[1] is its specification as JSON:

    url, conf, targets: [{"topic": T, "exchange": E}], priorities (default: all seven), pool, allow_requeue,
    batch: {"size": N, "timeout": S}, listeners (how many in this process, each with a transport of its own),
    filter: {"event_type": REGEX, "payload": {KEY: REGEX}, ..} of the endpoint,
    misbehave: {EVENT_TYPE: "requeue" | "raise"} (only the first `times`, default 1, that a message id is seen)

Each notification is a line {"event": "notification", "listener": N, "priority", "context", "publisher_id", "event_type",
"payload", "shown", "metadata"}; a batch is {"event": "batch", "listener", "priority", "messages": [..]}. The end of standard
input stops the listeners.
"""
import collections
import json
import sys

import oslo_messaging
from oslo_config import cfg

import peer

PRIORITIES = ["audit", "debug", "info", "warn", "error", "critical", "sample"]
SEEN = collections.Counter()


def misbehaviour(spec, event_type, metadata):
    wish = (spec.get("misbehave") or {}).get(event_type)
    SEEN[metadata["message_id"]] += 1
    return wish if SEEN[metadata["message_id"]] <= spec.get("times", 1) else None


def one(spec, number, priority):
    def handle(self, context, publisher_id, event_type, payload, metadata):
        peer.emit(event="notification", listener=number, priority=priority, context=peer.readable(context),
                  publisher_id=publisher_id, event_type=event_type, payload=peer.readable(payload),
                  shown=repr(payload)[:200], metadata=metadata)
        wish = misbehaviour(spec, event_type, metadata)
        if wish == "raise":
            raise ValueError("as the test asked")
        return oslo_messaging.NotificationResult.REQUEUE if wish == "requeue" else None
    return handle


def several(spec, number, priority):
    def handle(self, messages):
        peer.emit(event="batch", listener=number, priority=priority, messages=messages)
    return handle


def main():
    spec = json.loads(sys.argv[1])
    peer.configure(spec)
    targets = [oslo_messaging.Target(**target) for target in spec["targets"]]
    options = {name: spec[name] for name in ("pool", "allow_requeue") if name in spec}
    listeners = []
    for number in range(spec.get("listeners", 1)):
        transport = oslo_messaging.get_notification_transport(cfg.CONF, url=spec["url"])
        batch = spec.get("batch")
        method = several if batch else one
        methods = {p: method(spec, number, p) for p in spec.get("priorities", PRIORITIES)}
        if "filter" in spec:
            methods["filter_rule"] = oslo_messaging.NotificationFilter(**spec["filter"])
        endpoints = [type("Endpoint", (), methods)()]
        if batch:
            listener = oslo_messaging.get_batch_notification_listener(
                transport, targets, endpoints, executor="threading", batch_size=batch["size"],
                batch_timeout=batch["timeout"], **options)
        else:
            listener = oslo_messaging.get_notification_listener(
                transport, targets, endpoints, executor="threading", **options)
        listener.start()
        listeners.append((listener, transport))
    peer.listening()
    for _ in peer.commands():
        pass
    for listener, transport in listeners:
        listener.stop()
        listener.wait()
        transport.cleanup()
    peer.emit(event="stopped")


main()
