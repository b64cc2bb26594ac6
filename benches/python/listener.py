"""The benchmark's listener on oslo.messaging: what it handles is counted over a window, or until so many have come."""
import os
import signal
import threading
import time

from oslo_config import cfg
import oslo_messaging

import common
from load import TAIL


class Endpoint:
    def __init__(self):
        self.count = 0
        self.lock = threading.Lock()

    def info(self, ctxt, publisher_id, event_type, payload, metadata):
        with self.lock:
            self.count += 1


def start(url, threads=None):
    endpoint = Endpoint()
    listener = oslo_messaging.get_notification_listener(
        common.notification_transport(url),
        [oslo_messaging.Target(topic=options.topic)], [endpoint],
        executor='threading')
    if threads is not None:
        cfg.CONF.set_override('executor_thread_pool_size', threads)
    listener.start()
    return endpoint


def observe():
    """Counts over the window; as many threads and as much prefetch as in flight."""
    endpoint = start(
        common.with_option(options.url, 'rabbit_qos_prefetch_count=%d' % options.inflight),
        min(options.inflight, common.MOST_THREADS))
    time.sleep(options.warmup)
    common.tell('start')
    opened, before = time.perf_counter(), endpoint.count
    time.sleep(options.seconds)
    seconds, done = time.perf_counter() - opened, endpoint.count - before
    common.tell('end')
    common.tell(
        'result', seconds=seconds, done=done, p50_us=None, p99_us=None,
        sent=0, errors=0, first_error=None, unroutable=None)
    common.wait_for_stdin()


def drain():
    """Handles what comes until so many as are told on standard input."""
    endpoint = start(options.url)
    common.tell('ready')
    if not options.follow_stdin:
        signal.sigwait([signal.SIGINT, signal.SIGTERM])
        return
    expected = int(common.wait_for_stdin() or 0)
    deadline = time.time() + TAIL
    while endpoint.count < expected and time.time() < deadline:
        time.sleep(0.05)
    common.tell('handled', count=endpoint.count)


options = common.arguments(
    what=str, optional=dict(inflight=int, size=int, seconds=float, warmup=float, fill=int))
if options.what == 'listen' and options.seconds is not None:
    observe()
else:
    drain()
# Stopping in order takes oslo.messaging seconds; nothing is under way any more.
os._exit(0)
