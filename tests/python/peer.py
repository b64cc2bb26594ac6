"""What the peers share: configuration, one JSON object a line on standard output, and what every peer is asked."""
import json
import logging
import sys
import threading

import oslo_messaging
from oslo_config import cfg
from oslo_messaging import opts
from oslo_messaging._drivers import impl_rabbit

_OUTPUT = threading.Lock()


class Consumers:
    """The queues that listening connections of this process have declared, and those whose consumers the broker has granted.

    `start` of a server or listener only declares its queues. A thread of its own asks for the consumers afterwards, and
    until they are there the others of a group get what is sent.
    """

    def __init__(self):
        self.declared, self.granted, self.changed = set(), set(), threading.Condition()
        declare, consume = impl_rabbit.Connection.declare_consumer, impl_rabbit.Consumer.consume

        def watched_declare(connection, consumer):
            self.declared.add((id(connection), consumer.queue_name))
            return declare(connection, consumer)

        def watched_consume(consumer, connection, tag):
            # It returns with the broker's answer.
            consume(consumer, connection, tag)
            with self.changed:
                self.granted.add((id(connection), consumer.queue_name))
                self.changed.notify_all()

        impl_rabbit.Connection.declare_consumer, impl_rabbit.Consumer.consume = watched_declare, watched_consume

    def wait(self):
        with self.changed:
            self.changed.wait_for(lambda: self.declared <= self.granted)


_CONSUMERS = Consumers()


def configure(spec):
    """Sets up oslo.config's global object, as a real service does; `spec['conf']` maps `[group.]option` to values."""
    logging.basicConfig(level=spec.get("log_level", "INFO"), stream=sys.stderr,
                        format="%(relativeCreated)d %(levelname)s %(name)s %(message)s")
    for group, options in opts.list_opts():
        cfg.CONF.register_opts(options, group=group)
    cfg.CONF([], project="peer", default_config_files=[])
    for name, value in (spec.get("conf") or {}).items():
        group, _, option = name.rpartition(".")
        cfg.CONF.set_override(option, value, group=group or None)
    return oslo_messaging.get_rpc_transport(
        cfg.CONF, url=spec["url"], allowed_remote_exmods=spec.get("allowed_remote_exmods") or [])


def readable(value):
    """The value if every JSON reader can take it, else None: NaN and lone surrogates are shown by `repr` only."""
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        return value
    except (TypeError, ValueError):
        return None


def emit(**event):
    line = json.dumps(event, default=repr)
    with _OUTPUT:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def listening():
    """Says `ready` when all servers and listeners that were started have their consumers."""
    _CONSUMERS.wait()
    emit(event="ready")


def commands():
    """The JSON objects that arrive on standard input; ends when it is closed.

    {"op": "mark", "id": N} is answered here, by {"event": "mark", "id": N}: what was written before it has been read by
    whoever has read that.
    """
    for line in sys.stdin:
        command = json.loads(line)
        if command.get("op") == "mark":
            emit(event="mark", id=command["id"])
        else:
            yield command
