"""The benchmark's load on oslo.messaging: threads that call or cast, one message in a hundred to a missing queue.

Fanout has no queue that could be missing: it is sent whether somebody listens or not.

Requests are mandatory (`at_least_once`) and confirmed, as the driver's publishes are by default.
"""
import itertools
import os
import queue
import threading
import time

import oslo_messaging

import common
from load import TAIL, Load

MISSING_EVERY = 100

options = common.arguments(
    what=str, inflight=int, size=int, seconds=float, warmup=float, fill=int)
transport = common.transport(options.url)
mandatory = oslo_messaging.TransportOptions(at_least_once=True)


def client(topic):
    target = oslo_messaging.Target(topic=topic, version='1.0')
    return oslo_messaging.get_rpc_client(
        transport, target, timeout=TAIL, transport_options=mandatory)


served = client(options.topic)
missing = client(options.topic + '-missing')
data = 'x' * options.size
sequence = itertools.count()


def send(to):
    if options.what == 'call':
        if to.call({}, 'echo', data=data) != data:
            raise ValueError('the echo differs')
    elif options.what == 'fanout':
        to.prepare(fanout=True).cast({}, 'hit', data=data)
    else:
        to.cast({}, 'hit', data=data)


class Probes(threading.Thread):
    """Sends to the missing queue beside the load, not in its place."""

    def __init__(self):
        super().__init__(daemon=True)
        self.wanted = queue.SimpleQueue()
        self.missing = self.unroutable = 0

    def run(self):
        while self.wanted.get():
            self.missing += 1
            try:
                send(missing)
                load.failed('a message to a queue that does not exist was sent')
            except oslo_messaging.MessageUndeliverable:
                self.unroutable += 1
            except Exception as error:
                load.failed(error)


def probe():
    if options.what != 'fanout' and next(sequence) % MISSING_EVERY == 0:
        probes.wanted.put(True)


def handled():
    return served.call({}, 'handled') if options.what != 'call' else 0


probes = Probes()
load = Load(lambda: send(served), min(options.inflight, common.MOST_THREADS), before=probe)
probes.start()
seconds, handled_meanwhile = load.run(options.warmup, options.seconds, handled)
probes.wanted.put(False)
probes.join(TAIL)
copies = common.FANOUT_SERVERS if options.what == 'fanout' else 1
if options.what != 'call':
    deadline = time.time() + TAIL
    while handled() < load.sent * copies:
        if time.time() > deadline:
            load.failed('%d casts were sent and never handled' % (load.sent * copies - handled()))
            break
        time.sleep(0.05)
load.tell(
    seconds,
    None if options.what == 'fanout' else {'sent': probes.missing, 'returned': probes.unroutable},
    done=None if options.what == 'call' else handled_meanwhile // copies)
common.wait_for_stdin()
os._exit(0)
