"""The benchmark's load on oslo.messaging: threads that call or cast, one message in a hundred to a missing queue.

Requests are mandatory (`at_least_once`) and confirmed, as the driver's publishes are by default.
"""
import itertools
import os
import queue
import threading
import time

import oslo_messaging

import common

MISSING_EVERY = 100
ENOUGH_ERRORS = 1000
TAIL = 30

options = common.arguments(
    what=str, inflight=int, size=int, seconds=float, warmup=float)
transport = common.transport(options.url)
mandatory = oslo_messaging.TransportOptions(at_least_once=True)


def client(topic):
    target = oslo_messaging.Target(topic=topic, version='1.0')
    return oslo_messaging.get_rpc_client(
        transport, target, timeout=TAIL, transport_options=mandatory)


served = client(options.topic)
missing = client(options.topic + '-missing')
data = 'x' * options.size
phase = 'warming'
lock = threading.Lock()
errors = []
sequence = itertools.count()


def send(to):
    if options.what == 'call':
        if to.call({}, 'echo', data=data) != data:
            raise ValueError('the echo differs')
    else:
        to.cast({}, 'hit', data=data)


def failed(error):
    with lock:
        errors.append(repr(error))


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
                failed('a message to a queue that does not exist was sent')
            except oslo_messaging.MessageUndeliverable:
                self.unroutable += 1
            except Exception as error:
                failed(error)


class Worker(threading.Thread):
    def __init__(self, probes):
        super().__init__(daemon=True)
        self.probes = probes
        self.sent = 0
        self.latencies = []

    def run(self):
        while phase != 'ending' and len(errors) < ENOUGH_ERRORS:
            if next(sequence) % MISSING_EVERY == 0:
                self.probes.wanted.put(True)
            begun = time.perf_counter()
            try:
                send(served)
            except Exception as error:
                failed(error)
                continue
            self.sent += 1
            if phase == 'measuring':
                self.latencies.append(time.perf_counter() - begun)


def handled():
    return served.call({}, 'handled') if options.what == 'cast' else 0


def quantile(sorted_values, share):
    if not sorted_values:
        return 0
    rank = max(1, -(-len(sorted_values) * share // 1))
    return int(sorted_values[int(rank) - 1] * 1e6)


probes = Probes()
probes.start()
workers = [Worker(probes) for _ in range(options.inflight)]
for worker in workers:
    worker.start()
time.sleep(options.warmup)
handled_before = handled()
common.tell('start')
opened = time.perf_counter()
phase = 'measuring'
time.sleep(options.seconds)
phase = 'ending'
handled_after = handled()
seconds = time.perf_counter() - opened
common.tell('end')

for worker in workers:
    worker.join(TAIL)
probes.wanted.put(False)
probes.join(TAIL)
if options.what == 'cast':
    total = sum(worker.sent for worker in workers)
    deadline = time.time() + TAIL
    while handled() < total:
        if time.time() > deadline:
            failed('%d casts were sent and never handled' % (total - handled()))
            break
        time.sleep(0.05)

latencies = sorted(value for worker in workers for value in worker.latencies)
common.tell(
    'result',
    seconds=seconds,
    done=len(latencies) if options.what == 'call' else handled_after - handled_before,
    p50_us=quantile(latencies, 0.5),
    p99_us=quantile(latencies, 0.99),
    errors=len(errors),
    first_error=errors[0] if errors else None,
    missing=probes.missing,
    unroutable=probes.unroutable,
)
common.wait_for_stdin()
os._exit(0)
