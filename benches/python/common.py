"""What both Python processes of the benchmark need: the command line, events as JSON lines, and the end."""
import argparse
import json
import logging
import sys

from oslo_config import cfg
import oslo_messaging

SERVER_NAME = 's1'

logging.basicConfig(level=logging.ERROR)


def arguments(optional=(), **more):
    parser = argparse.ArgumentParser()
    parser.add_argument('--url', required=True)
    parser.add_argument('--topic', required=True)
    for name, kind in more.items():
        parser.add_argument('--' + name.replace('_', '-'), type=kind, required=True)
    for name, kind in dict(optional).items():
        parser.add_argument('--' + name, type=kind)
    parser.add_argument('--follow-stdin', action='store_true')
    return parser.parse_args()


def transport(url):
    # The global one: oslo.messaging registers its tracing options there when imported, and asks for them on every call.
    cfg.CONF([])
    return oslo_messaging.get_rpc_transport(cfg.CONF, url)


def notification_transport(url):
    cfg.CONF([])
    return oslo_messaging.get_notification_transport(cfg.CONF, url)


def tell(event, **fields):
    print(json.dumps(dict(fields, event=event)), flush=True)


def wait_for_stdin():
    """Gives the last words of whoever started this process."""
    return sys.stdin.read()
