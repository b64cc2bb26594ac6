"""A real oslo.messaging notifier. argv[1] is its specification as JSON:

    url, conf, driver (default messagingv2), topics, publisher_id

Each line on standard input is one request:

    {"id": N, "priority": P, "event_type": E, "payload": ANY, "odd": NAME, "context": {...}, "request_context": {...},
     "count": N, "driver": D, "topics": [..]}
    {"id": N, "log": LEVEL, "message": TEXT, "arguments": [..], "topic": T, "driver": D}

`odd` sends {"x": the value of that name}; `request_context` makes an oslo.context RequestContext of its keys, sent by a
serializer; `count` sends so many, with {"n": 0..} as payload; `log` logs through LoggingNotificationHandler. Each request is
answered by a line {"event": "done", "id": N} with `raised`, null if nothing was.
"""
import json
import logging
import sys

import oslo_messaging
from oslo_config import cfg
from oslo_context import context as oslo_context

import odd_values
import peer


class ContextSerializer(oslo_messaging.NoOpSerializer):
    def serialize_context(self, context):
        return context.to_dict() if hasattr(context, "to_dict") else context


def notify(transport, spec, request):
    notifier = oslo_messaging.Notifier(
        transport, publisher_id=request.get("publisher_id", spec.get("publisher_id", "svc.host1")),
        driver=request.get("driver", spec.get("driver", "messagingv2")),
        topics=request.get("topics", spec["topics"]), serializer=ContextSerializer())
    context = request.get("context") or {}
    if "request_context" in request:
        context = oslo_context.RequestContext(**request["request_context"])
    send = getattr(notifier, request["priority"])
    if "count" in request:
        for number in range(request["count"]):
            send(context, request["event_type"], {"n": number})
        return
    payload = {"x": odd_values.ODD[request["odd"]]} if "odd" in request else request.get("payload")
    send(context, request["event_type"], payload)


def log(spec, request):
    handler = oslo_messaging.LoggingNotificationHandler(
        spec["url"], publisher_id="loghandler", driver=request.get("driver", "messagingv2"), topic=request["topic"])
    logger = logging.getLogger("app")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(handler)
    try:
        logger.log(logging.getLevelName(request["log"]), request["message"], *request.get("arguments", []))
    finally:
        logger.removeHandler(handler)


def main():
    spec = json.loads(sys.argv[1])
    peer.configure(spec)
    transport = oslo_messaging.get_notification_transport(cfg.CONF, url=spec["url"])
    peer.emit(event="ready")
    for request in peer.commands():
        raised = None
        try:
            log(spec, request) if "log" in request else notify(transport, spec, request)
        except Exception as error:
            raised = repr(error)
        peer.emit(event="done", id=request["id"], raised=raised)
    transport.cleanup()
    peer.emit(event="stopped")


main()
