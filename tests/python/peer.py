"""What both peers share: configuration, and one JSON object a line on standard output."""
import json
import logging
import sys
import threading

import oslo_messaging
from oslo_config import cfg
from oslo_messaging import opts

_OUTPUT = threading.Lock()


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


def commands():
    """The JSON objects that arrive on standard input; ends when it is closed."""
    for line in sys.stdin:
        yield json.loads(line)
