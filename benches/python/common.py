"""What both Python processes of the benchmark need: the command line, events as JSON lines, and the end."""
import argparse
import json
import logging
import sys

from oslo_config import cfg
import oslo_messaging

# How many servers each fanout message goes to, and their process has.
FANOUT_SERVERS = 4
# Python threads gain nothing beyond.
MOST_THREADS = 64

logging.basicConfig(level=logging.ERROR)


def arguments(optional=(), **more):
    parser = argparse.ArgumentParser()
    parser.add_argument('--url', required=True)
    parser.add_argument('--topic', required=True)
    for name, kind in more.items():
        parser.add_argument('--' + name.replace('_', '-'), type=kind, required=True)
    for name, kind in dict(optional).items():
        parser.add_argument('--' + name, type=kind)
    parser.add_argument('--durable', action='store_true')
    parser.add_argument('--follow-stdin', action='store_true')
    options = parser.parse_args()
    if options.durable:
        # An exchange of its own: one that exists with another durability is an error.
        oslo_messaging.set_transport_defaults('bench-durable')
        options.url = with_option(options.url, 'amqp_durable_queues=true')
    return options


def with_option(url, option):
    return '%s%s%s' % (url, '&' if '?' in url else '?', option)


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
