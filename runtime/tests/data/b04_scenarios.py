"""Prints the wire-format scenarios of oslo.messaging's own tests as its 18.3.1 writes and reads them.

The scenarios are those of TestRequestWireFormat and TestReplyWireFormat (message x context x target x compression); their
messages stand here as the arguments of a method, as an RPC client sends them. Each line is one scenario:

    pip install oslo.messaging==18.3.1 && python b04_scenarios.py > b04_scenarios.jsonl
"""

import base64
import datetime
import itertools
import json
import sys
import unittest.mock
import uuid

import kombu
import oslo_messaging
from kombu.transport import virtual
from oslo_config import cfg
from oslo_messaging._drivers import amqpdriver
from oslo_serialization import jsonutils

UNIQUE_ID = uuid.UUID("fedcba98-7654-4210-bedc-ba9876543210")
MESSAGE_ID = uuid.UUID("01234567-89ab-4def-8123-456789abcdef")
TARGETS = {
    "topic_target": dict(topic="testtopic"),
    "server_target": dict(topic="testtopic", server="testserver"),
    "fanout_target": dict(topic="testtopic", fanout=True),
}
MESSAGES = {
    "empty_msg": {},
    "primitive_msg": {"foo": "bar"},
    "complex_msg": {"a": {"b": datetime.datetime(1920, 2, 3, 4, 5, 6, 7)}},
}
CONTEXTS = {"empty_ctxt": {}, "user_project_ctxt": {"user": "mark", "project": "snarkybunch"}}
COMPRESSIONS = {"gzip_compression": "gzip", "without_compression": None}


def transport(compression):
    query = f"?kombu_compression={compression}" if compression else ""
    return oslo_messaging.get_rpc_transport(cfg.CONF, f"kombu+memory:////{query}")


def sent(driver, target, context, message):
    """The body and the headers that the driver hands to the broker."""
    seen = []
    real = virtual.Channel.prepare_message

    def prepare(self, body, *args, **kwargs):
        made = real(self, body, *args, **kwargs)
        seen.append(made)
        return made

    with unittest.mock.patch.object(virtual.Channel, "prepare_message", prepare):
        with unittest.mock.patch.object(amqpdriver.rpc_amqp, "_add_unique_id", add_unique_id):
            driver.send(target, context, message)
    raw = seen[-1]
    body = raw["body"]
    if raw["properties"].get("body_encoding") == "base64":
        body = base64.b64decode(body)
    return body if isinstance(body, bytes) else body.encode(), raw


def add_unique_id(message):
    message["_unique_id"] = UNIQUE_ID.hex


def spelled(body):
    return {"body": body.decode()} if body.startswith(b"{") else {"body_hex": body.hex()}


def line(**fields):
    print(json.dumps(fields))


def main():
    cfg.CONF([])
    for (m, message), (c, context), (t, target), (z, compression) in itertools.product(
        MESSAGES.items(), CONTEXTS.items(), TARGETS.items(), COMPRESSIONS.items()
    ):
        name = f"{m}.{c}.{t}.{z}"
        made = transport(compression)
        body, raw = sent(
            made._driver, oslo_messaging.Target(**target), dict(context), {"method": "wire", "args": message}
        )
        line(
            direction="request",
            name=name,
            args=jsonutils.dumps(message),
            context=[[key, json.dumps(value)] for key, value in context.items()],
            compression=raw["headers"].get("compression"),
            content_type=raw["content-type"],
            content_encoding=raw["content-encoding"],
            **spelled(body),
        )
        made.cleanup()

        made = transport(compression)
        target = oslo_messaging.Target(**target)
        listener = made._driver.listen(target, None, None)._poll_style_listener
        inner = {"method": "wire", "args": jsonutils.loads(jsonutils.dumps(message))}
        inner.update({f"_context_{key}": value for key, value in context.items()})
        inner.update(
            _msg_id=MESSAGE_ID.hex, _unique_id=UNIQUE_ID.hex, _reply_q="reply_" + MESSAGE_ID.hex, _timeout=None
        )
        envelope = {"oslo.version": "2.0", "oslo.message": jsonutils.dumps(inner)}
        content_type, content_encoding, body = kombu.serialization.dumps(envelope, "json")
        headers = {}
        if compression:
            body, headers["compression"] = kombu.compression.compress(body, compression)
        with kombu.Connection(transport="memory") as connection:
            fanout = target.fanout
            exchange = kombu.Exchange(
                "testtopic_fanout" if fanout else "openstack", "fanout" if fanout else "topic", durable=False,
                auto_delete=bool(fanout),
            )
            key = f"testtopic.{target.server}" if target.server else "testtopic"
            kombu.Producer(connection, exchange).publish(
                envelope, routing_key=key, compression=compression, serializer="json"
            )
        received = listener.poll(timeout=5)[0]
        line(
            direction="reply",
            name=name,
            received_context=received.ctxt,
            received_message=received.message,
            compression=headers.get("compression"),
            content_type=content_type,
            content_encoding=content_encoding,
            **spelled(body if isinstance(body, bytes) else body.encode()),
        )
        listener.cleanup()
        made.cleanup()
        print(name, file=sys.stderr)


if __name__ == "__main__":
    main()
